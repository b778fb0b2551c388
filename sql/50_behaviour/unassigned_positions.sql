-- about:  Positions without an assumption or a fixing they need, with the reason; they have no value, nor have totals.
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
),

unfixed as (  -- the index of the next reset was read by the as-of date, and nothing young enough is delivered
    select
        position_id,
        'no fixing of ' || index_id || ' of ' || cast(next_reset_date - coalesce(fixing_lag_days, 0) as varchar)
        || ', nor one young enough before it' as reason
    from book.positions
    where
        rate_type in ('floating', 'step')
        and index_id is not null
        and next_reset_date > as_of_date
        and next_reset_date - coalesce(fixing_lag_days, 0) <= as_of_date
        and next_fixing_rate is null
        and coalesce(reset_freq, '') <> 'P1D'  -- a rate compounded daily has no one fixing
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
        when m.position_id is null and f.position_id is not null then 'fixing'
        else 'assumption'
    end as missing_input,
    case
        when m.position_id is null and f.position_id is not null then f.reason
        when m.position_id is not null
            then 'no ' || m.assumptions || ' assumption for the segment ' || p.behaviour_segment
        when p.cash_flow_model = 'commitment'
            then 'a line that is drawn has no end: nothing says when it is repaid'
        else 'a deposit without maturity has no behaviour segment'
    end as reason
from book.positions as p
left join missing as m on p.position_id = m.position_id
left join unfixed as f on p.position_id = f.position_id
where
    m.position_id is not null
    or f.position_id is not null
    or (coalesce(p.behaviour_segment, 'none') = 'none' and p.cash_flow_model = 'non_maturity')
    or (
        p.cash_flow_model = 'commitment' and p.maturity_date is null
        and p.behaviour_segment in (select d.behaviour_segment from drawn as d)
    )
