-- about:  What the published close before assumed of each behaviour segment.
-- grain:  as_of_date, behaviour_segment
-- reads:  behaviour.segment_figures @previous
select
    cast($as_of_date as date) as as_of_date,
    as_of_date as prior_as_of_date,
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
    assumption_status
from previous.segment_figures
