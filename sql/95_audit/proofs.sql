-- about:  What must tie in every close, left against right, and whether it does.
-- grain:  as_of_date, invariant, scope
-- reads:  book.positions, book.balance_check, book.ledger_reconciliation, book.unmapped_positions,
--         book.reporting_units, book.translation_rates, behaviour.unassigned_positions,
--         behaviour.undecided_balances, scenarios.position_values, scenarios.cash_flow_buckets,
--         scenarios.monthly_balances, scenarios.stopped_currencies, cash_flows.contractual_buckets,
--         reports.eve_sensitivity, reports.nii_sensitivity, inputs.members
with balance as (
    select
        'assets equal liabilities and equity' as invariant,
        entity_id || ' ' || currency as scope,
        assets_amount + excluded_amount as left_amount,
        liabilities_amount + equity_amount as right_amount,
        0 as tolerance_amount
    from book.balance_check
),

ledger as (
    select
        'the sub-ledger ties to the ledger' as invariant,
        entity_id as scope,
        sum(case when status = 'unexplained' then abs(unexplained_amount) else 0 end) as left_amount,
        0 as right_amount,
        0 as tolerance_amount
    from book.ledger_reconciliation
    where status <> 'not_available'
    group by entity_id
),

placed as (
    select
        'every position is in the product map' as invariant,
        'all' as scope,
        count(*) as left_amount,
        0 as right_amount,
        0 as tolerance_amount
    from book.unmapped_positions
    union all
    select
        'no position is valued without its behaviour' as invariant,
        'all' as scope,
        count(*) as left_amount,
        0 as right_amount,
        0 as tolerance_amount
    from behaviour.unassigned_positions as x
    inner join scenarios.position_values as v on x.position_id = v.position_id
),

mixed_products as (
    select p.product_code
    from book.positions as p
    left join inputs.members as other on p.intragroup_entity_id = other.entity_id
    where p.cash_flow_model <> 'balance_only'
    group by p.entity_id, p.currency, p.product_code
    having count(other.entity_id) > 0 and count(other.entity_id) < count(*)
),

separate as (
    select
        'intragroup business has product codes of its own' as invariant,
        'all' as scope,
        count(*) as left_amount,
        0 as right_amount,
        0 as tolerance_amount
    from mixed_products
),

position_totals as (
    select
        v.scenario,
        u.entity_id,
        u.row_kind,
        sum(
            cast(
                (v.present_value + v.option_value) * u.consolidation_factor * t.translation_rate
                as decimal(38, 6)
            )
        ) as present_value
    from scenarios.position_values as v
    inner join book.positions as p on v.position_id = p.position_id
    left join inputs.members as own on p.entity_id = own.entity_id
    left join inputs.members as other on p.intragroup_entity_id = other.entity_id
    inner join book.reporting_units as u
        on
            p.entity_id = u.member_entity_id
            and u.is_intragroup = (own.entity_id is not null and other.entity_id is not null)
    left join book.translation_rates as t on p.currency = t.currency
    where
        p.is_in_irrbb_scope and p.eve_treatment = 'in'
        and p.cash_flow_model not in ('balance_only', 'commitment')
    group by v.scenario, u.entity_id, u.row_kind
),

values_tie as (
    select
        'position values add up to the reported economic value' as invariant,
        r.entity_id || ' ' || r.row_kind || ' ' || r.scenario as scope,
        p.present_value as left_amount,
        r.eve as right_amount,
        0.01 as tolerance_amount
    from reports.eve_sensitivity as r
    inner join position_totals as p
        on r.entity_id = p.entity_id and r.row_kind = p.row_kind and r.scenario = p.scenario
    where r.family = 'total' and r.eve is not null
),

group_parts as (
    select
        g.scenario,
        g.eve as left_amount,
        sum(cast(part.eve as decimal(38, 6))) as right_amount
    from reports.eve_sensitivity as g
    inner join reports.eve_sensitivity as part
        on g.scenario = part.scenario and part.family = 'total'
    left join inputs.members as m on part.entity_id = m.entity_id
    where
        g.row_kind = 'group' and g.family = 'total' and g.eve is not null
        and (part.row_kind = 'elimination' or (part.row_kind = 'entity' and m.entity_id is not null))
    group by g.scenario, g.eve
),

group_ties as (
    select
        'the group is its members and the eliminations' as invariant,
        scenario as scope,
        left_amount,
        right_amount,
        0.05 as tolerance_amount
    from group_parts
),

base_ties as (
    select
        'base against itself is zero' as invariant,
        'economic value' as scope,
        coalesce(sum(cast(abs(delta_eve) as decimal(38, 6))), 0) as left_amount,
        0 as right_amount,
        0 as tolerance_amount
    from reports.eve_sensitivity
    where scenario = 'base'
    union all
    select
        'base against itself is zero' as invariant,
        'net interest income' as scope,
        coalesce(sum(cast(abs(delta_nii) + abs(delta_nii_other_path) as decimal(38, 6))), 0) as left_amount,
        0 as right_amount,
        0 as tolerance_amount
    from reports.nii_sensitivity
    where scenario = 'base'
),

conserved as (  -- the worst position, not the sum: errors of opposite sign may not cancel
    select
        'principal of every position is accounted for' as invariant,
        scenario as scope,
        max(
            abs(
                opening_principal + capitalised_interest + drawn_principal - scheduled_principal
                - prepaid_principal - written_off_principal - remaining_principal
            )
        ) as left_amount,
        0 as right_amount,
        0.01 as tolerance_amount
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
        ) as left_amount,
        0 as right_amount,
        0.01 as tolerance_amount
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
        b.entity_id || ' ' || b.currency || ' ' || r.view as scope,
        coalesce(r.amount, 0) as left_amount,
        b.amount as right_amount,
        0.05 as tolerance_amount
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
        coalesce(b.amount, 0) as left_amount,
        p.amount as right_amount,
        0.05 as tolerance_amount
    from position_values as p
    left join bucket_values as b
        on p.scenario = b.scenario and p.entity_id = b.entity_id and p.currency = b.currency
),

every_proof as (
    select * from balance
    union all
    select * from ledger
    union all
    select * from placed
    union all
    select * from separate
    union all
    select * from values_tie
    union all
    select * from group_ties
    union all
    select * from base_ties
    union all
    select * from conserved
    union all
    select * from months_conserved
    union all
    select * from principal_ties
    union all
    select * from bucket_ties
)

select
    cast($as_of_date as date) as as_of_date,
    invariant,
    scope,
    cast(left_amount as decimal(18, 2)) as left_amount,
    cast(right_amount as decimal(18, 2)) as right_amount,
    cast(left_amount - right_amount as decimal(18, 2)) as difference_amount,
    cast(tolerance_amount as decimal(18, 2)) as tolerance_amount,
    abs(cast(left_amount as double) - cast(right_amount as double)) <= cast(tolerance_amount as double) + 0.000001
        as is_passed
from every_proof
