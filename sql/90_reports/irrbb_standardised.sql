-- about:  Economic value in the standardised approach of Basel beside full revaluation, and why they differ.
-- grain:  as_of_date, entity_id, row_kind, scenario, contract_currency
-- reads:  metrics.eve_standardised, metrics.eve, metrics.report_footers, book.reporting_units,
--         book.translation_rates, scenarios.stopped_currencies, behaviour.undecided_balances, inputs.scenarios
with prescribed as (
    select distinct scenario
    from metrics.eve_standardised
),

measured as (  -- both approaches by member and currency, in contract currency
    select
        scenario,
        entity_id,
        currency,
        is_intragroup,
        bucketed_change,
        split_change,
        option_change,
        raised_option_change,
        cast(0 as double) as full_change
    from metrics.eve_standardised
    union all
    select
        s.scenario,
        s.entity_id,
        s.currency,
        s.is_intragroup,
        cast(0 as double) as bucketed_change,
        cast(0 as double) as split_change,
        cast(0 as double) as option_change,
        cast(0 as double) as raised_option_change,
        s.present_value + s.option_value - b.present_value - b.option_value as full_change
    from metrics.eve as s
    inner join metrics.eve as b
        on
            s.entity_id = b.entity_id and s.currency = b.currency and s.product_code = b.product_code
            and s.is_intragroup = b.is_intragroup and b.scenario = 'base'
    inner join prescribed as p on s.scenario = p.scenario
),

by_currency as (  -- translated, not rounded
    select
        u.entity_id,
        u.row_kind,
        m.scenario,
        m.currency as contract_currency,
        min(
            case
                when t.translation_rate is null
                    then
                        'no exchange rate for ' || m.currency
                        || ' | book.translation_rates | to fix: deliver it in fx_rate'
                when m.full_change is null
                    then m.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
            end
        ) as cause,
        sum(cast(m.bucketed_change * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as bucketed_change_amount,
        sum(cast(m.split_change * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as split_change_amount,
        sum(cast(m.option_change * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as option_change_amount,
        sum(cast(m.raised_option_change * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as raised_option_change_amount,
        sum(cast(m.full_change * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as delta_eve
    from measured as m
    inner join book.reporting_units as u
        on m.entity_id = u.member_entity_id and m.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on m.currency = t.currency
    left join scenarios.stopped_currencies as stopped
        on m.currency = stopped.currency and m.scenario = stopped.scenario
    left join behaviour.undecided_balances as undecided
        on m.entity_id = undecided.entity_id and m.currency = undecided.currency
    group by u.entity_id, u.row_kind, m.scenario, m.currency
),

with_losses as (  -- a gain in one currency sets off no loss in another
    select
        *,
        -least(bucketed_change_amount + raised_option_change_amount, 0) as bucketed_loss_amount,
        -least(split_change_amount + raised_option_change_amount, 0) as split_loss_amount
    from by_currency
),

lines as (
    select *
    from with_losses
    union all
    select
        entity_id,
        row_kind,
        scenario,
        'all' as contract_currency,
        min(cause) as cause,
        sum(bucketed_change_amount) as bucketed_change_amount,
        sum(split_change_amount) as split_change_amount,
        sum(option_change_amount) as option_change_amount,
        sum(raised_option_change_amount) as raised_option_change_amount,
        sum(delta_eve) as delta_eve,
        sum(bucketed_loss_amount) as bucketed_loss_amount,
        sum(split_loss_amount) as split_loss_amount
    from with_losses
    group by entity_id, row_kind, scenario
),

available as (
    select
        n.entity_id,
        n.row_kind,
        n.scenario,
        n.contract_currency,
        n.cause,
        case when n.cause is null then n.bucketed_change_amount end as bucketed_change_amount,
        case when n.cause is null then n.split_change_amount end as split_change_amount,
        case when n.cause is null then n.option_change_amount end as option_change_amount,
        case when n.cause is null then n.raised_option_change_amount end as raised_option_change_amount,
        case when n.cause is null then n.delta_eve end as delta_eve,
        case when n.cause is null then n.bucketed_loss_amount end as bucketed_loss_amount,
        case when n.cause is null then n.split_loss_amount end as split_loss_amount
    from lines as n
)

select
    cast($as_of_date as date) as as_of_date,
    a.entity_id,
    a.row_kind,
    a.scenario,
    a.contract_currency,
    f.currency,
    sc.pack,
    sc.shape,
    cast(a.bucketed_change_amount as decimal(18, 2)) as bucketed_change_amount,
    cast(a.split_change_amount as decimal(18, 2)) as split_change_amount,
    cast(a.raised_option_change_amount as decimal(18, 2)) as raised_option_change_amount,
    cast(a.bucketed_change_amount + a.raised_option_change_amount as decimal(18, 2)) as delta_eve_bucketed,
    cast(a.split_change_amount + a.raised_option_change_amount as decimal(18, 2)) as delta_eve_split,
    cast(a.bucketed_loss_amount as decimal(18, 2)) as bucketed_loss_amount,
    cast(a.split_loss_amount as decimal(18, 2)) as split_loss_amount,
    cast(a.delta_eve as decimal(18, 2)) as delta_eve,
    cast(a.option_change_amount as decimal(18, 2)) as option_change_amount,
    cast(a.split_change_amount - (a.delta_eve - a.option_change_amount) as decimal(18, 2)) as midpoint_effect_amount,
    cast(a.raised_option_change_amount - a.option_change_amount as decimal(18, 2)) as volatility_effect_amount,
    a.bucketed_loss_amount is not null and a.contract_currency = 'all' and a.row_kind <> 'elimination'
    and row_number() over (
        partition by a.entity_id, a.row_kind, a.contract_currency, sc.pack
        order by a.bucketed_loss_amount desc nulls last, a.scenario asc
    ) = 1 as is_worst_eve,
    case when a.cause is null then f.availability else 'not available: ' || a.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from available as a
inner join metrics.report_footers as f on a.entity_id = f.entity_id and a.row_kind = f.row_kind
inner join inputs.scenarios as sc on a.scenario = sc.scenario
