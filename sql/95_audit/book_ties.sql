-- about:  What must tie in the book: the delivery, the balance sheet, the ledger, every contract in its place.
-- grain:  as_of_date, invariant, scope
-- reads:  book.positions, book.balance_check, book.ledger_reconciliation, book.unmapped_positions,
--         behaviour.unassigned_positions, scenarios.position_values, audit.files, inputs.members,
--         raw.loan, raw.deposit_term, raw.deposit_nmd, raw.security, raw.borrowing, raw.derivative,
--         raw.derivative_leg, raw.commitment, raw.other_balance, staging.loan, staging.deposit_term,
--         staging.deposit_nmd, staging.security, staging.borrowing, staging.derivative,
--         staging.derivative_leg, staging.commitment, staging.other_balance
with balance as (
    select
        'assets equal liabilities and equity' as invariant,
        entity_id || ' ' || currency as scope,
        assets_amount + excluded_amount as left_value,
        liabilities_amount + equity_amount as right_value,
        0 as tolerance_value
    from book.balance_check
),

ledger as (
    select
        'the sub-ledger ties to the ledger' as invariant,
        entity_id as scope,
        sum(case when status = 'unexplained' then abs(unexplained_amount) else 0 end) as left_value,
        0 as right_value,
        0 as tolerance_value
    from book.ledger_reconciliation
    where status <> 'not_available'
    group by entity_id
),

placed as (
    select
        'every position is in the product map' as invariant,
        'all' as scope,
        count(*) as left_value,
        0 as right_value,
        0 as tolerance_value
    from book.unmapped_positions
    union all
    select
        'no position is valued without its behaviour' as invariant,
        'all' as scope,
        count(*) as left_value,
        0 as right_value,
        0 as tolerance_value
    from behaviour.unassigned_positions as x
    inner join scenarios.position_values as v on x.position_id = v.position_id
),

signed as (
    select
        'a position has the sign of what the bank gets or owes' as invariant,
        'all' as scope,
        count(*) filter (
            where p.direction <> case
                when p.side in ('liability', 'equity') then -1
                when deal.derivative_type in ('cap', 'floor') and deal.position = 'short' then -1
                when deal.derivative_type not in ('cap', 'floor') and leg.pay_receive = 'pay' then -1
                else 1
            end
        ) as left_value,
        0 as right_value,
        0 as tolerance_value
    from book.positions as p
    left join staging.derivative_leg as leg on p.position_id = leg.position_id
    left join staging.derivative as deal on leg.entity_id = deal.entity_id and leg.deal_no = deal.deal_no
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
        count(*) as left_value,
        0 as right_value,
        0 as tolerance_value
    from mixed_products
),

control as (  -- what the bank says it sent, against what arrived
    select
        'rows stated are rows loaded or refused' as invariant,
        file_name as scope,
        n_rows_stated as left_value,
        n_rows_parsed + n_rows_refused as right_value,
        0 as tolerance_value
    from audit.files
    where n_rows_stated is not null
    union all
    select
        'control totals stated are amounts loaded or refused' as invariant,
        file_name as scope,
        control_amount_stated as left_value,
        control_amount_parsed + refused_amount as right_value,
        0 as tolerance_value
    from audit.files
    where control_amount_stated is not null and control_amount_parsed is not null
),

delivered as (  -- without the rows in quarantine
    select
        'loan' as extract,
        count(*) as n_rows,
        sum(cast(cast(outstanding_principal as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.loan
    union all
    select
        'deposit_term' as extract,
        count(*) as n_rows,
        sum(cast(cast(outstanding_principal as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.deposit_term
    union all
    select
        'deposit_nmd' as extract,
        count(*) as n_rows,
        sum(cast(cast(outstanding_principal as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.deposit_nmd
    union all
    select
        'security' as extract,
        count(*) as n_rows,
        sum(cast(cast(outstanding_principal as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.security
    union all
    select
        'borrowing' as extract,
        count(*) as n_rows,
        sum(cast(cast(outstanding_principal as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.borrowing
    union all
    select
        'derivative' as extract,
        count(*) as n_rows,
        sum(cast(cast(notional_amount as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.derivative
    union all
    select
        'derivative_leg' as extract,
        count(*) as n_rows,
        sum(cast(cast(notional_amount as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.derivative_leg
    union all
    select
        'commitment' as extract,
        count(*) as n_rows,
        sum(cast(cast(undrawn_amount as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.commitment
    union all
    select
        'other_balance' as extract,
        count(*) as n_rows,
        sum(cast(cast(outstanding_principal as decimal(18, 2)) as decimal(38, 6))) as amount
    from raw.other_balance
),

staged as (
    select
        'loan' as extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal as decimal(38, 6))) as amount,
        sum(cast(outstanding_principal * (1 - cast(sold_share as decimal(9, 8))) as decimal(18, 2))) as own_amount
    from staging.loan
    union all
    select
        'deposit_term' as extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal as decimal(38, 6))) as amount,
        sum(cast(outstanding_principal * (1 - cast(sold_share as decimal(9, 8))) as decimal(18, 2))) as own_amount
    from staging.deposit_term
    union all
    select
        'deposit_nmd' as extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal as decimal(38, 6))) as amount,
        sum(cast(outstanding_principal * (1 - cast(sold_share as decimal(9, 8))) as decimal(18, 2))) as own_amount
    from staging.deposit_nmd
    union all
    select
        'security' as extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal as decimal(38, 6))) as amount,
        sum(cast(outstanding_principal * (1 - cast(sold_share as decimal(9, 8))) as decimal(18, 2))) as own_amount
    from staging.security
    union all
    select
        'borrowing' as extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal as decimal(38, 6))) as amount,
        sum(cast(outstanding_principal * (1 - cast(sold_share as decimal(9, 8))) as decimal(18, 2))) as own_amount
    from staging.borrowing
    union all
    select
        'derivative' as extract,
        count(*) as n_rows,
        sum(cast(notional_amount as decimal(38, 6))) as amount,
        sum(cast(0 as decimal(38, 6))) as own_amount
    from staging.derivative
    union all
    select
        'derivative_leg' as extract,
        count(*) as n_rows,
        sum(cast(notional_amount as decimal(38, 6))) as amount,
        sum(cast(notional_amount as decimal(38, 6))) as own_amount
    from staging.derivative_leg
    union all
    select
        'commitment' as extract,
        count(*) as n_rows,
        sum(cast(undrawn_amount as decimal(38, 6))) as amount,
        sum(cast(undrawn_amount as decimal(38, 6))) as own_amount
    from staging.commitment
    union all
    select
        'other_balance' as extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal as decimal(38, 6))) as amount,
        sum(cast(outstanding_principal as decimal(38, 6))) as own_amount
    from staging.other_balance
),

booked as (
    select
        extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal + notional_amount as decimal(38, 6))) as amount
    from book.positions
    group by extract
),

unplaced as (
    select
        split_part(position_id, ':', 2) as extract,
        count(*) as n_rows,
        sum(cast(outstanding_principal as decimal(38, 6))) as amount
    from book.unmapped_positions
    group by split_part(position_id, ':', 2)
),

arrived as (
    select
        'every delivered contract is in staging' as invariant,
        d.extract as scope,
        d.n_rows as left_value,
        s.n_rows as right_value,
        0 as tolerance_value
    from delivered as d
    inner join staged as s on d.extract = s.extract
    union all
    select
        'delivered principal is principal in staging' as invariant,
        d.extract as scope,
        coalesce(d.amount, 0) as left_value,
        coalesce(s.amount, 0) as right_value,
        0 as tolerance_value
    from delivered as d
    inner join staged as s on d.extract = s.extract
),

placed_contracts as (
    select
        'every contract is in the book' as invariant,
        s.extract as scope,
        s.n_rows as left_value,
        coalesce(b.n_rows, 0) + coalesce(u.n_rows, 0) as right_value,
        0 as tolerance_value
    from staged as s
    left join booked as b on s.extract = b.extract
    left join unplaced as u on s.extract = u.extract
    union all
    select
        'principal of the contracts is principal of the book' as invariant,
        s.extract as scope,
        coalesce(s.own_amount, 0) as left_value,
        coalesce(b.amount, 0) + case when s.extract = 'derivative' then 0 else coalesce(u.amount, 0) end
            as right_value,
        0 as tolerance_value
    from staged as s
    left join booked as b on s.extract = b.extract
    left join unplaced as u on s.extract = u.extract
),

every_tie as (
    select * from balance
    union all
    select * from ledger
    union all
    select * from placed
    union all
    select * from signed
    union all
    select * from separate
    union all
    select * from control
    union all
    select * from arrived
    union all
    select * from placed_contracts
)

select
    cast($as_of_date as date) as as_of_date,
    invariant,
    scope,
    cast(left_value as double) as left_value,
    cast(right_value as double) as right_value,
    cast(tolerance_value as double) as tolerance_value
from every_tie
