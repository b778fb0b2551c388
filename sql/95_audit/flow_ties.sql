-- about:  What must tie between cash flows, values and income of every position, and in the curves behind them.
-- grain:  as_of_date, invariant, scope
-- reads:  book.positions, scenarios.position_values, scenarios.cash_flow_buckets,
--         scenarios.monthly_balances, scenarios.stopped_currencies, scenarios.zero_rates,
--         cash_flows.contractual_buckets, behaviour.undecided_balances,
--         behaviour.unassigned_positions, inputs.bank, inputs.scenarios
with conserved as (  -- the worst position, not the sum: errors of opposite sign may not cancel
    select
        'principal of every position is accounted for' as invariant,
        scenario as scope,
        max(
            abs(
                opening_principal + capitalised_interest + drawn_principal - scheduled_principal
                - prepaid_principal - written_off_principal - remaining_principal
            )
        ) as left_value,
        0 as right_value,
        0.01 as tolerance_value
    from scenarios.position_values
    group by scenario
),

months_conserved as (
    select
        'principal of every month is accounted for' as invariant,
        scenario as scope,
        max(
            abs(
                opening_principal + capitalised_interest + drawn_principal - scheduled_principal
                - prepaid_principal - written_off_principal - closing_principal
            )
        ) as left_value,
        0 as right_value,
        0.01 as tolerance_value
    from scenarios.monthly_balances
    group by scenario
),

repricing_principal as (
    select
        'behavioural' as view,
        entity_id,
        currency,
        sum(cast(principal_amount as decimal(38, 6))) as amount
    from scenarios.cash_flow_buckets
    where scenario = 'base' and bucket_set = 'irrbb'
    group by entity_id, currency
    union all
    select
        'contractual' as view,
        entity_id,
        currency,
        sum(cast(principal_amount as decimal(38, 6))) as amount
    from cash_flows.contractual_buckets
    where bucket_set = 'irrbb'
    group by entity_id, currency
),

book_principal as (
    select
        entity_id,
        currency,
        sum(
            direction * (
                outstanding_principal + notional_amount
                - case when cash_flow_model = 'non_performing' then impairment_amount else 0 end
            )
        ) as amount
    from book.positions
    where
        cash_flow_model not in ('balance_only', 'commitment')
        and extract <> 'commitment'  -- an offer is drawn and repaid: nothing is left of it
        and option_type = 'none'     -- an option has no principal
        and currency not in (        -- no flows: reported as not available, not as a difference
            select s.currency
            from scenarios.stopped_currencies as s
            where s.scenario = 'base'
        )
        and entity_id || ' ' || currency not in (
            select x.entity_id || ' ' || x.currency
            from behaviour.undecided_balances as x
        )
    group by entity_id, currency
),

principal_ties as (
    select
        'principal of the repricing gap is outstanding and notional' as invariant,
        b.entity_id || ' ' || b.currency || ' ' || coalesce(r.view, 'in no view') as scope,
        coalesce(r.amount, 0) as left_value,
        b.amount as right_value,
        0.05 as tolerance_value
    from book_principal as b
    left join repricing_principal as r on b.entity_id = r.entity_id and b.currency = r.currency
),

bucket_values as (
    select
        scenario,
        entity_id,
        currency,
        sum(cast(present_value as decimal(38, 6))) as amount
    from scenarios.cash_flow_buckets
    where bucket_set = 'liquidity'
    group by scenario, entity_id, currency
),

position_values as (
    select
        scenario,
        entity_id,
        currency,
        sum(cast(present_value as decimal(38, 6))) as amount
    from scenarios.position_values
    group by scenario, entity_id, currency
),

bucket_ties as (
    select
        'present values of the buckets add up to those of the positions' as invariant,
        p.scenario || ' ' || p.entity_id || ' ' || p.currency as scope,
        coalesce(b.amount, 0) as left_value,
        p.amount as right_value,
        0.05 as tolerance_value
    from position_values as p
    left join bucket_values as b
        on p.scenario = b.scenario and p.entity_id = b.entity_id and p.currency = b.currency
),

closed as (
    select distinct scenario
    from scenarios.position_values
),

left_out as (  -- products with a position whose behaviour nobody decided: reported as not available
    select distinct
        entity_id,
        currency,
        product_code
    from behaviour.unassigned_positions
),

valued as (  -- every contract beside its values; one without a value in a scenario has a null
    select
        s.scenario,
        p.position_id,
        p.entity_id,
        p.currency,
        p.product_code,
        p.direction,
        p.cash_flow_model,
        p.accrued_interest,
        p.nii_treatment = 'constant_balance' and p.is_in_irrbb_scope
        and p.cash_flow_model not in (
            'non_maturity', 'revolving', 'balance_only', 'commitment', 'non_performing'
        )
        and p.maturity_date <= cast($as_of_date as date) + to_months(36) as is_run_off,
        case
            when p.cash_flow_model in ('swap_leg', 'cap_floor', 'commitment') then 0  -- never paid
            else p.outstanding_principal + p.notional_amount
        end as owed_principal,
        v.opening_principal + case
            when p.extract = 'commitment' and p.cash_flow_model <> 'commitment' then v.drawn_principal
            else 0  -- an offer is drawn whole, of a line what customers are expected to draw
        end as projected_principal,
        case when p.cash_flow_model = 'commitment' then v.drawn_principal - p.notional_amount else 0 end
            as overdrawn_principal,
        v.scheduled_principal + v.prepaid_principal - v.drawn_principal as repaid_principal,
        v.nii_12m,
        v.nii_12m_other_path,
        v.nii_36m,
        v.nii_36m_other_path
    from book.positions as p
    cross join closed as s
    left join scenarios.position_values as v on p.position_id = v.position_id and s.scenario = v.scenario
    left join scenarios.stopped_currencies as stopped
        on p.currency = stopped.currency and s.scenario = stopped.scenario
    left join left_out as x
        on p.entity_id = x.entity_id and p.currency = x.currency and p.product_code = x.product_code
    where stopped.currency is null and x.product_code is null
),

every_value as (
    select
        'every contract has its values' as invariant,
        scenario as scope,
        count(*) filter (where projected_principal is null) as left_value,
        0 as right_value,
        0 as tolerance_value
    from valued
    group by scenario
    union all
    select
        'every value has its contract' as invariant,
        v.scenario as scope,
        count(*) filter (where p.position_id is null) as left_value,
        0 as right_value,
        0 as tolerance_value
    from scenarios.position_values as v
    left join book.positions as p on v.position_id = p.position_id
    group by v.scenario
),

opening_ties as (  -- the worst position: errors of opposite sign may not cancel
    select
        'principal projected is principal of the book' as invariant,
        scenario as scope,
        max(abs(projected_principal - owed_principal)) as left_value,
        0 as right_value,
        0.01 as tolerance_value
    from valued
    where projected_principal is not null
    group by scenario
),

limit_ties as (
    select
        'a line is drawn within its limit and repaid' as invariant,
        scenario as scope,
        greatest(
            max(overdrawn_principal), max(abs(repaid_principal)) filter (where cash_flow_model = 'commitment'), 0
        ) as left_value,
        0 as right_value,
        0.01 as tolerance_value
    from valued
    group by scenario
),

groups as (
    select
        v.scenario,
        v.entity_id,
        v.currency,
        v.product_code,
        bool_and(v.is_run_off) as is_run_off,
        sum(
            case
                when v.cash_flow_model in ('swap_leg', 'cap_floor') then 0
                else cast(v.direction * v.repaid_principal as decimal(38, 6))
            end
        ) as repaid_principal,
        sum(cast(v.direction * v.accrued_interest as decimal(38, 6))) as accrued_interest,
        sum(
            cast(
                case when bank.nii_base_path = 'forward' then v.nii_12m else v.nii_12m_other_path end
                as decimal(38, 6)
            )
        ) as nii_12m,
        sum(
            cast(
                case when bank.nii_base_path = 'forward' then v.nii_36m else v.nii_36m_other_path end
                as decimal(38, 6)
            )
        ) as nii_36m
    from valued as v
    cross join inputs.bank as bank
    group by v.scenario, v.entity_id, v.currency, v.product_code
),

ladder as (
    select
        scenario,
        entity_id,
        currency,
        product_code,
        sum(cast(principal_amount as decimal(38, 6))) as principal_amount,
        sum(cast(interest_amount as decimal(38, 6))) as interest_amount
    from scenarios.cash_flow_buckets
    where bucket_set = 'liquidity'
    group by scenario, entity_id, currency, product_code
),

months as (
    select
        scenario,
        entity_id,
        currency,
        product_code,
        sum(cast(interest_amount as decimal(38, 6))) as interest_amount,
        sum(
            case when month_index <= 12 then cast(interest_amount + replacement_interest as decimal(38, 6)) else 0 end
        ) as income_12m,
        sum(cast(interest_amount + replacement_interest as decimal(38, 6))) as income_36m,
        sum(case when month_index = 36 then cast(abs(closing_principal) as decimal(38, 6)) else 0 end)
            as closing_principal
    from scenarios.monthly_balances
    group by scenario, entity_id, currency, product_code
),

lenses as (  -- a product with everything that was read of its cash flows
    select
        g.scenario,
        g.is_run_off and m.closing_principal < 0.005 as is_gone,
        g.repaid_principal - coalesce(l.principal_amount, 0) as principal_difference,
        m.interest_amount + g.accrued_interest - coalesce(l.interest_amount, 0) as interest_difference,
        g.nii_12m - m.income_12m as income_12m_difference,
        g.nii_36m - m.income_36m as income_36m_difference
    from groups as g
    left join ladder as l
        on
            g.scenario = l.scenario and g.entity_id = l.entity_id and g.currency = l.currency
            and g.product_code = l.product_code
    left join months as m
        on
            g.scenario = m.scenario and g.entity_id = m.entity_id and g.currency = m.currency
            and g.product_code = m.product_code
),

lens_ties as (
    select
        'principal of the ladder is principal repaid' as invariant,
        scenario as scope,
        max(abs(principal_difference)) as left_value,
        0 as right_value,
        0.05 as tolerance_value
    from lenses
    group by scenario
    union all
    select  -- where nothing is left, what accrues is what is paid: one interest for income, ladder and value
        'interest earned until the end is interest paid' as invariant,
        scenario as scope,
        coalesce(max(abs(interest_difference)) filter (where is_gone), 0) as left_value,
        0 as right_value,
        0.05 as tolerance_value
    from lenses
    group by scenario
    union all
    select
        'income of the positions is income of the months' as invariant,
        scenario as scope,
        max(greatest(abs(income_12m_difference), abs(income_36m_difference))) as left_value,
        0 as right_value,
        0.05 as tolerance_value
    from lenses
    group by scenario
),

nodes as (
    select
        z.scenario,
        z.zero_rate,
        z.base_zero_rate,
        z.shock_bp,
        z.floor_applied,
        s.shape,
        (z.zero_rate * z.tenor_days - lag(z.zero_rate * z.tenor_days) over curve)
        / (z.tenor_days - lag(z.tenor_days) over curve) as forward_rate
    from scenarios.zero_rates as z
    left join inputs.scenarios as s on z.scenario = s.scenario
    window curve as (partition by z.curve_id, z.scenario order by z.tenor_days)
),

curve_ties as (  -- numbers of curve nodes
    select
        'discount factors are positive and forwards in their band' as invariant,
        scenario as scope,
        count(*) filter (
            where zero_rate is null or zero_rate not between -0.10 and 0.50
            or coalesce(forward_rate, zero_rate) not between -0.15 and 0.60
        ) as left_value,
        0 as right_value,
        0 as tolerance_value
    from nodes
    group by scenario
    union all
    select
        'a rate under a scenario is its base rate and the shock' as invariant,
        scenario as scope,
        count(*) filter (
            where case
                when floor_applied then zero_rate < base_zero_rate + shock_bp / 10000
                else abs(zero_rate - base_zero_rate - shock_bp / 10000) > 0.0000000001
            end
        ) as left_value,
        0 as right_value,
        0 as tolerance_value
    from nodes
    group by scenario
    union all
    select
        'rates rise under a rise, fall under a fall and stay in the base' as invariant,
        scenario as scope,
        count(*) filter (
            where (coalesce(shape, '') = 'parallel_up' and (zero_rate < base_zero_rate or shock_bp <= 0))
            or (coalesce(shape, '') = 'parallel_down' and (zero_rate > base_zero_rate or shock_bp >= 0))
            or (scenario = 'base' and zero_rate <> base_zero_rate)
        ) as left_value,
        0 as right_value,
        0 as tolerance_value
    from nodes
    group by scenario
),

every_tie as (
    select * from conserved
    union all
    select * from months_conserved
    union all
    select * from principal_ties
    union all
    select * from bucket_ties
    union all
    select * from every_value
    union all
    select * from opening_ties
    union all
    select * from limit_ties
    union all
    select * from lens_ties
    union all
    select * from curve_ties
)

select
    cast($as_of_date as date) as as_of_date,
    invariant,
    scope,
    cast(left_value as double) as left_value,
    cast(right_value as double) as right_value,
    cast(tolerance_value as double) as tolerance_value
from every_tie
