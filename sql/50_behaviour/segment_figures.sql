-- about:  What the committee assumes of each behaviour segment in the base, as this close used it.
-- grain:  as_of_date, behaviour_segment
-- reads:  inputs.behaviour_parameters
select
    cast($as_of_date as date) as as_of_date,
    behaviour_segment,
    annual_prepayment_rate,
    prepayment_figures,
    redemption_share,
    drawn_share,
    draw_months,
    core_share,
    core_run_off_months,
    core_profile,
    pass_through_up,
    pass_through_down,
    lag_months,
    rate_floor,
    status as assumption_status
from inputs.behaviour_parameters
where scenario = 'base'
