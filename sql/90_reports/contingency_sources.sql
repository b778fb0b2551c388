-- about:  The contingency funding plan: what each source can give by its terms, and what of it is left in a crisis.
-- grain:  as_of_date, entity_id, row_kind, member_entity_id, source_id
-- reads:  staging.funding_source, metrics.report_footers, book.reporting_units, inputs.contingency_sources
with sources as (
    select
        s.entity_id,
        s.source_id,
        s.source_type,
        s.currency,
        s.capacity_amount,
        s.used_amount,
        s.time_to_cash_days,
        s.tested_date,
        s.is_committed,
        p.haircut_share,
        p.is_correlated,
        p.tested_within_days,
        case
            when p.source_type is null
                then 'the plan does not know ' || s.source_type || ' | to fix: add it to contingency_plan.yaml'
            when not s.is_committed then 'no promise'
            when p.is_correlated then 'fails with the bank'
            when s.tested_date is null then 'never tested'
            when s.tested_date < cast($as_of_date as date) - p.tested_within_days then 'not tested for too long'
        end as unusable_reason
    from staging.funding_source as s
    left join inputs.contingency_sources as p on s.source_type = p.source_type
)

select
    cast($as_of_date as date) as as_of_date,
    u.entity_id,
    u.row_kind,
    s.entity_id as member_entity_id,
    s.source_id,
    s.source_type,
    s.currency,
    s.capacity_amount,
    s.used_amount,
    s.capacity_amount - s.used_amount as free_capacity_amount,
    s.time_to_cash_days,
    s.tested_date,
    s.is_committed,
    s.is_correlated,
    s.haircut_share,
    s.unusable_reason,
    case
        when s.unusable_reason is not null then 0
        else
            cast(
                round(cast(s.capacity_amount - s.used_amount as double) * (1 - s.haircut_share), 2) as decimal(18, 2)
            )
    end as usable_after_stress_amount,
    f.availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from sources as s
inner join book.reporting_units as u
    on s.entity_id = u.member_entity_id and not u.is_intragroup and u.row_kind <> 'elimination'
inner join metrics.report_footers as f on u.entity_id = f.entity_id and u.row_kind = f.row_kind
