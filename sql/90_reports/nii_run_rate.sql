-- about:  Interest the ledger booked in the month that ended, and what the first month to come brings along forwards.
-- grain:  as_of_date, entity_id, row_kind, contract_currency, product_code
-- reads:  metrics.nii_months, metrics.report_footers, staging.pl_interest
with booked as (  -- the days of the month to come at the daily rate of the one that ended
    select
        entity_id,
        currency,
        product_code,
        sum(
            cast(
                cast(interest_amount as double) / n_days * extract(day from last_day(as_of_date + 1))
                as decimal(38, 6)
            )
        ) as run_rate_amount
    from staging.pl_interest
    where last_day(month) = last_day(as_of_date)
    group by entity_id, currency, product_code
),

simulated as (
    select
        entity_id,
        currency,
        product_code,
        sum(cast(index_interest + margin_interest + option_interest + replacement_interest as decimal(38, 6)))
            as month_income_amount
    from metrics.nii_months
    where scenario = 'base' and month_index = 1
    group by entity_id, currency, product_code
),

compared as (
    select
        coalesce(b.entity_id, s.entity_id) as entity_id,
        coalesce(b.currency, s.currency) as contract_currency,
        coalesce(b.product_code, s.product_code) as product_code,
        b.run_rate_amount,
        s.month_income_amount
    from booked as b
    full join simulated as s
        on b.entity_id = s.entity_id and b.currency = s.currency and b.product_code = s.product_code
)

select
    cast($as_of_date as date) as as_of_date,
    c.entity_id,
    f.row_kind,
    c.contract_currency,
    c.product_code,
    cast(c.run_rate_amount as decimal(18, 2)) as run_rate_amount,
    cast(c.month_income_amount as decimal(18, 2)) as month_income_amount,
    cast(
        round(round(cast(c.month_income_amount as double), 2) - round(cast(c.run_rate_amount as double), 2), 2)
        as decimal(18, 2)
    ) as difference_amount,
    case
        when c.run_rate_amount is null then 'nothing booked in the month that ended'
        when c.month_income_amount is null then 'nothing simulated'
        else f.availability
    end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from compared as c
inner join metrics.report_footers as f on c.entity_id = f.entity_id and f.row_kind = 'entity'
