-- about:  What deposits are assumed to lose within thirty days, by the rule each part of them falls under.
-- grain:  as_of_date, pack, entity_id, row_kind, contract_currency, deposit_rule
-- reads:  metrics.lcr_deposit_slices, metrics.report_footers, book.reporting_units, book.translation_rates,
--         inputs.deposit_rules
with translated as (
    select
        d.pack,
        u.entity_id,
        u.row_kind,
        d.currency as contract_currency,
        coalesce(d.deposit_rule, 'unclassified') as deposit_rule,
        d.slice_amount * u.consolidation_factor * t.translation_rate as slice_amount,
        d.slice_outflow * u.consolidation_factor * t.translation_rate as slice_outflow,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || d.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when d.unclassified_reason is not null
                then d.position_id || ': ' || d.unclassified_reason || ' | to fix: deliver it in counterparty'
        end as cause
    from metrics.lcr_deposit_slices as d
    inner join book.reporting_units as u
        on d.entity_id = u.member_entity_id and d.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on d.currency = t.currency
    where u.row_kind <> 'elimination'
),

views as (  -- each currency and rule, and all together
    select
        c.is_every_currency,
        r.is_every_rule
    from (values (false), (true)) as c (is_every_currency)
    cross join (values (false), (true)) as r (is_every_rule)
),

totals as (
    select
        d.pack,
        d.entity_id,
        d.row_kind,
        case when v.is_every_currency then 'all' else d.contract_currency end as contract_currency,
        case when v.is_every_rule then 'all' else d.deposit_rule end as deposit_rule,
        min(d.cause) as cause,
        sum(cast(d.slice_amount as decimal(38, 6))) as deposit_amount,
        sum(cast(d.slice_outflow as decimal(38, 6))) as outflow_amount
    from translated as d
    cross join views as v
    group by
        d.pack,
        d.entity_id,
        d.row_kind,
        case when v.is_every_currency then 'all' else d.contract_currency end,
        case when v.is_every_rule then 'all' else d.deposit_rule end
)

select
    cast($as_of_date as date) as as_of_date,
    t.pack,
    t.entity_id,
    t.row_kind,
    t.contract_currency,
    t.deposit_rule,
    r.paragraph,
    r.status as rule_status,
    f.currency,
    r.run_off_share,
    case when t.cause is null then cast(t.deposit_amount as decimal(18, 2)) end as deposit_amount,
    case when t.cause is null then cast(t.outflow_amount as decimal(18, 2)) end as outflow_30d_amount,
    case when t.cause is null then f.availability else 'not available: ' || t.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
left join inputs.deposit_rules as r on t.pack = r.pack and t.deposit_rule = r.deposit_rule
