-- about:  Deposits by segment, insurance, use, relationship, channel, rate and age: what came and what may leave.
-- grain:  as_of_date, entity_id, row_kind, behaviour_segment, insured_part, is_operational, is_close, channel,
--         rate_band, vintage_band
-- reads:  metrics.position_slices, metrics.lcr_lines, metrics.report_footers, book.positions, staging.deposit_nmd,
--         staging.deposit_term, book.reporting_units, book.translation_rates, inputs.behaviour_parameters,
--         inputs.hqla_caps, reports.deposit_monitor @previous
with opened as (
    select
        position_id,
        coalesce(channel, 'not delivered') as channel,
        opening_date
    from staging.deposit_nmd
    union all
    select
        position_id,
        'term' as channel,
        start_date as opening_date
    from staging.deposit_term
),

slices as (
    select
        s.entity_id,
        s.currency,
        s.is_intragroup,
        coalesce(p.behaviour_segment, 'none') as behaviour_segment,
        s.slice_part as insured_part,
        s.is_operational,
        coalesce(s.is_close, false) as is_close,
        o.channel,
        case
            when p.coupon_rate = 0 then 'no interest'
            when p.coupon_rate < 0.01 then 'below 1 %'
            when p.coupon_rate < 0.02 then '1 % to 2 %'
            when p.coupon_rate < 0.03 then '2 % to 3 %'
            else '3 % and more'
        end as rate_band,
        case
            when o.opening_date > cast($as_of_date as date) - interval 1 year then 'under 1Y'
            when o.opening_date > cast($as_of_date as date) - interval 3 years then '1Y-3Y'
            when o.opening_date > cast($as_of_date as date) - interval 10 years then '3Y-10Y'
            else '10Y and older'
        end as vintage_band,
        s.slice_amount,
        s.slice_amount * date_diff('day', o.opening_date, cast($as_of_date as date)) / 365.0 as amount_years,
        s.slice_amount * p.coupon_rate as amount_rate,
        l.weighted_slice_amount as outflow
    from metrics.position_slices as s
    inner join book.positions as p on s.position_id = p.position_id
    inner join opened as o on s.position_id = o.position_id
    inner join inputs.hqla_caps as k on k.is_leading
    left join metrics.lcr_lines as l
        on
            k.pack = l.pack and s.position_id = l.position_id and s.slice_part = l.slice_part
            and s.maturity_band = l.maturity_band and s.encumbrance_band = l.encumbrance_band
    where s.liquidity_class = 'deposit' and s.slice_part <> 'interest'
),

summed as (
    select
        u.entity_id,
        u.row_kind,
        s.behaviour_segment,
        s.insured_part,
        s.is_operational,
        s.is_close,
        s.channel,
        s.rate_band,
        s.vintage_band,
        count(*) > count(t.translation_rate) as is_untranslated,
        sum(cast(s.slice_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as balance,
        sum(cast(s.amount_years * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as amount_years,
        sum(cast(s.amount_rate * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as amount_rate,
        sum(cast(s.outflow * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as outflow
    from slices as s
    inner join book.reporting_units as u
        on s.entity_id = u.member_entity_id and s.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on s.currency = t.currency
    where u.row_kind <> 'elimination'
    group by
        u.entity_id,
        u.row_kind,
        s.behaviour_segment,
        s.insured_part,
        s.is_operational,
        s.is_close,
        s.channel,
        s.rate_band,
        s.vintage_band
)

select
    cast($as_of_date as date) as as_of_date,
    s.entity_id,
    s.row_kind,
    s.behaviour_segment,
    s.insured_part,
    s.is_operational,
    s.is_close,
    s.channel,
    s.rate_band,
    s.vintage_band,
    f.currency,
    case when not s.is_untranslated then cast(s.balance as decimal(18, 2)) end as monitored_amount,
    case when not s.is_untranslated then cast(s.amount_years as decimal(18, 2)) end as amount_years,
    case when not s.is_untranslated then cast(s.amount_rate as decimal(18, 2)) end as yearly_interest_amount,
    case when not s.is_untranslated then cast(s.amount_years as double) / nullif(cast(s.balance as double), 0) end
        as average_age_years,
    case when not s.is_untranslated then cast(s.amount_rate as double) / nullif(cast(s.balance as double), 0) end
        as average_coupon_rate,
    case when not s.is_untranslated then cast(s.outflow as decimal(18, 2)) end as modelled_outflow_amount,
    case when s.channel <> 'term' then b.pass_through_up end as assumed_pass_through_up,
    case when not s.is_untranslated then cast(s.balance - earlier.monitored_amount as decimal(18, 2)) end
        as flow_amount,
    case when s.is_untranslated then 'not available: an exchange rate is missing' else f.availability end
        as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from summed as s
inner join metrics.report_footers as f on s.entity_id = f.entity_id and s.row_kind = f.row_kind
left join inputs.behaviour_parameters as b on s.behaviour_segment = b.behaviour_segment and b.scenario = 'base'
left join previous.deposit_monitor as earlier
    on
        s.entity_id = earlier.entity_id and s.row_kind = earlier.row_kind
        and s.behaviour_segment = earlier.behaviour_segment and s.insured_part = earlier.insured_part
        and s.is_operational = earlier.is_operational and s.is_close = earlier.is_close and s.channel = earlier.channel
        and s.rate_band = earlier.rate_band and s.vintage_band = earlier.vintage_band
