-- about:  The lines of the coverage ratio under the weights of each scenario file that writes some.
-- grain:  as_of_date, what_if, pack, entity_id, row_kind, lcr_rule
-- reads:  reports.lcr_lines, inputs.coverage_weights
with what_ifs as (
    select distinct what_if
    from inputs.coverage_weights
)

select
    cast($as_of_date as date) as as_of_date,
    w.what_if,
    l.pack,
    l.entity_id,
    l.row_kind,
    l.lcr_rule,
    l.ratio_side,
    l.currency,
    l.unweighted_line_amount,
    l.weight_share,
    o.weight_share as what_if_weight_share,
    cast(
        case
            when o.weight_share is null then l.weighted_line_amount
            else round(cast(l.unweighted_line_amount as double) * o.weight_share, 2)
        end as decimal(18, 2)
    ) as what_if_line_amount,
    l.availability,
    l.excluded_rows,
    l.excluded_amount,
    l.excluded_share
from reports.lcr_lines as l
cross join what_ifs as w
left join inputs.coverage_weights as o on w.what_if = o.what_if and l.lcr_rule = o.lcr_rule
where l.contract_currency = 'all' and l.ratio_side in ('outflow', 'inflow')
