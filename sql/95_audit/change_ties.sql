-- about:  What must tie between two closes: steps add up, they begin and end at what was reported.
-- grain:  as_of_date, invariant, scope
-- reads:  reports.eve_change, reports.nii_change, reports.eve_sensitivity, reports.nii_sensitivity,
--         reports.eve_sensitivity @previous, reports.nii_sensitivity @previous
with changes as (
    select
        'economic value' as measure,
        entity_id,
        row_kind,
        family,
        change_step,
        eve_amount as amount
    from reports.eve_change
    union all
    select
        'income' as measure,
        entity_id,
        row_kind,
        family,
        change_step,
        nii_amount as amount
    from reports.nii_change
),

reported as (
    select
        'economic value' as measure,
        'closing' as change_step,
        entity_id,
        row_kind,
        eve as amount
    from reports.eve_sensitivity
    where scenario = 'base' and family = 'total'
    union all
    select
        'economic value' as measure,
        'opening' as change_step,
        entity_id,
        row_kind,
        eve as amount
    from previous.eve_sensitivity
    where scenario = 'base' and family = 'total'
    union all
    select
        'income' as measure,
        'closing' as change_step,
        entity_id,
        row_kind,
        nii as amount
    from reports.nii_sensitivity
    where scenario = 'base' and family = 'total' and horizon_months = 12
    union all
    select
        'income' as measure,
        'opening' as change_step,
        entity_id,
        row_kind,
        nii as amount
    from previous.nii_sensitivity
    where scenario = 'base' and family = 'total' and horizon_months = 12
),

every_tie as (
    select
        'the steps between two closes leave nothing over' as invariant,
        measure || ' ' || entity_id || ' ' || row_kind || ' ' || family as scope,
        cast(sum(case when change_step = 'closing' then 0 else amount end) as double) as left_value,
        cast(sum(case when change_step = 'closing' then amount else 0 end) as double) as right_value,
        0.005 * count(*) as tolerance_value  -- each is rounded to a cent
    from changes
    group by measure, entity_id, row_kind, family
    having count(*) = count(amount)
    union all
    select
        'the steps between two closes begin and end at what was reported' as invariant,
        c.measure || ' ' || c.change_step || ' ' || c.entity_id || ' ' || c.row_kind as scope,
        cast(c.amount as double) as left_value,
        cast(r.amount as double) as right_value,
        0.01 as tolerance_value
    from changes as c
    inner join reported as r
        on
            c.measure = r.measure and c.change_step = r.change_step and c.entity_id = r.entity_id
            and c.row_kind = r.row_kind
    where c.family = 'total' and c.amount is not null and r.amount is not null
)

select
    cast($as_of_date as date) as as_of_date,
    invariant,
    scope,
    left_value,
    right_value,
    cast(tolerance_value as double) as tolerance_value
from every_tie
