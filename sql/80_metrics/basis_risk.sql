-- about:  What every entity and currency holds on each index, and what the index alone does to value and income.
-- grain:  as_of_date, entity_id, currency, index_id, is_intragroup
-- reads:  book.positions, scenarios.position_sensitivities
select  -- never a partial sum: one position without a value leaves the row without one
    cast($as_of_date as date) as as_of_date,
    p.entity_id,
    p.currency,
    p.index_id,
    p.is_intragroup,
    cast(sum(p.direction * (p.outstanding_principal + p.notional_amount)) as double) as index_exposure_amount,
    case
        when count(v.index_dv01) = count(*)
            then
                cast(
                    sum(cast(case when p.eve_treatment = 'in' then v.index_dv01 else 0 end as decimal(38, 6)))
                    as double
                )
    end as index_dv01,
    case
        when count(v.index_dv01) = count(*)
            then
                cast(
                    sum(
                        cast(
                            case when p.nii_treatment = 'constant_balance' then v.nii_index_dv01 else 0 end
                            as decimal(38, 6)
                        )
                    ) as double
                )
    end as nii_index_dv01
from book.positions as p
left join scenarios.position_sensitivities as v on p.position_id = v.position_id
where
    p.is_in_irrbb_scope
    and p.rate_type = 'floating'
    and p.index_id is not null
    and p.cash_flow_model not in ('balance_only', 'commitment', 'non_performing')
group by p.entity_id, p.currency, p.index_id, p.is_intragroup
