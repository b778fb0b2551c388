-- about:  What value and income lose or gain with each key rate, by leg and currency, and with all of them.
-- grain:  as_of_date, entity_id, row_kind, risk_measure, rate_basis, contract_currency, leg, tenor
-- reads:  metrics.key_rates, metrics.report_footers, book.reporting_units, book.translation_rates,
--         scenarios.stopped_currencies, behaviour.undecided_balances, inputs.products
with placed as (
    select
        u.entity_id,
        u.row_kind,
        d.risk_measure,
        d.rate_basis,
        d.currency as contract_currency,
        case p.side when 'asset' then 'assets' when 'liability' then 'liabilities' else 'derivatives' end as leg,
        d.product_code,
        d.tenor,
        d.dv01 * u.consolidation_factor * t.translation_rate as dv01,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || d.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when d.dv01 is null
                then d.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
        end as cause
    from metrics.key_rates as d
    inner join inputs.products as p on d.product_code = p.product_code
    inner join book.reporting_units as u
        on d.entity_id = u.member_entity_id and d.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on d.currency = t.currency
    left join scenarios.stopped_currencies as stopped
        on d.currency = stopped.currency and stopped.scenario = 'base'
    left join behaviour.undecided_balances as undecided
        on d.entity_id = undecided.entity_id and d.currency = undecided.currency
),

levels as (
    select
        false as is_every_currency,
        false as is_every_leg
    union all
    select
        false as is_every_currency,
        true as is_every_leg
    union all
    select
        true as is_every_currency,
        false as is_every_leg
    union all
    select
        true as is_every_currency,
        true as is_every_leg
),

tenors as (  -- each, and all together
    select false as is_every_tenor
    union all
    select true as is_every_tenor
),

totals as (
    select
        p.entity_id,
        p.row_kind,
        p.risk_measure,
        p.rate_basis,
        case when l.is_every_currency then 'all' else p.contract_currency end as contract_currency,
        case when l.is_every_leg then 'all' else p.leg end as leg,
        case when n.is_every_tenor then 'all' else p.tenor end as tenor,
        case when count(p.cause) = 0 then cast(sum(cast(p.dv01 as decimal(38, 6))) as double) end as dv01,
        min(p.cause) as cause
    from placed as p
    cross join levels as l
    cross join tenors as n
    group by
        p.entity_id,
        p.row_kind,
        p.risk_measure,
        p.rate_basis,
        case when l.is_every_currency then 'all' else p.contract_currency end,
        case when l.is_every_leg then 'all' else p.leg end,
        case when n.is_every_tenor then 'all' else p.tenor end
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.risk_measure,
    t.rate_basis,
    t.contract_currency,
    t.leg,
    t.tenor,
    f.currency,
    cast(t.dv01 as decimal(18, 2)) as dv01,
    case when t.cause is null then f.availability else 'not available: ' || t.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
