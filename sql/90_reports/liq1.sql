-- about:  The disclosure template LIQ1, point in time: the supervisor's averages of daily figures need daily closes.
-- grain:  as_of_date, pack, entity_id, row_kind, template_row
-- reads:  reports.lcr, reports.lcr_lines
with template (template_row, template_label) as (
    values
    (1, 'Total HQLA'),
    (2, 'Retail and small business deposits'),
    (3, 'Stable deposits'),
    (4, 'Less stable deposits'),
    (5, 'Unsecured wholesale funding'),
    (6, 'Operational deposits'),
    (7, 'Non-operational deposits'),
    (8, 'Unsecured debt'),
    (9, 'Secured wholesale funding'),
    (10, 'Additional requirements'),
    (11, 'Derivatives and other collateral requirements'),
    (12, 'Loss of funding on debt products'),
    (13, 'Credit and liquidity facilities'),
    (14, 'Other contractual funding obligations'),
    (15, 'Other contingent funding obligations'),
    (16, 'Total cash outflows'),
    (17, 'Secured lending'),
    (18, 'Inflows from fully performing exposures'),
    (19, 'Other cash inflows'),
    (20, 'Total cash inflows'),
    (21, 'Total HQLA after caps'),
    (22, 'Total net cash outflows'),
    (23, 'Liquidity Coverage Ratio')
),

parts (template_row, part_row) as (  -- which rows of the lines a row of the template adds up
    values
    (1, 1), (2, 3), (2, 4), (3, 3), (4, 4), (5, 6), (5, 7), (5, 8), (6, 6),
    (7, 7), (8, 8), (9, 9), (10, 11), (10, 12), (10, 13), (11, 11), (12, 12), (13, 13),
    (14, 14), (15, 15), (16, 3), (16, 4), (16, 6), (16, 7), (16, 8), (16, 9), (16, 11),
    (16, 12), (16, 13), (16, 14), (16, 15), (17, 17), (18, 18), (19, 19), (20, 17), (20, 18),
    (20, 19)
),

summed as (
    select
        l.pack,
        l.entity_id,
        l.row_kind,
        p.template_row,
        sum(l.unweighted_line_amount) as unweighted_amount,
        sum(l.weighted_line_amount) as weighted_amount
    from reports.lcr_lines as l
    inner join parts as p on l.template_row = p.part_row
    where l.contract_currency = 'all'
    group by l.pack, l.entity_id, l.row_kind, p.template_row
)

select
    cast($as_of_date as date) as as_of_date,
    r.pack,
    r.entity_id,
    r.row_kind,
    t.template_row,
    t.template_label,
    'point in time' as observation,
    r.currency,
    case
        when r.net_outflow_amount is not null and t.template_row not in (1, 9, 16) and t.template_row <= 20
            then s.unweighted_amount
    end as unweighted_amount,
    case
        when r.net_outflow_amount is null then null
        when t.template_row <= 20 then s.weighted_amount
        when t.template_row = 21 then r.hqla_amount
        when t.template_row = 22 then r.net_outflow_amount
    end as weighted_amount,
    case when t.template_row = 23 then r.lcr_share end as template_share,
    r.availability,
    r.excluded_rows,
    r.excluded_amount,
    r.excluded_share
from reports.lcr as r
cross join template as t
left join summed as s
    on
        r.pack = s.pack and r.entity_id = s.entity_id and r.row_kind = s.row_kind
        and t.template_row = s.template_row
where r.contract_currency = 'all'
