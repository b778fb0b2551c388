-- about:  What the slices under each rule of the coverage ratio add up to: on the balance sheet, unweighted, weighted.
-- grain:  as_of_date, pack, entity_id, row_kind, contract_currency, lcr_rule
-- reads:  metrics.lcr_lines, metrics.report_footers, book.reporting_units, book.translation_rates, inputs.lcr_rules,
--         inputs.hqla_rules
with translated as (
    select
        l.pack,
        u.entity_id,
        u.row_kind,
        l.currency as contract_currency,
        coalesce(l.lcr_rule, 'unclassified') as lcr_rule,
        l.slice_amount * u.consolidation_factor * t.translation_rate as slice_amount,
        l.unweighted_slice_amount * u.consolidation_factor * t.translation_rate as unweighted_amount,
        l.weighted_slice_amount * u.consolidation_factor * t.translation_rate as weighted_amount,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || l.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when l.unclassified_reason is not null
                then l.position_id || ': ' || l.unclassified_reason || ' | metrics.lcr_unclassified'
        end as cause
    from metrics.lcr_lines as l
    inner join book.reporting_units as u
        on l.entity_id = u.member_entity_id and l.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on l.currency = t.currency
    where u.row_kind <> 'elimination'
),

views (is_every_currency) as (  -- each currency, and all together
    values (false), (true)
),

totals as (
    select
        d.pack,
        d.entity_id,
        d.row_kind,
        case when v.is_every_currency then 'all' else d.contract_currency end as contract_currency,
        d.lcr_rule,
        min(d.cause) as cause,
        sum(cast(d.slice_amount as decimal(38, 6))) as slice_amount,
        sum(cast(d.unweighted_amount as decimal(38, 6))) as unweighted_amount,
        sum(cast(d.weighted_amount as decimal(38, 6))) as weighted_amount
    from translated as d
    cross join views as v
    group by
        d.pack,
        d.entity_id,
        d.row_kind,
        case when v.is_every_currency then 'all' else d.contract_currency end,
        d.lcr_rule
),

rules as (  -- what counts in the stock has a haircut
    select
        pack,
        lcr_rule,
        ratio_side,
        weight_share,
        cast(null as double) as haircut_share,
        paragraph,
        status,
        liq1_row
    from inputs.lcr_rules
    union all
    select
        pack,
        hqla_rule as lcr_rule,
        'stock' as ratio_side,
        cast(null as double) as weight_share,
        haircut_share,
        paragraph,
        status,
        liq1_row
    from inputs.hqla_rules
),

units as (
    select distinct
        pack,
        entity_id,
        row_kind,
        contract_currency
    from totals
),

every_line as (  -- a rule that takes nothing is a zero
    select
        u.*,
        r.lcr_rule
    from units as u
    inner join rules as r on u.pack = r.pack
    union
    select
        pack,
        entity_id,
        row_kind,
        contract_currency,
        lcr_rule
    from totals
)

select
    cast($as_of_date as date) as as_of_date,
    e.pack,
    e.entity_id,
    e.row_kind,
    e.contract_currency,
    e.lcr_rule,
    coalesce(r.ratio_side, 'unclassified') as ratio_side,
    r.liq1_row as template_row,
    r.paragraph,
    r.status as rule_status,
    f.currency,
    r.weight_share,
    r.haircut_share,
    case when t.cause is null then cast(coalesce(t.slice_amount, 0) as decimal(18, 2)) end as carried_amount,
    case when t.cause is null then cast(coalesce(t.unweighted_amount, 0) as decimal(18, 2)) end
        as unweighted_line_amount,
    case when t.cause is null then cast(coalesce(t.weighted_amount, 0) as decimal(18, 2)) end as weighted_line_amount,
    case when t.cause is null then f.availability else 'not available: ' || t.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from every_line as e
inner join metrics.report_footers as f on e.entity_id = f.entity_id and e.row_kind = f.row_kind
left join totals as t
    on
        e.pack = t.pack and e.entity_id = t.entity_id and e.row_kind = t.row_kind
        and e.contract_currency = t.contract_currency and e.lcr_rule = t.lcr_rule
left join rules as r on e.pack = r.pack and e.lcr_rule = r.lcr_rule
