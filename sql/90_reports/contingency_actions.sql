-- about:  Levels of the contingency plan: what triggers each, whether it is reached, what is done then and by whom.
-- grain:  as_of_date, entity_id, row_kind, contingency_level, action_place
-- reads:  reports.early_warning, metrics.report_footers, inputs.contingency_actions
with warnings as (
    select
        entity_id,
        row_kind,
        count(*) filter (where warning_status = 'red') as n_red,
        count(*) filter (where warning_status in ('amber', 'red')) as n_warning
    from reports.early_warning
    group by entity_id, row_kind
)

select
    cast($as_of_date as date) as as_of_date,
    w.entity_id,
    w.row_kind,
    a.contingency_level,
    a.action_place,
    a.level_place,
    w.n_red >= a.trigger_red or w.n_warning >= a.trigger_amber as is_triggered,
    cast(w.n_red as integer) as n_red,
    a.trigger_red,
    cast(w.n_warning as integer) as n_warning,
    a.trigger_amber,
    a.action as planned_action,
    a.owner,
    a.within_hours,
    f.availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from warnings as w
inner join metrics.report_footers as f on w.entity_id = f.entity_id and w.row_kind = f.row_kind
cross join inputs.contingency_actions as a
