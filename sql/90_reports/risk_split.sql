-- about:  Change of value and income by scenario from gap, curve, basis, options and behaviour, and their interaction.
-- grain:  as_of_date, entity_id, row_kind, scenario, risk_measure, contract_currency
-- reads:  metrics.risk_split, metrics.report_footers, book.reporting_units, book.translation_rates,
--         scenarios.stopped_currencies, behaviour.undecided_balances
with translated as (  -- at the exchange rates of the day, not rounded
    select
        u.entity_id,
        u.row_kind,
        r.scenario,
        r.risk_measure,
        r.currency as contract_currency,
        r.full_change * u.consolidation_factor * t.translation_rate as full_change,
        r.gap_change * u.consolidation_factor * t.translation_rate as gap_change,
        r.curve_change * u.consolidation_factor * t.translation_rate as curve_change,
        r.basis_change * u.consolidation_factor * t.translation_rate as basis_change,
        (r.frozen_change - r.gap_change - r.curve_change - r.basis_change)
        * u.consolidation_factor * t.translation_rate as interaction_change,
        r.option_change * u.consolidation_factor * t.translation_rate as option_change,
        (r.full_change - r.frozen_change - r.option_change)
        * u.consolidation_factor * t.translation_rate as behaviour_change,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || r.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when r.full_change is null or r.frozen_change is null
                then r.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
        end as cause
    from metrics.risk_split as r
    inner join book.reporting_units as u
        on r.entity_id = u.member_entity_id and r.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on r.currency = t.currency
    left join scenarios.stopped_currencies as stopped
        on r.currency = stopped.currency and r.scenario = stopped.scenario
    left join behaviour.undecided_balances as undecided
        on r.entity_id = undecided.entity_id and r.currency = undecided.currency
),

levels as (
    select false as is_every_currency
    union all
    select true as is_every_currency
),

totals as (
    select
        r.entity_id,
        r.row_kind,
        r.scenario,
        r.risk_measure,
        case when l.is_every_currency then 'all' else r.contract_currency end as contract_currency,
        min(r.cause) as cause,
        sum(cast(r.gap_change as decimal(38, 6))) as gap_risk_amount,
        sum(cast(r.curve_change as decimal(38, 6))) as curve_risk_amount,
        sum(cast(r.basis_change as decimal(38, 6))) as basis_risk_amount,
        sum(cast(r.interaction_change as decimal(38, 6))) as interaction_amount,
        sum(cast(r.option_change as decimal(38, 6))) as automatic_option_amount,
        sum(cast(r.behaviour_change as decimal(38, 6))) as behaviour_amount,
        sum(cast(r.full_change as decimal(38, 6))) as change_amount
    from translated as r
    cross join levels as l
    group by
        r.entity_id,
        r.row_kind,
        r.scenario,
        r.risk_measure,
        case when l.is_every_currency then 'all' else r.contract_currency end
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.scenario,
    t.risk_measure,
    t.contract_currency,
    f.currency,
    case when t.cause is null then cast(t.gap_risk_amount as decimal(18, 2)) end as gap_risk_amount,
    case when t.cause is null then cast(t.curve_risk_amount as decimal(18, 2)) end as curve_risk_amount,
    case when t.cause is null then cast(t.basis_risk_amount as decimal(18, 2)) end as basis_risk_amount,
    case when t.cause is null then cast(t.interaction_amount as decimal(18, 2)) end as interaction_amount,
    case when t.cause is null then cast(t.automatic_option_amount as decimal(18, 2)) end as automatic_option_amount,
    case when t.cause is null then cast(t.behaviour_amount as decimal(18, 2)) end as behaviour_amount,
    case when t.cause is null then cast(t.change_amount as decimal(18, 2)) end as change_amount,
    case when t.cause is null then f.availability else 'not available: ' || t.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
