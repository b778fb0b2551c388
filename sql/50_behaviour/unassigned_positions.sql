-- about:  Positions whose behaviour nobody decided, with the reason; they have no value, nor have totals with them.
-- grain:  as_of_date, position_id
-- reads:  book.positions, inputs.assumptions, inputs.behaviour_parameters
with decided as (
    select distinct
        assumption,
        segment
    from inputs.assumptions
),

drawn as (
    select behaviour_segment
    from inputs.behaviour_parameters
    where scenario = 'base' and drawn_share > 0
),

needed as (  -- which files must have an entry for the segment of a position
    select
        position_id,
        unnest(
            case
                when coalesce(behaviour_segment, 'none') = 'none' then []
                when cash_flow_model in ('non_performing', 'balance_only') then []
                when cash_flow_model = 'commitment' then ['drawdown']
                when cash_flow_model = 'non_maturity' then ['deposits']
                when cash_flow_model = 'revolving' then ['deposits', 'prepayment']
                when side = 'liability' then ['early_withdrawal']
                else ['prepayment']
            end
        ) as assumption
    from book.positions
),

missing as (
    select
        n.position_id,
        string_agg(n.assumption, ' and no ' order by n.assumption) as assumptions
    from needed as n
    inner join book.positions as p on n.position_id = p.position_id
    left join decided as d on n.assumption = d.assumption and p.behaviour_segment = d.segment
    where d.segment is null
    group by n.position_id
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
        when m.position_id is not null
            then 'no ' || m.assumptions || ' assumption for the segment ' || p.behaviour_segment
        when p.cash_flow_model = 'commitment'
            then 'a line that is drawn has no end: nothing says when it is repaid'
        else 'a deposit without maturity has no behaviour segment'
    end as reason
from book.positions as p
left join missing as m on p.position_id = m.position_id
where
    m.position_id is not null
    or (coalesce(p.behaviour_segment, 'none') = 'none' and p.cash_flow_model = 'non_maturity')
    or (
        p.cash_flow_model = 'commitment' and p.maturity_date is null
        and p.behaviour_segment in (select d.behaviour_segment from drawn as d)
    )
