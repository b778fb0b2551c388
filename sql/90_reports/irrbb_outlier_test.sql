-- about:  Loss of economic value and of income per supervisory shock, against Tier 1, by entity and for the group.
-- grain:  as_of_date, entity_id, row_kind, scenario
-- reads:  metrics.eve, metrics.nii, metrics.report_footers, book.reporting_units,
--         book.translation_rates, scenarios.stopped_currencies, behaviour.undecided_balances,
--         inputs.scenarios, inputs.rule_packs, inputs.narrow_bands
with measured as (
    select
        scenario,
        entity_id,
        currency,
        is_intragroup,
        'eve' as measure,
        present_value + option_value as amount
    from metrics.eve
    union all
    select
        scenario,
        entity_id,
        currency,
        is_intragroup,
        'nii' as measure,
        nii_12m + amortised_12m as amount
    from metrics.nii
),

by_currency as (  -- in contract currency, entity rows, eliminations and group
    select
        u.entity_id,
        u.row_kind,
        m.scenario,
        m.measure,
        m.currency,
        case
            when count(m.amount) = count(*)
                then sum(cast(m.amount * u.consolidation_factor as decimal(38, 6)))
        end as amount
    from measured as m
    inner join book.reporting_units as u
        on m.entity_id = u.member_entity_id and m.is_intragroup = u.is_intragroup
    group by u.entity_id, u.row_kind, m.scenario, m.measure, m.currency
),

undecided as (  -- what has no value because no assumption was decided for it
    select
        u.entity_id,
        u.row_kind,
        x.currency,
        min(x.cause) as cause
    from behaviour.undecided_balances as x
    inner join book.reporting_units as u on x.entity_id = u.member_entity_id
    group by u.entity_id, u.row_kind, x.currency
),

changes as (  -- translated, not rounded
    select
        s.entity_id,
        s.row_kind,
        s.scenario,
        s.measure,
        s.currency,
        b.amount * t.translation_rate as base_amount,
        s.amount * t.translation_rate as shocked_amount,
        (s.amount - b.amount) * t.translation_rate as change_amount,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || s.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when s.amount is null or b.amount is null
                then s.currency || ': ' || coalesce(stopped.cause, undecided.cause, 'positions without a value')
        end as cause
    from by_currency as s
    inner join by_currency as b
        on
            s.entity_id = b.entity_id and s.row_kind = b.row_kind
            and s.measure = b.measure and s.currency = b.currency
            and b.scenario = 'base'
    left join book.translation_rates as t on s.currency = t.currency
    left join scenarios.stopped_currencies as stopped
        on s.currency = stopped.currency and s.scenario = stopped.scenario
    left join undecided
        on s.entity_id = undecided.entity_id and s.row_kind = undecided.row_kind and s.currency = undecided.currency
),

band_sides as (  -- gains and losses of an anchor currency and of those in a narrow band around it
    select
        c.entity_id,
        c.row_kind,
        c.scenario,
        c.measure,
        b.band_side,
        sum(cast(greatest(c.change_amount, 0) as decimal(38, 6))) as gain_amount,
        -sum(cast(least(c.change_amount, 0) as decimal(38, 6))) as loss_amount
    from changes as c
    inner join inputs.scenarios as sc on c.scenario = sc.scenario
    inner join inputs.narrow_bands as b
        on sc.pack = b.pack and c.measure = b.measure and c.currency = b.currency
    group by c.entity_id, c.row_kind, c.scenario, c.measure, b.band_side
),

weights as (  -- the pack says what a gain in one currency is worth against a loss in another
    select
        c.entity_id,
        c.row_kind,
        c.scenario,
        c.measure,
        c.currency,
        sc.pack,
        sc.shape,
        r.threshold_share,
        r.status as figure_status,
        case when c.change_amount > 0 and other.loss_amount > 0 then b.status end as band_status,
        case
            when c.change_amount <= 0 then r.loss_weight
            when other.loss_amount > 0  -- written so that the weight's own totals are denominators
                then least(b.gain_weight, greatest(r.gain_weight, 1 / (own.gain_amount / other.loss_amount)))
            else r.gain_weight
        end as currency_weight
    from changes as c
    inner join inputs.scenarios as sc on c.scenario = sc.scenario
    inner join inputs.rule_packs as r on sc.pack = r.pack and c.measure = r.measure
    left join inputs.narrow_bands as b
        on sc.pack = b.pack and c.measure = b.measure and c.currency = b.currency
    left join band_sides as own
        on
            c.entity_id = own.entity_id and c.row_kind = own.row_kind and c.scenario = own.scenario
            and c.measure = own.measure and b.band_side = own.band_side
    left join band_sides as other
        on
            c.entity_id = other.entity_id and c.row_kind = other.row_kind and c.scenario = other.scenario
            and c.measure = other.measure and b.band_side <> other.band_side
    where c.measure = 'eve' or sc.shape in ('parallel_up', 'parallel_down')
),

totals as (
    select
        c.entity_id,
        c.row_kind,
        c.scenario,
        c.measure,
        w.pack,
        w.shape,
        w.threshold_share,
        coalesce(max(w.band_status), w.figure_status) as figure_status,
        min(c.cause) as cause,
        case when count(c.cause) = 0 then cast(sum(cast(c.base_amount as decimal(38, 6))) as double) end
            as base_amount,
        case when count(c.cause) = 0 then cast(sum(cast(c.shocked_amount as decimal(38, 6))) as double) end
            as shocked_amount,
        case when count(c.cause) = 0 then cast(sum(cast(c.change_amount as decimal(38, 6))) as double) end
            as change_amount,
        case
            when count(c.cause) = 0
                then cast(sum(cast(c.change_amount * w.currency_weight as decimal(38, 6))) as double)
        end as weighted_amount
    from changes as c
    inner join weights as w
        on
            c.entity_id = w.entity_id and c.row_kind = w.row_kind and c.scenario = w.scenario
            and c.measure = w.measure and c.currency = w.currency
    group by
        c.entity_id, c.row_kind, c.scenario, c.measure, w.pack, w.shape, w.threshold_share, w.figure_status
),

tests as (
    select
        e.entity_id,
        e.row_kind,
        e.scenario,
        e.pack,
        e.shape,
        f.tier1_amount,
        e.base_amount as eve_base,
        e.shocked_amount as eve,
        e.change_amount as delta_eve,
        e.weighted_amount as delta_eve_weighted,
        e.weighted_amount / nullif(f.tier1_amount, 0) as delta_eve_share,
        e.threshold_share as eve_threshold_share,
        e.figure_status as eve_figure_status,
        n.base_amount as nii_12m_base,
        n.shocked_amount as nii_12m,
        n.change_amount as delta_nii_12m,
        n.weighted_amount as delta_nii_12m_weighted,
        n.weighted_amount / nullif(f.tier1_amount, 0) as delta_nii_12m_share,
        n.threshold_share as nii_threshold_share,
        n.figure_status as nii_figure_status,
        coalesce(e.cause, n.cause) as cause,
        f.currency,
        f.availability,
        f.excluded_rows,
        f.excluded_amount,
        f.excluded_share
    from totals as e
    inner join metrics.report_footers as f on e.entity_id = f.entity_id and e.row_kind = f.row_kind
    left join totals as n
        on
            e.entity_id = n.entity_id and e.row_kind = n.row_kind and e.scenario = n.scenario
            and n.measure = 'nii'
    where e.measure = 'eve' and e.threshold_share is not null
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    row_kind,
    scenario,
    currency,
    pack,
    shape,
    cast(tier1_amount as decimal(18, 2)) as tier1_amount,
    cast(eve_base as decimal(18, 2)) as eve_base,
    cast(eve as decimal(18, 2)) as eve,
    cast(delta_eve as decimal(18, 2)) as delta_eve,
    cast(delta_eve_weighted as decimal(18, 2)) as delta_eve_weighted,
    delta_eve_share,
    eve_threshold_share,
    delta_eve_share < -eve_threshold_share as is_eve_outlier,
    delta_eve_weighted is not null and row_kind <> 'elimination'
    and row_number() over (
        partition by entity_id, row_kind, pack
        order by delta_eve_weighted asc nulls last, scenario asc
    ) = 1 as is_worst_eve,
    eve_figure_status,
    cast(nii_12m_base as decimal(18, 2)) as nii_12m_base,
    cast(nii_12m as decimal(18, 2)) as nii_12m,
    cast(delta_nii_12m as decimal(18, 2)) as delta_nii_12m,
    cast(delta_nii_12m_weighted as decimal(18, 2)) as delta_nii_12m_weighted,
    delta_nii_12m_share,
    nii_threshold_share,
    delta_nii_12m_share < -nii_threshold_share as is_nii_outlier,
    delta_nii_12m_weighted is not null and row_kind <> 'elimination'
    and row_number() over (
        partition by entity_id, row_kind, pack
        order by delta_nii_12m_weighted asc nulls last, scenario asc
    ) = 1 as is_worst_nii,
    nii_figure_status,
    case
        when cause is not null then 'not available: ' || cause
        when tier1_amount is null and row_kind <> 'elimination'
            then 'not available: no Tier 1 capital delivered'
        else availability
    end as availability,
    excluded_rows,
    cast(excluded_amount as decimal(18, 2)) as excluded_amount,
    excluded_share
from tests
