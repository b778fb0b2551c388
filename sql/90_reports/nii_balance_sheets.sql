-- about:  Net interest income by scenario and horizon when the balance sheet runs off, stays, or follows the plan.
-- grain:  as_of_date, entity_id, row_kind, scenario, horizon_months
-- reads:  reports.nii_sensitivity, reports.nii_monthly, metrics.nii_growth
with constant_balance as (
    select
        entity_id,
        row_kind,
        scenario,
        horizon_months,
        currency,
        nii as nii_constant,
        availability,
        excluded_rows,
        excluded_amount,
        excluded_share
    from reports.nii_sensitivity
    where family = 'total' and row_kind <> 'elimination'
),

replaced as (  -- what renewed principal brings, and balances that stay
    select
        c.entity_id,
        c.row_kind,
        c.scenario,
        c.horizon_months,
        sum(m.replacement_amount) as replacement_amount
    from constant_balance as c
    inner join reports.nii_monthly as m
        on
            c.entity_id = m.entity_id and c.row_kind = m.row_kind and c.scenario = m.scenario
            and m.family = 'total' and c.horizon_months >= m.month_index
    group by c.entity_id, c.row_kind, c.scenario, c.horizon_months
),

planned as (
    select
        c.entity_id,
        c.row_kind,
        c.scenario,
        c.horizon_months,
        cast(sum(cast(g.new_assets_amount as decimal(38, 6))) as decimal(18, 2)) as new_assets_amount,
        cast(sum(cast(g.new_liabilities_amount as decimal(38, 6))) as decimal(18, 2)) as new_liabilities_amount,
        cast(sum(cast(g.growth_income_amount as decimal(38, 6))) as decimal(18, 2)) as growth_income_amount,
        cast(sum(cast(g.balancing_income_amount as decimal(38, 6))) as decimal(18, 2)) as balancing_income_amount
    from constant_balance as c
    inner join metrics.nii_growth as g
        on
            c.entity_id = g.entity_id and c.row_kind = g.row_kind and c.scenario = g.scenario
            and c.horizon_months >= g.month_index
    group by c.entity_id, c.row_kind, c.scenario, c.horizon_months
)

select
    cast($as_of_date as date) as as_of_date,
    c.entity_id,
    c.row_kind,
    c.scenario,
    c.horizon_months,
    c.currency,
    c.nii_constant - r.replacement_amount as nii_run_off,
    r.replacement_amount,
    c.nii_constant,
    case when c.nii_constant is not null then p.new_assets_amount end as new_assets_amount,
    case when c.nii_constant is not null then p.new_liabilities_amount end as new_liabilities_amount,
    case when c.nii_constant is not null then p.growth_income_amount end as growth_income_amount,
    case when c.nii_constant is not null then p.balancing_income_amount end as balancing_income_amount,
    c.nii_constant + p.growth_income_amount + p.balancing_income_amount as nii_dynamic,
    c.availability,
    c.excluded_rows,
    c.excluded_amount,
    c.excluded_share
from constant_balance as c
left join replaced as r
    on
        c.entity_id = r.entity_id and c.row_kind = r.row_kind and c.scenario = r.scenario
        and c.horizon_months = r.horizon_months
left join planned as p
    on
        c.entity_id = p.entity_id and c.row_kind = p.row_kind and c.scenario = p.scenario
        and c.horizon_months = p.horizon_months
