-- about:  The disclosure template LIQ2 at the as-of date: by residual maturity, and weighted.
-- grain:  as_of_date, pack, entity_id, row_kind, template_row
-- reads:  reports.nsfr, reports.nsfr_lines
with template (template_row, template_label) as (
    values
    (1, 'Capital'),
    (2, 'Regulatory capital'),
    (3, 'Other capital instruments'),
    (4, 'Retail and small business deposits'),
    (5, 'Stable deposits'),
    (6, 'Less stable deposits'),
    (7, 'Wholesale funding'),
    (8, 'Operational deposits'),
    (9, 'Other wholesale funding'),
    (10, 'Liabilities with matching interdependent assets'),
    (11, 'Other liabilities'),
    (12, 'NSFR derivative liabilities'),
    (13, 'All other liabilities and equity'),
    (14, 'Total available stable funding'),
    (15, 'Total NSFR HQLA'),
    (16, 'Operational deposits at other financial institutions'),
    (17, 'Performing loans and securities'),
    (18, 'Loans to financial institutions secured by Level 1'),
    (19, 'Loans to financial institutions, other'),
    (20, 'Loans to corporates, retail, small business, sovereigns, central banks'),
    (21, 'of which risk weight up to 35 per cent'),
    (22, 'Residential mortgages'),
    (23, 'of which risk weight up to 35 per cent'),
    (24, 'Securities not in default, no HQLA'),
    (25, 'Assets with matching interdependent liabilities'),
    (26, 'Other assets'),
    (27, 'Physical commodities including gold'),
    (28, 'Initial margin and default funds'),
    (29, 'NSFR derivative assets'),
    (30, 'NSFR derivative liabilities before variation margin'),
    (31, 'All other assets'),
    (32, 'Off-balance sheet items'),
    (33, 'Total required stable funding'),
    (34, 'Net Stable Funding Ratio')
),

parts (template_row, part_row) as (  -- which rows of the lines a row of the template adds up
    values
    (1, 2), (1, 3), (2, 2), (3, 3), (4, 5), (4, 6), (5, 5), (6, 6), (7, 8),
    (7, 9), (8, 8), (9, 9), (10, 10), (11, 12), (11, 13), (12, 12), (13, 13), (14, 2),
    (14, 3), (14, 5), (14, 6), (14, 8), (14, 9), (14, 12), (14, 13), (15, 15), (16, 16),
    (17, 18), (17, 19), (17, 20), (17, 22), (17, 24), (18, 18), (19, 19), (20, 20), (22, 22),
    (24, 24), (25, 25), (26, 27), (26, 28), (26, 29), (26, 30), (26, 31), (27, 27), (28, 28),
    (29, 29), (30, 30), (31, 31), (32, 32), (33, 15), (33, 16), (33, 18), (33, 19), (33, 20),
    (33, 22), (33, 24), (33, 27), (33, 28), (33, 29), (33, 30), (33, 31), (33, 32)
),

placed as (  -- rows 21 and 23 are part of rows 20 and 22
    select
        l.*,
        p.template_row as placed_row
    from reports.nsfr_lines as l
    inner join parts as p on l.template_row = p.part_row
    where l.contract_currency = 'all'
    union all
    select
        l.*,
        l.of_which_row as placed_row
    from reports.nsfr_lines as l
    where l.contract_currency = 'all' and l.of_which_row is not null
),

summed as (
    select
        pack,
        entity_id,
        row_kind,
        placed_row,
        sum(case when residual_maturity = 'open' then unweighted_line_amount else 0 end) as no_maturity_amount,
        sum(case when residual_maturity = 'to_6m' then unweighted_line_amount else 0 end) as under_6m_amount,
        sum(case when residual_maturity = 'to_1y' then unweighted_line_amount else 0 end) as to_1y_amount,
        sum(case when residual_maturity = 'beyond_1y' then unweighted_line_amount else 0 end) as beyond_1y_amount,
        sum(weighted_line_amount) as weighted_amount
    from placed
    group by pack, entity_id, row_kind, placed_row
)

select
    cast($as_of_date as date) as as_of_date,
    r.pack,
    r.entity_id,
    r.row_kind,
    t.template_row,
    t.template_label,
    r.currency,
    case
        when r.required_funding_amount is not null and t.template_row not in (14, 33, 34)
            then s.no_maturity_amount
    end as no_maturity_amount,
    case
        when r.required_funding_amount is not null and t.template_row not in (14, 33, 34)
            then s.under_6m_amount
    end as under_6m_amount,
    case
        when r.required_funding_amount is not null and t.template_row not in (14, 33, 34)
            then s.to_1y_amount
    end as to_1y_amount,
    case
        when r.required_funding_amount is not null and t.template_row not in (14, 33, 34)
            then s.beyond_1y_amount
    end as beyond_1y_amount,
    case
        when r.required_funding_amount is not null and t.template_row <> 34 then s.weighted_amount
    end as weighted_amount,
    case when t.template_row = 34 then r.nsfr_share end as template_share,
    r.availability,
    r.excluded_rows,
    r.excluded_amount,
    r.excluded_share
from reports.nsfr as r
cross join template as t
left join summed as s
    on
        r.pack = s.pack and r.entity_id = s.entity_id and r.row_kind = s.row_kind
        and t.template_row = s.placed_row
where r.contract_currency = 'all'
