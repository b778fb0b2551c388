-- about:  The coverage ratio with the weights that a scenario file writes instead of the pack's.
-- grain:  as_of_date, what_if, pack, entity_id, row_kind
-- reads:  reports.lcr_what_if_lines, reports.lcr
with sides as (
    select
        what_if,
        pack,
        entity_id,
        row_kind,
        sum(case when ratio_side = 'outflow' then what_if_line_amount else 0 end) as outflows,
        sum(case when ratio_side = 'inflow' then what_if_line_amount else 0 end) as inflows
    from reports.lcr_what_if_lines
    group by what_if, pack, entity_id, row_kind
)

select
    cast($as_of_date as date) as as_of_date,
    s.what_if,
    r.pack,
    r.entity_id,
    r.row_kind,
    r.currency,
    r.hqla_amount,
    case when r.net_outflow_amount is not null then cast(s.outflows as decimal(18, 2)) end as what_if_outflow_amount,
    case when r.net_outflow_amount is not null then cast(s.inflows as decimal(18, 2)) end as what_if_inflow_amount,
    r.inflow_cap_share,
    r.lcr_share,
    case
        when r.net_outflow_amount is not null
            then
                cast(r.hqla_amount as double)
                / nullif(
                    cast(s.outflows as double)
                    - least(cast(s.inflows as double), round(r.inflow_cap_share * cast(s.outflows as double), 2)), 0
                )
    end as what_if_lcr_share,
    r.availability,
    r.excluded_rows,
    r.excluded_amount,
    r.excluded_share
from reports.lcr as r
inner join sides as s on r.pack = s.pack and r.entity_id = s.entity_id and r.row_kind = s.row_kind
where r.contract_currency = 'all'
