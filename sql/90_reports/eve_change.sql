-- about:  Why economic value moved since the close before: runs of one step after the other, which leave nothing over.
-- grain:  as_of_date, entity_id, row_kind, family, step_number, change_step
-- reads:  scenarios.position_changes, metrics.report_footers, reports.eve_sensitivity, book.reporting_units,
--         book.translation_rates, inputs.products, reports.eve_sensitivity @previous,
--         book.translation_rates @previous
with translated as (  -- at the exchange rates before, until these move; from then on at today's
    select
        u.entity_id,
        u.row_kind,
        p.family,
        cast(h.opening_eve * u.consolidation_factor * before.translation_rate as decimal(38, 6)) as opening_amount,
        cast(h.matured_eve * u.consolidation_factor * before.translation_rate as decimal(38, 6)) as matured_amount,
        cast(h.new_eve * u.consolidation_factor * before.translation_rate as decimal(38, 6)) as new_amount,
        cast(h.time_eve * u.consolidation_factor * before.translation_rate as decimal(38, 6)) as time_amount,
        cast(h.rates_eve * u.consolidation_factor * before.translation_rate as decimal(38, 6)) as rates_amount,
        cast(
            (h.closing_eve - h.assumptions_eve) * u.consolidation_factor
            * (t.translation_rate - before.translation_rate) as decimal(38, 6)
        ) as exchange_amount,
        cast(h.assumptions_eve * u.consolidation_factor * t.translation_rate as decimal(38, 6)) as assumptions_amount,
        cast(h.closing_eve * u.consolidation_factor * t.translation_rate as decimal(38, 6)) as closing_amount,
        case
            when before.translation_rate is null
                then 'no exchange rate for ' || h.currency || ' at the close before'
            when h.opening_eve is null or h.new_eve is null or h.time_eve is null
                then h.currency || ': positions without a value on the rates before'
            when h.closing_eve is null then h.currency || ': positions without a value'
        end as cause
    from scenarios.position_changes as h
    inner join inputs.products as p on h.product_code = p.product_code
    inner join book.reporting_units as u
        on h.entity_id = u.member_entity_id and h.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on h.currency = t.currency
    left join previous.translation_rates as before on h.currency = before.currency
    where u.row_kind <> 'elimination'
),

levels as (
    select false as is_every_family
    union all
    select true as is_every_family
),

totals as (
    select
        t.entity_id,
        t.row_kind,
        case when l.is_every_family then 'total' else t.family end as family,
        case when count(t.cause) = 0 then sum(t.opening_amount) end as opening_amount,
        case when count(t.cause) = 0 then sum(t.matured_amount) end as matured_amount,
        case when count(t.cause) = 0 then sum(t.new_amount) end as new_amount,
        case when count(t.cause) = 0 then sum(t.time_amount) end as time_amount,
        case when count(t.cause) = 0 then sum(t.rates_amount) end as rates_amount,
        case when count(t.cause) = 0 then sum(t.exchange_amount) end as exchange_amount,
        case when count(t.cause) = 0 then sum(t.assumptions_amount) end as assumptions_amount,
        case when count(t.cause) = 0 then sum(t.closing_amount) end as closing_amount,
        min(t.cause) as cause
    from translated as t
    cross join levels as l
    group by t.entity_id, t.row_kind, case when l.is_every_family then 'total' else t.family end
),

steps as (
    select
        unnest([1, 2, 3, 4, 5, 6, 7, 8]) as step_number,
        unnest([
            'opening', 'matured', 'new', 'time', 'rates', 'exchange_rates', 'assumptions', 'closing'
        ]) as change_step
),

known as (  -- every unit has its total, also at a first close, which has nothing to compare with
    select
        f.entity_id,
        f.row_kind,
        coalesce(t.family, 'total') as family,
        f.currency,
        s.step_number,
        s.change_step,
        case
            when t.cause is not null then null
            when s.change_step = 'opening' then t.opening_amount
            when s.change_step = 'matured' then t.matured_amount
            when s.change_step = 'new' then t.new_amount
            when s.change_step = 'time' then t.time_amount
            when s.change_step = 'rates' then t.rates_amount
            when s.change_step = 'exchange_rates' then t.exchange_amount
            when s.change_step = 'assumptions' then t.assumptions_amount
            when s.change_step = 'closing' then t.closing_amount
        end as amount,
        case
            when
                b.eve is null and b.availability is not null
                then 'not available at the close before: ' || replace(b.availability, 'not available: ', '')
            when b.eve is null then 'not available: no published close before'
            when t.cause is not null then 'not available: ' || t.cause
            else n.availability
        end as availability,
        f.excluded_rows,
        f.excluded_amount,
        f.excluded_share
    from metrics.report_footers as f
    cross join steps as s
    left join totals as t on f.entity_id = t.entity_id and f.row_kind = t.row_kind
    left join reports.eve_sensitivity as n
        on f.entity_id = n.entity_id and f.row_kind = n.row_kind and n.scenario = 'base' and n.family = 'total'
    left join previous.eve_sensitivity as b
        on f.entity_id = b.entity_id and f.row_kind = b.row_kind and b.scenario = 'base' and b.family = 'total'
    where f.row_kind <> 'elimination'
)

select
    cast($as_of_date as date) as as_of_date,
    entity_id,
    row_kind,
    family,
    step_number,
    change_step,
    currency,
    case when availability like 'not available%' then null else cast(amount as decimal(18, 2)) end as eve_amount,
    availability,
    excluded_rows,
    cast(excluded_amount as decimal(18, 2)) as excluded_amount,
    excluded_share
from known
