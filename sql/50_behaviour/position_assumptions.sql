-- about:  Which behavioural assumption applies to which position, with the base figures of its segment.
-- grain:  as_of_date, position_id
-- reads:  book.positions, inputs.behaviour_parameters
select
    p.as_of_date,
    p.position_id,
    p.entity_id,
    p.currency,
    p.product_code,
    p.behaviour_segment,
    p.nmd_category,
    b.annual_prepayment_rate,
    b.redemption_share,
    b.drawn_share,
    b.draw_months,
    b.core_share,
    b.core_run_off_months,
    b.pass_through_up,
    b.pass_through_down,
    b.lag_months,
    b.rate_floor,
    b.status as assumption_status
from book.positions as p
inner join inputs.behaviour_parameters as b
    on p.behaviour_segment = b.behaviour_segment and b.scenario = 'base'
where p.behaviour_segment <> 'none'  -- contractual terms only
