-- about:  What must tie between the measures of rates: durations, key rates, economic value and the book.
-- grain:  as_of_date, invariant, scope
-- reads:  metrics.durations, metrics.key_rates, metrics.eve, reports.eve_bridge, reports.balance_sheet,
--         reports.eve_sensitivity, book.positions, scenarios.position_values, scenarios.standardised_values,
--         scenarios.position_sensitivities, scenarios.growth_income, metrics.risk_split, reports.risk_split,
--         inputs.scenarios, inputs.declared
with key_rates as (
    select
        entity_id,
        currency,
        product_code,
        is_intragroup,
        sum(cast(dv01 as decimal(38, 6))) as dv01
    from metrics.key_rates
    where risk_measure = 'eve' and rate_basis = 'zero'
    group by entity_id, currency, product_code, is_intragroup
    having count(*) = count(dv01)
),

income_key_rates as (
    select
        entity_id,
        currency,
        cast(sum(cast(dv01 as decimal(38, 6))) as double) as dv01
    from metrics.key_rates
    where risk_measure = 'nii_12m' and rate_basis = 'zero'
    group by entity_id, currency
    having count(*) = count(dv01)
),

fixed_cash as (  -- under a parallel rise: at the midpoints, and on its days
    select
        p.entity_id,
        p.currency,
        v.scenario,
        v.split_change,
        s.present_value - b.present_value as full_change
    from scenarios.standardised_values as v
    inner join inputs.scenarios as sc on v.scenario = sc.scenario and sc.shape = 'parallel_up'
    inner join book.positions as p on v.position_id = p.position_id
    inner join scenarios.position_values as s on v.position_id = s.position_id and v.scenario = s.scenario
    inner join scenarios.position_values as b on v.position_id = b.position_id and b.scenario = 'base'
    where
        p.rate_type in ('fixed', 'zero')
        and p.cash_flow_model in ('bullet', 'annuity', 'linear', 'interest_only_then_annuity')
        and p.maturity_date <= p.as_of_date + interval 20 year  -- the last midpoint is 25 years
),

agreed_products as (  -- nobody may behave otherwise in another scenario
    select
        entity_id,
        currency,
        product_code
    from book.positions
    group by entity_id, currency, product_code
    having
        not bool_or(is_prepayable or is_redeemable)
        and bool_and(cash_flow_model in ('bullet', 'annuity', 'linear', 'swap_leg', 'cap_floor'))
),

every_tie as (
    select
        'key rates of the book add up to the parallel move' as invariant,
        d.entity_id || ' ' || d.currency as scope,
        cast(sum(k.dv01) as double) as left_value,
        cast(sum(cast(d.dv01 as decimal(38, 6))) as double) as right_value,
        cast(0.005 * sum(cast(abs(d.dv01) as decimal(38, 6))) as double) as tolerance_value  -- of the gross DV01
    from metrics.durations as d
    inner join key_rates as k
        on
            d.entity_id = k.entity_id and d.currency = k.currency and d.product_code = k.product_code
            and d.is_intragroup = k.is_intragroup
    group by d.entity_id, d.currency
    union all
    select
        'key rates of income add up to the parallel move' as invariant,
        p.entity_id || ' ' || p.currency as scope,
        max(k.dv01) as left_value,
        cast(sum(cast(v.nii_dv01 as decimal(38, 6))) as double) as right_value,
        cast(0.005 * sum(cast(abs(v.nii_dv01) as decimal(38, 6))) as double) as tolerance_value  -- of the gross
    from book.positions as p
    inner join scenarios.position_sensitivities as v on p.position_id = v.position_id
    inner join income_key_rates as k on p.entity_id = k.entity_id and p.currency = k.currency
    where
        p.is_in_irrbb_scope
        and p.nii_treatment = 'constant_balance'
        and p.cash_flow_model not in ('balance_only', 'commitment', 'non_performing')
    group by p.entity_id, p.currency
    union all
    select
        'durations are of the values in economic value' as invariant,
        d.entity_id || ' ' || d.currency || ' ' || d.product_code || ' ' || d.is_intragroup as scope,
        d.present_value as left_value,
        e.present_value as right_value,
        0.01 as tolerance_value
    from metrics.durations as d
    inner join metrics.eve as e
        on
            d.entity_id = e.entity_id and d.currency = e.currency and d.product_code = e.product_code
            and d.is_intragroup = e.is_intragroup and e.scenario = 'base'
    where d.present_value is not null and e.present_value is not null
    union all
    select
        'the bridge starts at assets less liabilities' as invariant,
        r.entity_id || ' ' || r.row_kind as scope,
        cast(r.net_carrying_amount as double) as left_value,
        cast(sum(case when b.side = 'asset' then b.carrying_amount else -b.carrying_amount end) as double)
            as right_value,
        0.02 as tolerance_value
    from reports.eve_bridge as r
    inner join reports.balance_sheet as b on r.entity_id = b.entity_id and r.row_kind = b.row_kind
    where
        r.measure_part = 'all' and b.balance_sheet_line = 'total' and b.side in ('asset', 'liability')
        and r.net_carrying_amount is not null
        and 'assets_not_delivered' not in (select x.item from inputs.declared as x)
    group by r.entity_id, r.row_kind, r.net_carrying_amount
    union all
    select
        'the bridge ends at economic value' as invariant,
        r.entity_id || ' ' || r.row_kind as scope,
        cast(r.net_carrying_amount + r.out_of_measure_amount + r.fair_value_adjustment_amount as double)
            as left_value,
        cast(v.eve as double) as right_value,
        0.02 as tolerance_value  -- each side is rounded
    from reports.eve_bridge as r
    inner join reports.eve_sensitivity as v
        on r.entity_id = v.entity_id and r.row_kind = v.row_kind and v.family = 'total' and v.scenario = 'base'
    where r.measure_part = 'all' and r.eve is not null and v.eve is not null
    union all
    select
        'fixed cash at midpoints is near fixed cash on its days' as invariant,
        entity_id || ' ' || currency || ' ' || scenario as scope,
        cast(sum(cast(split_change as decimal(38, 6))) as double) as left_value,
        cast(sum(cast(full_change as decimal(38, 6))) as double) as right_value,
        cast(0.05 * sum(cast(abs(full_change) as decimal(38, 6))) as double) as tolerance_value  -- of the gross
    from fixed_cash
    group by entity_id, currency, scenario
    union all
    select
        'what the plan places it also takes' as invariant,
        entity_id || ' ' || currency || ' ' || scenario as scope,
        cast(sum(cast(case when product_code = 'balancing' then 0 else new_principal end as decimal(38, 6))) as double)
            as left_value,
        cast(sum(cast(case when product_code = 'balancing' then -new_principal else 0 end as decimal(38, 6))) as double)
            as right_value,
        0.01 as tolerance_value
    from scenarios.growth_income
    group by entity_id, currency, scenario
    union all
    select
        'what nobody decides about changes with rates and options alone' as invariant,
        r.entity_id || ' ' || r.currency || ' ' || r.scenario || ' ' || r.risk_measure as scope,
        cast(sum(cast(r.full_change as decimal(38, 6))) as double) as left_value,
        cast(sum(cast(r.frozen_change + r.option_change as decimal(38, 6))) as double) as right_value,
        0.01 as tolerance_value
    from metrics.risk_split as r
    inner join agreed_products as p
        on r.entity_id = p.entity_id and r.currency = p.currency and r.product_code = p.product_code
    where r.full_change is not null
    group by r.entity_id, r.currency, r.scenario, r.risk_measure
    union all
    select
        'a parallel rise has no curve risk' as invariant,
        r.entity_id || ' ' || r.currency || ' ' || r.scenario || ' ' || r.risk_measure as scope,
        cast(sum(cast(abs(r.curve_change) as decimal(38, 6))) as double) as left_value,
        0 as right_value,
        0.01 as tolerance_value
    from metrics.risk_split as r
    inner join inputs.scenarios as sc on r.scenario = sc.scenario and sc.shape = 'parallel_up'
    group by r.entity_id, r.currency, r.scenario, r.risk_measure
    union all
    select
        'the risks of a change add up to it' as invariant,
        entity_id || ' ' || row_kind || ' ' || scenario || ' ' || risk_measure || ' ' || contract_currency as scope,
        cast(
            gap_risk_amount + curve_risk_amount + basis_risk_amount + interaction_amount + automatic_option_amount
            + behaviour_amount as double
        ) as left_value,
        cast(change_amount as double) as right_value,
        0.04 as tolerance_value  -- each part is rounded
    from reports.risk_split
    where change_amount is not null
)

select
    cast($as_of_date as date) as as_of_date,
    invariant,
    scope,
    left_value,
    right_value,
    tolerance_value
from every_tie
