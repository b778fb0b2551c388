-- about:  The Liquidity Coverage Ratio, point in time: stock, outflows, inflows up to their cap, and the ratio.
-- grain:  as_of_date, pack, entity_id, row_kind, contract_currency
-- reads:  reports.hqla_stock, reports.lcr_lines, reports.funding_concentration, inputs.hqla_caps
with sides as (
    select
        pack,
        entity_id,
        row_kind,
        contract_currency,
        min(currency) as currency,
        min(case when weighted_line_amount is null then availability end) as cause,
        min(availability) as availability,
        sum(case when ratio_side = 'outflow' then weighted_line_amount else 0 end) as total_outflows,
        sum(case when ratio_side = 'inflow' then weighted_line_amount else 0 end) as total_inflows,
        min(excluded_rows) as excluded_rows,
        min(excluded_amount) as excluded_amount,
        min(excluded_share) as excluded_share
    from reports.lcr_lines
    group by pack, entity_id, row_kind, contract_currency
),

joined as (  -- a currency without liquid assets has a stock of nothing
    select
        l.pack,
        l.entity_id,
        l.row_kind,
        l.contract_currency,
        l.currency,
        l.contract_currency = 'all' or coalesce(w.is_significant, false) as is_significant,
        c.inflow_cap_share,
        coalesce(l.cause, case when s.entity_id is not null and s.hqla_amount is null then s.availability end)
            as cause,
        coalesce(s.hqla_amount, 0) as hqla_amount,
        l.total_outflows,
        l.total_inflows,
        cast(round(c.inflow_cap_share * cast(l.total_outflows as double), 2) as decimal(18, 2)) as inflow_cap,
        l.availability,
        l.excluded_rows,
        l.excluded_amount,
        l.excluded_share
    from sides as l
    inner join inputs.hqla_caps as c on l.pack = c.pack
    left join reports.hqla_stock as s
        on
            l.pack = s.pack and l.entity_id = s.entity_id and l.row_kind = s.row_kind
            and l.contract_currency = s.contract_currency
    left join reports.funding_concentration as w
        on
            l.entity_id = w.entity_id and l.row_kind = w.row_kind and w.dimension = 'currency'
            and l.contract_currency = w.funding_item
)

select
    cast($as_of_date as date) as as_of_date,
    pack,
    entity_id,
    row_kind,
    contract_currency,
    currency,
    is_significant,
    case when cause is null then hqla_amount end as hqla_amount,
    case when cause is null then cast(total_outflows as decimal(18, 2)) end as total_outflow_amount,
    case when cause is null then cast(total_inflows as decimal(18, 2)) end as total_inflow_amount,
    inflow_cap_share,
    case when cause is null then inflow_cap end as inflow_cap_amount,
    case when cause is null then cast(least(total_inflows, inflow_cap) as decimal(18, 2)) end as counted_inflow_amount,
    case when cause is null then cast(total_outflows - least(total_inflows, inflow_cap) as decimal(18, 2)) end
        as net_outflow_amount,
    case  -- without outflows there is no ratio
        when cause is null
            then
                cast(hqla_amount as double)
                / nullif(cast(total_outflows - least(total_inflows, inflow_cap) as double), 0)
    end as lcr_share,
    coalesce(cause, availability) as availability,
    excluded_rows,
    excluded_amount,
    excluded_share
from joined
