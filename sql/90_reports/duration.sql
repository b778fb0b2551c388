-- about:  Durations, convexity and the value of a basis point by product, leg and currency, derivatives apart.
-- grain:  as_of_date, entity_id, row_kind, contract_currency, leg, product_code
-- reads:  metrics.durations, metrics.report_footers, book.reporting_units, book.translation_rates,
--         scenarios.stopped_currencies, behaviour.undecided_balances, inputs.products
with placed as (
    select
        u.entity_id,
        u.row_kind,
        d.currency as contract_currency,
        case p.side when 'asset' then 'assets' when 'liability' then 'liabilities' else 'derivatives' end as leg,
        d.product_code,
        d.present_value * u.consolidation_factor * t.translation_rate as present_value,
        d.dv01 * u.consolidation_factor * t.translation_rate as dv01,
        d.curvature * u.consolidation_factor * t.translation_rate as curvature,
        d.yield_value * u.consolidation_factor * t.translation_rate as yield_value,
        d.yield_dv01 * u.consolidation_factor * t.translation_rate as yield_dv01,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || d.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when d.dv01 is null
                then d.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
        end as cause
    from metrics.durations as d
    inner join inputs.products as p on d.product_code = p.product_code
    inner join book.reporting_units as u
        on d.entity_id = u.member_entity_id and d.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on d.currency = t.currency
    left join scenarios.stopped_currencies as stopped
        on d.currency = stopped.currency and stopped.scenario = 'base'
    left join behaviour.undecided_balances as undecided
        on d.entity_id = undecided.entity_id and d.currency = undecided.currency
),

levels as (  -- each product, each leg and the whole book, in each currency and in all
    select
        false as is_every_currency,
        false as is_every_leg,
        false as is_every_product
    union all
    select
        false as is_every_currency,
        false as is_every_leg,
        true as is_every_product
    union all
    select
        false as is_every_currency,
        true as is_every_leg,
        true as is_every_product
    union all
    select
        true as is_every_currency,
        false as is_every_leg,
        false as is_every_product
    union all
    select
        true as is_every_currency,
        false as is_every_leg,
        true as is_every_product
    union all
    select
        true as is_every_currency,
        true as is_every_leg,
        true as is_every_product
),

totals as (
    select
        p.entity_id,
        p.row_kind,
        case when l.is_every_currency then 'all' else p.contract_currency end as contract_currency,
        case when l.is_every_leg then 'all' else p.leg end as leg,
        case when l.is_every_product then 'all' else p.product_code end as product_code,
        case when count(p.cause) = 0 then cast(sum(cast(p.present_value as decimal(38, 6))) as double) end
            as present_value,
        case when count(p.cause) = 0 then cast(sum(cast(p.dv01 as decimal(38, 6))) as double) end
            as dv01,
        case when count(p.cause) = 0 then cast(sum(cast(p.curvature as decimal(38, 6))) as double) end
            as curvature,
        case when count(p.cause) = 0 then cast(sum(cast(p.yield_value as decimal(38, 6))) as double) end
            as yield_value,
        case when count(p.cause) = 0 then cast(sum(cast(p.yield_dv01 as decimal(38, 6))) as double) end
            as yield_dv01,
        min(p.cause) as cause
    from placed as p
    cross join levels as l
    group by
        p.entity_id,
        p.row_kind,
        case when l.is_every_currency then 'all' else p.contract_currency end,
        case when l.is_every_leg then 'all' else p.leg end,
        case when l.is_every_product then 'all' else p.product_code end
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.contract_currency,
    t.leg,
    t.product_code,
    f.currency,
    cast(t.present_value as decimal(18, 2)) as present_value,
    cast(t.dv01 as decimal(18, 2)) as dv01,
    t.curvature,
    cast(t.yield_value as decimal(18, 2)) as yield_value,
    cast(t.yield_dv01 as decimal(18, 2)) as yield_dv01,
    10000 * t.dv01 / nullif(t.present_value, 0) as effective_duration_years,
    10000 * t.yield_dv01 / nullif(t.yield_value, 0) as macaulay_duration_years,
    t.curvature / nullif(t.present_value, 0) as convexity,
    case when t.cause is null then f.availability else 'not available: ' || t.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
