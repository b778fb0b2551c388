-- about:  Assets less liabilities less equity per entity and contract currency; must be zero to the cent.
-- grain:  as_of_date, entity_id, currency
-- reads:  book.balance_sheet
with sides as (
    select
        entity_id,
        currency,
        balance_sheet_line = 'excluded_rows' as is_excluded,
        case when side = 'asset' then carrying_amount else 0 end as assets_amount,
        case when side = 'liability' then carrying_amount else 0 end as liabilities_amount,
        case when side = 'equity' then carrying_amount else 0 end as equity_amount
    from book.balance_sheet
),

totals as (
    select
        entity_id,
        currency,
        sum(case when is_excluded then 0 else assets_amount end) as assets_amount,
        sum(case when is_excluded then 0 else liabilities_amount end) as liabilities_amount,
        sum(case when is_excluded then 0 else equity_amount end) as equity_amount,
        sum(case when is_excluded then assets_amount - liabilities_amount - equity_amount else 0 end)
            as excluded_amount
    from sides
    group by entity_id, currency
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    currency,
    cast(assets_amount as decimal(18, 2)) as assets_amount,
    cast(liabilities_amount as decimal(18, 2)) as liabilities_amount,
    cast(equity_amount as decimal(18, 2)) as equity_amount,
    cast(excluded_amount as decimal(18, 2)) as excluded_amount,
    cast(assets_amount + excluded_amount - liabilities_amount - equity_amount as decimal(18, 2)) as difference_amount
from totals
