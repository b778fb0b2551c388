-- about:  The balance sheet in the reporting currency, by entity, eliminations and group.
-- grain:  as_of_date, entity_id, row_kind, side, balance_sheet_line
-- reads:  book.balance_sheet, book.reporting_units, book.translation_rates, metrics.report_footers
with pieces as (  -- carrying amounts split into third-party and intragroup
    select
        entity_id,
        currency,
        side,
        balance_sheet_line,
        false as is_intragroup,
        carrying_amount - intragroup_amount as amount
    from book.balance_sheet
    union all
    select
        entity_id,
        currency,
        side,
        balance_sheet_line,
        true as is_intragroup,
        intragroup_amount as amount
    from book.balance_sheet
    where intragroup_amount <> 0
),

lines as (
    select
        entity_id,
        currency,
        side,
        balance_sheet_line,
        is_intragroup,
        amount
    from pieces
    union all
    select  -- quarantined rows stand beside the total, not in it
        entity_id,
        currency,
        side,
        'total' as balance_sheet_line,
        is_intragroup,
        amount
    from pieces
    where balance_sheet_line <> 'excluded_rows'
),

translated as (
    select
        u.entity_id,
        u.row_kind,
        l.side,
        l.balance_sheet_line,
        min(case when t.translation_rate is null then l.currency end) as untranslated_currency,
        sum(cast(l.amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as amount
    from lines as l
    inner join book.reporting_units as u
        on l.entity_id = u.member_entity_id and l.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on l.currency = t.currency
    group by u.entity_id, u.row_kind, l.side, l.balance_sheet_line
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.side,
    t.balance_sheet_line,
    f.currency,
    case when t.untranslated_currency is null then cast(t.amount as decimal(18, 2)) end as carrying_amount,
    case
        when t.untranslated_currency is null then cast(t.amount as double) / nullif(f.assets_amount, 0)
    end as assets_share,
    case
        when t.untranslated_currency is not null
            then
                'not available: no exchange rate for ' || t.untranslated_currency
                || ' | book.translation_rates | to fix: deliver it in fx_rate'
        else f.availability
    end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from translated as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
