-- about:  Net interest income by scenario, horizon and product family, on the base path and the other one beside it.
-- grain:  as_of_date, entity_id, row_kind, scenario, horizon_months, family
-- reads:  metrics.nii, metrics.report_footers, book.reporting_units, book.translation_rates,
--         scenarios.stopped_currencies, behaviour.undecided_balances, inputs.products,
--         inputs.scenarios, inputs.rule_packs, inputs.scenario_fx
with measured as (
    select
        scenario,
        entity_id,
        currency,
        product_code,
        is_intragroup,
        12 as horizon_months,
        nii_12m + amortised_12m as nii,
        nii_12m_other_path + amortised_12m as nii_other_path,
        amortised_12m as amortised_amount
    from metrics.nii
    union all
    select
        scenario,
        entity_id,
        currency,
        product_code,
        is_intragroup,
        24 as horizon_months,
        nii_24m + amortised_24m as nii,
        nii_24m_other_path + amortised_24m as nii_other_path,
        amortised_24m as amortised_amount
    from metrics.nii
    union all
    select
        scenario,
        entity_id,
        currency,
        product_code,
        is_intragroup,
        36 as horizon_months,
        nii_36m + amortised_36m as nii,
        nii_36m_other_path + amortised_36m as nii_other_path,
        amortised_36m as amortised_amount
    from metrics.nii
),

lines as (
    select
        m.scenario,
        m.entity_id,
        m.currency,
        m.is_intragroup,
        m.horizon_months,
        p.family,
        m.nii,
        m.nii_other_path,
        m.amortised_amount
    from measured as m
    inner join inputs.products as p on m.product_code = p.product_code
    union all
    select
        scenario,
        entity_id,
        currency,
        is_intragroup,
        horizon_months,
        'total' as family,
        nii,
        nii_other_path,
        amortised_amount
    from measured
),

by_family as (
    select
        u.entity_id,
        u.row_kind,
        l.scenario,
        l.horizon_months,
        l.family,
        min(
            case
                when t.translation_rate is null
                    then
                        'no exchange rate for ' || l.currency
                        || ' | book.translation_rates | to fix: deliver it in fx_rate'
                when l.nii is null or l.nii_other_path is null
                    then l.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
            end
        ) as cause,
        cast(
            sum(
                cast(
                    l.nii * u.consolidation_factor * t.translation_rate
                    * coalesce(x.translation_factor, 1) as decimal(38, 6)
                )
            ) as double
        ) as nii,
        cast(
            sum(
                cast(
                    l.nii_other_path * u.consolidation_factor * t.translation_rate
                    * coalesce(x.translation_factor, 1) as decimal(38, 6)
                )
            ) as double
        ) as nii_other_path,
        cast(
            sum(
                cast(
                    l.amortised_amount * u.consolidation_factor * t.translation_rate
                    * coalesce(x.translation_factor, 1) as decimal(38, 6)
                )
            ) as double
        ) as amortised_amount
    from lines as l
    inner join book.reporting_units as u
        on l.entity_id = u.member_entity_id and l.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on l.currency = t.currency
    left join inputs.scenario_fx as x on l.scenario = x.scenario and l.currency = x.currency
    left join scenarios.stopped_currencies as stopped
        on l.currency = stopped.currency and l.scenario = stopped.scenario
    left join behaviour.undecided_balances as undecided
        on l.entity_id = undecided.entity_id and l.currency = undecided.currency
    group by u.entity_id, u.row_kind, l.scenario, l.horizon_months, l.family
),

compared as (
    select
        s.entity_id,
        s.row_kind,
        s.scenario,
        s.horizon_months,
        s.family,
        coalesce(s.cause, b.cause, total.cause) as cause,
        b.nii as nii_base,
        s.nii,
        s.nii - b.nii as delta_nii,
        b.nii_other_path as nii_other_path_base,
        s.nii_other_path,
        s.nii_other_path - b.nii_other_path as delta_nii_other_path,
        b.amortised_amount as amortised_amount_base,
        s.amortised_amount,
        total.nii as nii_base_total
    from by_family as s
    inner join by_family as b
        on
            s.entity_id = b.entity_id and s.row_kind = b.row_kind and s.family = b.family
            and s.horizon_months = b.horizon_months and b.scenario = 'base'
    inner join by_family as total
        on
            s.entity_id = total.entity_id and s.row_kind = total.row_kind
            and s.horizon_months = total.horizon_months
            and total.scenario = 'base' and total.family = 'total'
)

select
    cast($as_of_date as date) as as_of_date,
    c.entity_id,
    c.row_kind,
    c.scenario,
    c.horizon_months,
    c.family,
    f.currency,
    case when c.cause is null then cast(c.nii_base as decimal(18, 2)) end as nii_base,
    case when c.cause is null then cast(c.nii as decimal(18, 2)) end as nii,
    case when c.cause is null then cast(c.delta_nii as decimal(18, 2)) end as delta_nii,
    case when c.cause is null and c.row_kind <> 'elimination' then c.delta_nii / nullif(abs(c.nii_base_total), 0) end
        as delta_nii_base_share,
    case when c.cause is null then c.delta_nii / nullif(f.tier1_amount, 0) end as delta_nii_tier1_share,
    case when c.cause is null then cast(c.nii_other_path_base as decimal(18, 2)) end as nii_other_path_base,
    case when c.cause is null then cast(c.nii_other_path as decimal(18, 2)) end as nii_other_path,
    case when c.cause is null then cast(c.delta_nii_other_path as decimal(18, 2)) end as delta_nii_other_path,
    case when c.cause is null then cast(c.amortised_amount_base as decimal(18, 2)) end as amortised_amount_base,
    case when c.cause is null then cast(c.amortised_amount as decimal(18, 2)) end as amortised_amount,
    r.status as figure_status,
    case when c.cause is null then f.availability else 'not available: ' || c.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from compared as c
inner join metrics.report_footers as f on c.entity_id = f.entity_id and c.row_kind = f.row_kind
left join inputs.scenarios as sc on c.scenario = sc.scenario
left join inputs.rule_packs as r on sc.pack = r.pack and r.measure = 'nii'
