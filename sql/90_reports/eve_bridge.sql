-- about:  From book equity to economic value: what is out of the measure, and fair value less book by product.
-- grain:  as_of_date, entity_id, row_kind, measure_part, product_code
-- reads:  metrics.eve, metrics.report_footers, book.positions, book.reporting_units, book.translation_rates,
--         scenarios.stopped_currencies, behaviour.undecided_balances
with held as (
    select
        p.entity_id,
        p.currency,
        p.product_code,
        p.is_in_irrbb_scope and p.eve_treatment = 'in' as is_valued,
        p.is_intragroup,
        p.direction * (p.carrying_amount + p.accrued_interest) as amount
    from book.positions as p
    where p.side in ('asset', 'liability')
),

amounts as (
    select
        entity_id,
        currency,
        product_code,
        is_intragroup,
        'in economic value' as measure_part,
        amount as net_carrying_amount,
        0 as out_of_measure_amount,
        -amount as fair_value_adjustment_amount,
        0 as eve
    from held
    where is_valued
    union all
    select
        entity_id,
        currency,
        product_code,
        is_intragroup,
        'not in economic value' as measure_part,
        amount as net_carrying_amount,
        -amount as out_of_measure_amount,
        0 as fair_value_adjustment_amount,
        0 as eve
    from held
    where not is_valued
    union all
    select
        entity_id,
        currency,
        product_code,
        is_intragroup,
        'in economic value' as measure_part,
        0 as net_carrying_amount,
        0 as out_of_measure_amount,
        present_value + option_value as fair_value_adjustment_amount,
        present_value + option_value as eve
    from metrics.eve
    where scenario = 'base'
),

placed as (
    select
        u.entity_id,
        u.row_kind,
        a.measure_part,
        a.product_code,
        cast(a.net_carrying_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))
            as net_carrying_amount,
        cast(a.out_of_measure_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))
            as out_of_measure_amount,
        cast(a.fair_value_adjustment_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))
            as fair_value_adjustment_amount,
        cast(a.eve * u.consolidation_factor * t.translation_rate as decimal(38, 6)) as eve,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || a.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when a.eve is null
                then a.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
        end as cause
    from amounts as a
    inner join book.reporting_units as u
        on a.entity_id = u.member_entity_id and a.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on a.currency = t.currency
    left join scenarios.stopped_currencies as stopped
        on a.currency = stopped.currency and stopped.scenario = 'base'
    left join behaviour.undecided_balances as undecided
        on a.entity_id = undecided.entity_id and a.currency = undecided.currency
),

levels as (  -- each product, each part and the whole balance sheet
    select
        false as is_every_part,
        false as is_every_product
    union all
    select
        false as is_every_part,
        true as is_every_product
    union all
    select
        true as is_every_part,
        true as is_every_product
),

totals as (
    select
        p.entity_id,
        p.row_kind,
        case when l.is_every_part then 'all' else p.measure_part end as measure_part,
        case when l.is_every_product then 'all' else p.product_code end as product_code,
        case when count(p.cause) = 0 then sum(p.net_carrying_amount) end as net_carrying_amount,
        case when count(p.cause) = 0 then sum(p.out_of_measure_amount) end as out_of_measure_amount,
        case when count(p.cause) = 0 then sum(p.fair_value_adjustment_amount) end as fair_value_adjustment_amount,
        case when count(p.cause) = 0 then sum(p.eve) end as eve,
        min(p.cause) as cause
    from placed as p
    cross join levels as l
    group by
        p.entity_id,
        p.row_kind,
        case when l.is_every_part then 'all' else p.measure_part end,
        case when l.is_every_product then 'all' else p.product_code end
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.measure_part,
    t.product_code,
    f.currency,
    cast(t.net_carrying_amount as decimal(18, 2)) as net_carrying_amount,
    cast(t.out_of_measure_amount as decimal(18, 2)) as out_of_measure_amount,
    cast(t.fair_value_adjustment_amount as decimal(18, 2)) as fair_value_adjustment_amount,
    cast(t.eve as decimal(18, 2)) as eve,
    case when t.cause is null then f.availability else 'not available: ' || t.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
