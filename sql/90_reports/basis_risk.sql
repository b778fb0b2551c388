-- about:  What rests on each index, and what value and income lose or gain when it alone moves by a basis point.
-- grain:  as_of_date, entity_id, row_kind, contract_currency, index_id
-- reads:  metrics.basis_risk, metrics.report_footers, book.reporting_units, book.translation_rates,
--         scenarios.stopped_currencies, behaviour.undecided_balances
with translated as (
    select
        u.entity_id,
        u.row_kind,
        b.currency as contract_currency,
        b.index_id,
        b.index_exposure_amount * u.consolidation_factor * t.translation_rate as index_exposure_amount,
        b.index_dv01 * u.consolidation_factor * t.translation_rate as index_dv01,
        b.nii_index_dv01 * u.consolidation_factor * t.translation_rate as nii_index_dv01,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || b.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when b.index_dv01 is null
                then b.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
        end as cause
    from metrics.basis_risk as b
    inner join book.reporting_units as u
        on b.entity_id = u.member_entity_id and b.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on b.currency = t.currency
    left join scenarios.stopped_currencies as stopped
        on b.currency = stopped.currency and stopped.scenario = 'base'
    left join behaviour.undecided_balances as undecided
        on b.entity_id = undecided.entity_id and b.currency = undecided.currency
),

levels as (  -- each index, and all together
    select false as is_every_index
    union all
    select true as is_every_index
),

totals as (
    select
        b.entity_id,
        b.row_kind,
        case when l.is_every_index then 'all' else b.contract_currency end as contract_currency,
        case when l.is_every_index then 'all' else b.index_id end as index_id,
        min(b.cause) as cause,
        sum(cast(b.index_exposure_amount as decimal(38, 6))) as index_exposure_amount,
        sum(cast(b.index_dv01 as decimal(38, 6))) as index_dv01,
        sum(cast(b.nii_index_dv01 as decimal(38, 6))) as nii_index_dv01
    from translated as b
    cross join levels as l
    group by
        b.entity_id,
        b.row_kind,
        case when l.is_every_index then 'all' else b.contract_currency end,
        case when l.is_every_index then 'all' else b.index_id end
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.contract_currency,
    t.index_id,
    f.currency,
    case when t.cause is null then cast(t.index_exposure_amount as decimal(18, 2)) end as index_exposure_amount,
    case when t.cause is null then cast(t.index_dv01 as decimal(18, 2)) end as index_dv01,
    case when t.cause is null then cast(t.nii_index_dv01 as decimal(18, 2)) end as nii_index_dv01,
    case when t.cause is null then f.availability else 'not available: ' || t.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from totals as t
inner join metrics.report_footers as f on t.entity_id = f.entity_id and t.row_kind = f.row_kind
