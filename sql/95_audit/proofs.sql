-- about:  What must tie in every close, left against right, and whether it does.
-- grain:  as_of_date, invariant, scope
-- reads:  audit.book_ties, audit.flow_ties, audit.report_ties, audit.measure_ties, audit.change_ties,
--         audit.engine_ties, audit.liquidity_ties
with every_tie as (
    select * from audit.book_ties
    union all
    select * from audit.flow_ties
    union all
    select * from audit.report_ties
    union all
    select * from audit.measure_ties
    union all
    select * from audit.change_ties
    union all
    select * from audit.engine_ties
    union all
    select * from audit.liquidity_ties
)

select
    as_of_date,
    invariant,
    scope,
    cast(left_value as decimal(18, 2)) as left_amount,
    cast(right_value as decimal(18, 2)) as right_amount,
    cast(left_value - right_value as decimal(18, 2)) as difference_amount,
    cast(tolerance_value as decimal(18, 2)) as tolerance_amount,
    abs(left_value - right_value) <= tolerance_value + 0.000001 as is_passed  -- what DOUBLE may lose
from every_tie
