-- about:  Cash, capacity and what is left of them in a liquidity stress: every day of a month, then at longer steps.
-- grain:  as_of_date, stress, entity_id, row_kind, contract_currency, flow_day
-- reads:  metrics.stress_paths, metrics.report_footers
select
    cast($as_of_date as date) as as_of_date,
    p.stress,
    p.entity_id,
    p.row_kind,
    p.contract_currency,
    p.flow_day,
    f.currency,
    case when p.cause is null then cast(p.stressed_outflow as decimal(18, 2)) end as stressed_outflow_amount,
    case when p.cause is null then cast(p.stressed_inflow as decimal(18, 2)) end as stressed_inflow_amount,
    case when p.cause is null then cast(p.cash_at_hand as decimal(18, 2)) end as cash_amount,
    case when p.cause is null then cast(p.sold_securities as decimal(18, 2)) end as sold_amount,
    case when p.cause is null then cast(p.drawn_facilities as decimal(18, 2)) end as facility_amount,
    case when p.cause is null then cast(p.stressed_position as decimal(18, 2)) end as stressed_position_amount,
    case when p.cause is null then cast(p.sale_loss as decimal(18, 2)) end as sale_loss_amount,
    case when p.cause is null then f.availability else 'not available: ' || p.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from metrics.stress_paths as p
inner join metrics.report_footers as f on p.entity_id = f.entity_id and p.row_kind = f.row_kind
where p.flow_day <= 30 or p.flow_day in (35, 42, 49, 60, 75, 90, 120, 150, 180, 210, 240, 270, 300, 330, 365)
