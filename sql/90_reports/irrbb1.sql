-- about:  Template IRRBB1: what each shock of a pack does to economic value and income, now and at the close before.
-- grain:  as_of_date, entity_id, row_kind, pack, line_number, template_line
-- reads:  reports.irrbb_outlier_test, metrics.report_footers, inputs.scenarios, inputs.shock_shapes,
--         reports.irrbb1 @previous
with shapes as (  -- of the packs of which the close has a scenario
    select
        s.pack,
        s.shape as template_line,
        s.shape_number as line_number
    from inputs.shock_shapes as s
    where
        s.has_outlier_test
        and s.pack in (
            select sc.pack
            from inputs.scenarios as sc
            where sc.is_closing
        )
),

shocks as (
    select
        f.entity_id,
        f.row_kind,
        s.pack,
        s.template_line,
        s.line_number,
        t.delta_eve_weighted as delta_eve,
        t.delta_nii_12m_weighted as delta_nii_12m,
        s.template_line in ('parallel_up', 'parallel_down') as has_income,
        t.eve_figure_status as figure_status,
        coalesce(t.availability, 'not available: no closing scenario of ' || s.pack || ' and ' || s.template_line)
            as availability
    from shapes as s
    cross join metrics.report_footers as f
    left join reports.irrbb_outlier_test as t
        on f.entity_id = t.entity_id and f.row_kind = t.row_kind and s.pack = t.pack and s.template_line = t.shape
    where f.row_kind <> 'elimination'
),

worst as (  -- the largest loss, known only when every shock is
    select
        entity_id,
        row_kind,
        pack,
        'maximum' as template_line,
        max(line_number) + 1 as line_number,
        case when count(delta_eve) = count(*) then min(delta_eve) end as delta_eve,
        case
            when count(delta_nii_12m) filter (where has_income) = count(*) filter (where has_income)
                then min(delta_nii_12m) filter (where has_income)
        end as delta_nii_12m,
        coalesce(max(figure_status) filter (where figure_status <> 'verified'), max(figure_status))
            as figure_status,
        coalesce(
            min(availability) filter (where availability like 'not available%'), min(availability)
        ) as availability
    from shocks
    group by entity_id, row_kind, pack
),

lines as (
    select
        entity_id,
        row_kind,
        pack,
        template_line,
        line_number,
        delta_eve,
        delta_nii_12m,
        cast(null as double) as tier1_amount,
        figure_status,
        availability
    from shocks
    union all
    select
        entity_id,
        row_kind,
        pack,
        template_line,
        line_number,
        delta_eve,
        delta_nii_12m,
        cast(null as double) as tier1_amount,
        figure_status,
        availability
    from worst
    union all
    select
        w.entity_id,
        w.row_kind,
        w.pack,
        'tier1' as template_line,
        w.line_number + 1 as line_number,
        null as delta_eve,
        null as delta_nii_12m,
        f.tier1_amount,
        null as figure_status,
        case when f.tier1_amount is null then 'not available: no Tier 1 capital delivered' else f.availability end
            as availability
    from worst as w
    inner join metrics.report_footers as f on w.entity_id = f.entity_id and w.row_kind = f.row_kind
)

select
    cast($as_of_date as date) as as_of_date,
    l.entity_id,
    l.row_kind,
    l.pack,
    l.line_number,
    l.template_line,
    f.currency,
    l.delta_eve,
    p.delta_eve as delta_eve_prior,
    l.delta_nii_12m,
    p.delta_nii_12m as delta_nii_12m_prior,
    cast(l.tier1_amount as decimal(18, 2)) as tier1_amount,
    p.tier1_amount as tier1_amount_prior,
    p.as_of_date as prior_as_of_date,
    l.figure_status,
    l.availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from lines as l
inner join metrics.report_footers as f on l.entity_id = f.entity_id and l.row_kind = f.row_kind
left join previous.irrbb1 as p
    on l.entity_id = p.entity_id and l.row_kind = p.row_kind and l.pack = p.pack and l.template_line = p.template_line
