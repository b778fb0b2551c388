-- about:  What the value and the income of a position were at the close before, what moved them since, what they are.
-- grain:  as_of_date, position_id, entity_id, currency, product_code, is_intragroup
-- reads:  book.positions, scenarios.position_values, scenarios.restated_values, inputs.members,
--         book.positions @previous, scenarios.position_values @previous
with opening as (
    select
        p.position_id,
        p.entity_id,
        p.currency,
        p.product_code,
        own.entity_id is not null and other.entity_id is not null as is_intragroup,
        case when p.eve_treatment = 'in' then v.present_value + v.option_value else 0 end as eve,
        case
            when p.nii_treatment = 'constant_balance' and p.cash_flow_model <> 'non_performing'
                then v.nii_12m + v.amortised_12m
            else 0
        end as nii
    from previous.positions as p
    left join previous.position_values as v on p.position_id = v.position_id and v.scenario = 'base'
    left join inputs.members as own on p.entity_id = own.entity_id
    left join inputs.members as other on p.intragroup_entity_id = other.entity_id
    where p.is_in_irrbb_scope and p.cash_flow_model not in ('balance_only', 'commitment')
),

held as (  -- today, on the rates and assumptions before, on today's rates, on today's assumptions too
    select
        p.position_id,
        p.entity_id,
        p.currency,
        p.product_code,
        p.is_intragroup,
        p.eve_treatment = 'in' as is_in_eve,
        p.nii_treatment = 'constant_balance' and p.cash_flow_model <> 'non_performing' as is_in_nii,
        before.present_value + before.option_value as eve_before,
        moved.present_value + moved.option_value as eve_moved,
        v.present_value + v.option_value as eve,
        before.nii_12m + before.amortised_12m as nii_before,
        moved.nii_12m + moved.amortised_12m as nii_moved,
        v.nii_12m + v.amortised_12m as nii
    from book.positions as p
    left join scenarios.restated_values as before
        on p.position_id = before.position_id and before.restatement = 'rates and assumptions before'
    left join scenarios.restated_values as moved
        on p.position_id = moved.position_id and moved.restatement = 'assumptions before'
    left join scenarios.position_values as v on p.position_id = v.position_id and v.scenario = 'base'
    where
        p.is_in_irrbb_scope
        and p.cash_flow_model not in ('balance_only', 'commitment')
        and exists (select 1 from previous.positions)  -- the first close has nothing to compare with
),

closing as (
    select
        position_id,
        entity_id,
        currency,
        product_code,
        is_intragroup,
        case when is_in_eve then eve_before else 0 end as eve_before,
        case when is_in_eve then eve_moved else 0 end as eve_moved,
        case when is_in_eve then eve else 0 end as eve,
        case when is_in_nii then nii_before else 0 end as nii_before,
        case when is_in_nii then nii_moved else 0 end as nii_moved,
        case when is_in_nii then nii else 0 end as nii
    from held
),

parts as (  -- who stays leaves its old group and enters its new one within the step of time
    select
        o.position_id,
        o.entity_id,
        o.currency,
        o.product_code,
        o.is_intragroup,
        o.eve as opening_eve,
        case when c.position_id is null then -o.eve else 0 end as matured_eve,
        0 as new_eve,
        case when c.position_id is null then 0 else -o.eve end as time_eve,
        0 as rates_eve,
        0 as assumptions_eve,
        0 as closing_eve,
        o.nii as opening_nii,
        case when c.position_id is null then -o.nii else 0 end as matured_nii,
        0 as new_nii,
        case when c.position_id is null then 0 else -o.nii end as time_nii,
        0 as rates_nii,
        0 as assumptions_nii,
        0 as closing_nii
    from opening as o
    left join closing as c on o.position_id = c.position_id
    union all
    select
        c.position_id,
        c.entity_id,
        c.currency,
        c.product_code,
        c.is_intragroup,
        0 as opening_eve,
        0 as matured_eve,
        case when o.position_id is null then c.eve_before else 0 end as new_eve,
        case when o.position_id is null then 0 else c.eve_before end as time_eve,
        c.eve_moved - c.eve_before as rates_eve,
        c.eve - c.eve_moved as assumptions_eve,
        c.eve as closing_eve,
        0 as opening_nii,
        0 as matured_nii,
        case when o.position_id is null then c.nii_before else 0 end as new_nii,
        case when o.position_id is null then 0 else c.nii_before end as time_nii,
        c.nii_moved - c.nii_before as rates_nii,
        c.nii - c.nii_moved as assumptions_nii,
        c.nii as closing_nii
    from closing as c
    left join opening as o on c.position_id = o.position_id
)

select  -- never a partial sum: one part without a value leaves the position without one
    cast($as_of_date as date) as as_of_date,
    position_id,
    entity_id,
    currency,
    product_code,
    is_intragroup,
    case when count(opening_eve) = count(*) then cast(sum(cast(opening_eve as decimal(38, 6))) as double) end
        as opening_eve,
    case when count(matured_eve) = count(*) then cast(sum(cast(matured_eve as decimal(38, 6))) as double) end
        as matured_eve,
    case when count(new_eve) = count(*) then cast(sum(cast(new_eve as decimal(38, 6))) as double) end
        as new_eve,
    case when count(time_eve) = count(*) then cast(sum(cast(time_eve as decimal(38, 6))) as double) end
        as time_eve,
    case when count(rates_eve) = count(*) then cast(sum(cast(rates_eve as decimal(38, 6))) as double) end
        as rates_eve,
    case when count(assumptions_eve) = count(*) then cast(sum(cast(assumptions_eve as decimal(38, 6))) as double) end
        as assumptions_eve,
    case when count(closing_eve) = count(*) then cast(sum(cast(closing_eve as decimal(38, 6))) as double) end
        as closing_eve,
    case when count(opening_nii) = count(*) then cast(sum(cast(opening_nii as decimal(38, 6))) as double) end
        as opening_nii,
    case when count(matured_nii) = count(*) then cast(sum(cast(matured_nii as decimal(38, 6))) as double) end
        as matured_nii,
    case when count(new_nii) = count(*) then cast(sum(cast(new_nii as decimal(38, 6))) as double) end
        as new_nii,
    case when count(time_nii) = count(*) then cast(sum(cast(time_nii as decimal(38, 6))) as double) end
        as time_nii,
    case when count(rates_nii) = count(*) then cast(sum(cast(rates_nii as decimal(38, 6))) as double) end
        as rates_nii,
    case when count(assumptions_nii) = count(*) then cast(sum(cast(assumptions_nii as decimal(38, 6))) as double) end
        as assumptions_nii,
    case when count(closing_nii) = count(*) then cast(sum(cast(closing_nii as decimal(38, 6))) as double) end
        as closing_nii
from parts
group by position_id, entity_id, currency, product_code, is_intragroup
