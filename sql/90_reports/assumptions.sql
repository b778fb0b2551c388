-- about:  Every figure of the committee: value now and at the close before, who decided it, and what it covers.
-- grain:  as_of_date, entity_id, row_kind, assumption, segment, parameter
-- reads:  inputs.assumptions, book.positions, book.reporting_units, book.translation_rates,
--         metrics.report_footers, reports.assumptions @previous
with held as (
    select
        p.entity_id,
        p.currency,
        p.behaviour_segment,
        p.is_intragroup,
        p.outstanding_principal + p.notional_amount as amount
    from book.positions as p
    where p.is_in_irrbb_scope
),

covered as (
    select
        u.entity_id,
        u.row_kind,
        h.behaviour_segment,
        count(*) - count(t.translation_rate) as n_untranslated,
        sum(cast(h.amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as covered_amount
    from held as h
    inner join book.reporting_units as u
        on h.entity_id = u.member_entity_id and h.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on h.currency = t.currency
    group by u.entity_id, u.row_kind, h.behaviour_segment
),

figures as (
    select
        f.entity_id,
        f.row_kind,
        f.currency,
        f.availability,
        f.excluded_rows,
        f.excluded_amount,
        f.excluded_share,
        a.assumption,
        a.segment,
        a.parameter,
        a.value,
        a.unit,
        a.status,
        a.source,
        a.owner,
        a.approver,
        a.effective_from as effective_date,
        a.expires as expiry_date
    from inputs.assumptions as a
    cross join metrics.report_footers as f
    where f.row_kind <> 'elimination'
),

totals as (  -- a figure of the whole bank covers everything
    select
        f.entity_id,
        f.row_kind,
        f.assumption,
        f.segment,
        f.parameter,
        coalesce(sum(c.n_untranslated), 0) as n_untranslated,
        coalesce(sum(c.covered_amount), 0) as covered_amount
    from figures as f
    left join covered as c
        on
            f.entity_id = c.entity_id and f.row_kind = c.row_kind
            and (f.segment = c.behaviour_segment or f.segment = 'all')
    group by f.entity_id, f.row_kind, f.assumption, f.segment, f.parameter
)

select
    cast($as_of_date as date) as as_of_date,
    f.entity_id,
    f.row_kind,
    f.assumption,
    f.segment,
    f.parameter,
    f.currency,
    f.value,
    p.value as value_prior,
    p.value is not null and p.value <> f.value as is_changed,
    p.as_of_date as prior_as_of_date,
    f.unit,
    case when t.n_untranslated = 0 then cast(t.covered_amount as decimal(18, 2)) end as covered_amount,
    f.source,
    f.owner,
    f.approver,
    f.effective_date,
    f.expiry_date,
    cast($as_of_date as date) between f.effective_date and f.expiry_date as is_in_force,
    f.status as figure_status,
    case when t.n_untranslated > 0 then 'not available: an exchange rate is missing' else f.availability end
        as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from figures as f
inner join totals as t
    on
        f.entity_id = t.entity_id and f.row_kind = t.row_kind and f.assumption = t.assumption
        and f.segment = t.segment and f.parameter = t.parameter
left join previous.assumptions as p
    on
        f.entity_id = p.entity_id and f.row_kind = p.row_kind and f.assumption = p.assumption
        and f.segment = p.segment and f.parameter = p.parameter
