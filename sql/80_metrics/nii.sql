-- about:  Net interest income of the next 12, 24 and 36 months per entity, currency and product under one scenario.
-- grain:  as_of_date, scenario, entity_id, currency, product_code, is_intragroup
-- reads:  book.positions, scenarios.position_values
select
    cast($as_of_date as date) as as_of_date,
    cast($scenario as varchar) as scenario,
    p.entity_id,
    p.currency,
    p.product_code,
    p.is_intragroup,
    case  -- never a partial sum: one position without a value leaves the row without one
        when count(v.nii_12m) = count(*)
            then cast(sum(cast(v.nii_12m as decimal(38, 6))) as double)
    end as nii_12m,
    case
        when count(v.nii_24m) = count(*)
            then cast(sum(cast(v.nii_24m as decimal(38, 6))) as double)
    end as nii_24m,
    case
        when count(v.nii_36m) = count(*)
            then cast(sum(cast(v.nii_36m as decimal(38, 6))) as double)
    end as nii_36m,
    case
        when count(v.nii_12m_other_path) = count(*)
            then cast(sum(cast(v.nii_12m_other_path as decimal(38, 6))) as double)
    end as nii_12m_other_path,
    case
        when count(v.nii_24m_other_path) = count(*)
            then cast(sum(cast(v.nii_24m_other_path as decimal(38, 6))) as double)
    end as nii_24m_other_path,
    case
        when count(v.nii_36m_other_path) = count(*)
            then cast(sum(cast(v.nii_36m_other_path as decimal(38, 6))) as double)
    end as nii_36m_other_path,
    case
        when count(v.amortised_12m) = count(*)
            then cast(sum(cast(v.amortised_12m as decimal(38, 6))) as double)
    end as amortised_12m,
    case
        when count(v.amortised_24m) = count(*)
            then cast(sum(cast(v.amortised_24m as decimal(38, 6))) as double)
    end as amortised_24m,
    case
        when count(v.amortised_36m) = count(*)
            then cast(sum(cast(v.amortised_36m as decimal(38, 6))) as double)
    end as amortised_36m,
    count(*) as n_positions,
    count(*) - count(v.nii_12m) as n_not_valued
from book.positions as p
left join scenarios.position_values as v
    on p.position_id = v.position_id and v.scenario = $scenario
where
    p.is_in_irrbb_scope
    and p.nii_treatment = 'constant_balance'
    and p.cash_flow_model not in ('balance_only', 'commitment', 'non_performing')
group by p.entity_id, p.currency, p.product_code, p.is_intragroup
