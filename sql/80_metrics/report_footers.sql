-- about:  What every report row of a unit carries: denominators, exclusions, availability.
-- grain:  as_of_date, entity_id, row_kind
-- reads:  book.reporting_units, book.balance_sheet, book.translation_rates, book.excluded,
--         staging.capital, staging.entity, inputs.bank, inputs.declared
with units as (
    select distinct
        as_of_date,
        entity_id,
        row_kind
    from book.reporting_units
),

balance_pieces as (  -- carrying amounts split into third-party and intragroup
    select
        entity_id,
        currency,
        side,
        false as is_intragroup,
        carrying_amount - intragroup_amount as amount
    from book.balance_sheet
    where balance_sheet_line <> 'excluded_rows'
    union all
    select
        entity_id,
        currency,
        side,
        true as is_intragroup,
        intragroup_amount as amount
    from book.balance_sheet
    where balance_sheet_line <> 'excluded_rows'
),

balances as (
    select
        u.entity_id,
        u.row_kind,
        count(*) - count(t.translation_rate) as n_untranslated,
        sum(
            cast(
                case when b.side = 'asset' then b.amount * u.consolidation_factor * t.translation_rate else 0 end
                as decimal(38, 6)
            )
        ) as assets_amount,
        sum(
            cast(
                case when b.side = 'equity' then b.amount * u.consolidation_factor * t.translation_rate else 0 end
                as decimal(38, 6)
            )
        ) as equity_amount
    from balance_pieces as b
    inner join book.reporting_units as u
        on b.entity_id = u.member_entity_id and b.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on b.currency = t.currency
    group by u.entity_id, u.row_kind
),

excluded_rows as (  -- rows of no known entity count for the group
    select
        u.entity_id,
        u.row_kind,
        x.excluded_rows,
        cast(abs(x.carrying_amount) * t.translation_rate as decimal(38, 6)) as amount
    from book.excluded as x
    left join staging.entity as e on x.entity_id = e.entity_id
    inner join book.reporting_units as u
        on
            u.is_intragroup = false
            and (x.entity_id = u.member_entity_id or (e.entity_id is null and u.row_kind = 'group'))
    left join book.translation_rates as t on x.currency = t.currency
    qualify
        row_number() over (
            partition by
                u.entity_id, u.row_kind, x.entity_id, x.extract, x.gl_account, x.currency, x.side
            order by u.member_entity_id
        ) = 1
),

excluded_totals as (
    select
        entity_id,
        row_kind,
        sum(excluded_rows) as excluded_rows,
        coalesce(sum(amount), 0) as excluded_amount
    from excluded_rows
    group by entity_id, row_kind
),

tier1 as (
    select
        c.entity_id,
        c.amount
    from staging.capital as c
    inner join inputs.bank as bank on c.currency = bank.reporting_currency
    where c.element = 't1'
),

declared as (
    select count(*) > 0 as is_illustrative
    from inputs.declared
)

select
    units.as_of_date,
    units.entity_id,
    units.row_kind,
    bank.reporting_currency as currency,
    case when b.n_untranslated = 0 then cast(b.assets_amount as double) end as assets_amount,
    case when b.n_untranslated = 0 then cast(b.equity_amount as double) end as equity_amount,
    case when units.row_kind <> 'elimination' then cast(tier1.amount as double) end as tier1_amount,
    cast(coalesce(x.excluded_rows, 0) as bigint) as excluded_rows,
    cast(coalesce(x.excluded_amount, 0) as double) as excluded_amount,
    case
        when b.n_untranslated = 0 and b.assets_amount <> 0
            then cast(coalesce(x.excluded_amount, 0) as double) / cast(b.assets_amount as double)
    end as excluded_share,
    case when declared.is_illustrative then 'illustrative: declared, not delivered' else 'available' end
        as availability
from units
cross join inputs.bank as bank
cross join declared
left join balances as b on units.entity_id = b.entity_id and units.row_kind = b.row_kind
left join excluded_totals as x on units.entity_id = x.entity_id and units.row_kind = x.row_kind
left join tier1 on units.entity_id = tier1.entity_id
