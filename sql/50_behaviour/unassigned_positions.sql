-- about:  Positions whose behaviour nobody decided, with the reason; must be empty, a close stops on any row.
-- grain:  as_of_date, position_id
-- reads:  book.positions, inputs.behaviour_parameters
with base_parameters as (
    select behaviour_segment, drawn_share
    from inputs.behaviour_parameters
    where scenario = 'base'
)

select
    p.as_of_date,
    p.position_id,
    p.entity_id,
    p.currency,
    p.product_code,
    coalesce(p.behaviour_segment, 'none') as behaviour_segment,
    p.outstanding_principal,
    case
        when b.drawn_share > 0 then 'a line that is drawn has no end: nothing says when it is repaid'
        when coalesce(p.behaviour_segment, 'none') = 'none' then 'a deposit without maturity has no behaviour segment'
        else 'the behaviour segment has no parameters'
    end as reason
from book.positions as p
left join base_parameters as b on p.behaviour_segment = b.behaviour_segment
where
    (
        b.behaviour_segment is null
        and (coalesce(p.behaviour_segment, 'none') <> 'none' or p.cash_flow_model = 'non_maturity')
    )
    or (b.drawn_share > 0 and p.cash_flow_model = 'commitment' and p.maturity_date is null)
