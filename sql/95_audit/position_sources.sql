-- about:  Which delivered rows a position was built from, many rows per position where a source adds them up.
-- grain:  as_of_date, position_id, source_file_id, source_row
-- reads:  book.positions, raw.loan, raw.deposit_term, raw.deposit_nmd, raw.security, raw.borrowing,
--         raw.derivative, raw.derivative_leg, raw.commitment, raw.other_balance, raw.position_source
with delivered as (
    select
        entity_id || ':loan:' || loan_no as position_id,
        source_file_id,
        source_row
    from raw.loan
    union all
    select
        entity_id || ':deposit_term:' || deposit_no as position_id,
        source_file_id,
        source_row
    from raw.deposit_term
    union all
    select
        entity_id || ':deposit_nmd:' || account_no as position_id,
        source_file_id,
        source_row
    from raw.deposit_nmd
    union all
    select
        entity_id || ':security:' || security_no as position_id,
        source_file_id,
        source_row
    from raw.security
    union all
    select
        entity_id || ':borrowing:' || borrowing_no as position_id,
        source_file_id,
        source_row
    from raw.borrowing
    union all
    select
        entity_id || ':derivative:' || deal_no as position_id,
        source_file_id,
        source_row
    from raw.derivative
    union all
    select
        entity_id || ':derivative_leg:' || deal_no || ':' || leg_no as position_id,
        source_file_id,
        source_row
    from raw.derivative_leg
    union all
    select
        entity_id || ':commitment:' || commitment_no as position_id,
        source_file_id,
        source_row
    from raw.commitment
    union all
    select
        entity_id || ':other_balance:' || balance_no as position_id,
        source_file_id,
        source_row
    from raw.other_balance
    union all
    select
        position_key as position_id,
        source_file_id,
        source_row
    from raw.position_source
)

select distinct
    p.as_of_date,
    p.position_id,
    d.source_file_id,
    d.source_row
from book.positions as p
inner join delivered as d on p.position_id = d.position_id
