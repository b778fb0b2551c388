-- about:  Economic value of equity by scenario and product family, by entity, eliminations and group.
-- grain:  as_of_date, entity_id, row_kind, scenario, family
-- reads:  metrics.eve, metrics.report_footers, book.positions, book.scheduled_events,
--         book.reporting_units, book.translation_rates, scenarios.stopped_currencies, behaviour.undecided_balances,
--         inputs.products, inputs.scenarios, inputs.rule_packs, inputs.scenario_fx
with valued as (
    select
        e.scenario,
        e.entity_id,
        e.currency,
        e.is_intragroup,
        p.family,
        e.present_value + e.option_value as present_value,
        e.option_value
    from metrics.eve as e
    inner join inputs.products as p on e.product_code = p.product_code
    union all
    select
        scenario,
        entity_id,
        currency,
        is_intragroup,
        'total' as family,
        present_value + option_value as present_value,
        option_value
    from metrics.eve
),

by_family as (
    select
        u.entity_id,
        u.row_kind,
        v.scenario,
        v.family,
        min(
            case
                when t.translation_rate is null
                    then
                        'no exchange rate for ' || v.currency
                        || ' | book.translation_rates | to fix: deliver it in fx_rate'
                when v.present_value is null
                    then v.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
            end
        ) as cause,
        cast(
            sum(
                cast(
                    v.present_value * u.consolidation_factor * t.translation_rate
                    * coalesce(x.translation_factor, 1) as decimal(38, 6)
                )
            ) as double
        ) as present_value,
        cast(
            sum(
                cast(
                    v.option_value * u.consolidation_factor * t.translation_rate
                    * coalesce(x.translation_factor, 1) as decimal(38, 6)
                )
            ) as double
        ) as option_value
    from valued as v
    inner join book.reporting_units as u
        on v.entity_id = u.member_entity_id and v.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on v.currency = t.currency
    left join inputs.scenario_fx as x on v.scenario = x.scenario and v.currency = x.currency
    left join scenarios.stopped_currencies as stopped
        on v.currency = stopped.currency and v.scenario = stopped.scenario
    left join behaviour.undecided_balances as undecided
        on v.entity_id = undecided.entity_id and v.currency = undecided.currency
    group by u.entity_id, u.row_kind, v.scenario, v.family
),

redeemable as (
    select distinct position_id
    from book.scheduled_events
    where event_type in ('call', 'put')
),

carried as (  -- what the accounts say of the same positions, and how much of it holds an option
    select
        p.entity_id,
        p.currency,
        p.family,
        p.is_intragroup,
        p.direction * p.carrying_amount as carrying_amount,
        case
            when
                p.cap_rate is not null or p.floor_rate is not null or p.period_cap_rate is not null
                or p.period_floor_rate is not null or p.option_type <> 'none' or r.position_id is not null
                then p.outstanding_principal + p.notional_amount
            else 0
        end as option_amount
    from book.positions as p
    left join redeemable as r on p.position_id = r.position_id
    where p.is_in_irrbb_scope and p.eve_treatment = 'in'
),

carried_lines as (
    select
        entity_id,
        currency,
        family,
        is_intragroup,
        carrying_amount,
        option_amount
    from carried
    union all
    select
        entity_id,
        currency,
        'total' as family,
        is_intragroup,
        carrying_amount,
        option_amount
    from carried
),

carried_by_family as (
    select
        u.entity_id,
        u.row_kind,
        c.family,
        sum(cast(c.carrying_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as carrying_amount,
        sum(cast(c.option_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as option_amount
    from carried_lines as c
    inner join book.reporting_units as u
        on c.entity_id = u.member_entity_id and c.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on c.currency = t.currency
    group by u.entity_id, u.row_kind, c.family
),

compared as (
    select
        s.entity_id,
        s.row_kind,
        s.scenario,
        s.family,
        coalesce(s.cause, b.cause, total.cause) as cause,
        b.present_value as eve_base,
        s.present_value as eve,
        s.present_value - b.present_value as delta_eve,
        b.option_value as option_amount_base,
        s.option_value as option_amount,
        total.present_value as eve_base_total
    from by_family as s
    inner join by_family as b
        on
            s.entity_id = b.entity_id and s.row_kind = b.row_kind and s.family = b.family
            and b.scenario = 'base'
    inner join by_family as total
        on
            s.entity_id = total.entity_id and s.row_kind = total.row_kind
            and total.scenario = 'base' and total.family = 'total'
)

select
    cast($as_of_date as date) as as_of_date,
    c.entity_id,
    c.row_kind,
    c.scenario,
    c.family,
    f.currency,
    cast(k.carrying_amount as decimal(18, 2)) as net_carrying_amount,
    cast(k.option_amount as decimal(18, 2)) as embedded_option_amount,
    case when c.cause is null then cast(c.eve_base as decimal(18, 2)) end as eve_base,
    case when c.cause is null then cast(c.eve as decimal(18, 2)) end as eve,
    case when c.cause is null then cast(c.delta_eve as decimal(18, 2)) end as delta_eve,
    case when c.cause is null then cast(c.option_amount_base as decimal(18, 2)) end as option_amount_base,
    case when c.cause is null then cast(c.option_amount as decimal(18, 2)) end as option_amount,
    case when c.cause is null and c.row_kind <> 'elimination' then c.delta_eve / nullif(abs(c.eve_base_total), 0) end
        as delta_eve_base_share,
    case when c.cause is null then c.delta_eve / nullif(f.tier1_amount, 0) end as delta_eve_tier1_share,
    r.status as figure_status,
    case when c.cause is null then f.availability else 'not available: ' || c.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from compared as c
inner join metrics.report_footers as f on c.entity_id = f.entity_id and c.row_kind = f.row_kind
left join carried_by_family as k
    on c.entity_id = k.entity_id and c.row_kind = k.row_kind and c.family = k.family
left join inputs.scenarios as sc on c.scenario = sc.scenario
left join inputs.rule_packs as r on sc.pack = r.pack and r.measure = 'eve'
