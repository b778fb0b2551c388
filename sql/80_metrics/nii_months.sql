-- about:  Net interest income along the forwards month by month: what index, margin, options and replacement bring.
-- grain:  as_of_date, scenario, entity_id, currency, product_code, is_intragroup, month_index
-- reads:  scenarios.monthly_balances, book.positions
with product_rows as (  -- intragroup business has product codes of its own
    select
        p.entity_id,
        p.currency,
        p.product_code,
        bool_and(p.is_intragroup) as is_intragroup
    from book.positions as p
    where p.cash_flow_model <> 'balance_only'
    group by p.entity_id, p.currency, p.product_code
)

select
    cast($as_of_date as date) as as_of_date,
    cast($scenario as varchar) as scenario,
    m.entity_id,
    m.currency,
    m.product_code,
    coalesce(r.is_intragroup, false) as is_intragroup,
    m.month_index,
    m.interest_amount - m.margin_interest - m.option_interest as index_interest,
    m.margin_interest,
    m.option_interest,
    m.replacement_interest,
    m.average_principal
from scenarios.monthly_balances as m
left join product_rows as r
    on m.entity_id = r.entity_id and m.currency = r.currency and m.product_code = r.product_code
where m.scenario = $scenario
