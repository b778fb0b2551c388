-- about:  The maturity ladder by currency: what is paid in each bucket, the gap, the securities that could cover it.
-- grain:  as_of_date, entity_id, row_kind, contract_currency, view, bucket_set, bucket
-- reads:  metrics.liquidity_gap, metrics.hqla_holdings, metrics.report_footers, book.positions, book.reporting_units,
--         book.translation_rates, scenarios.stopped_currencies, behaviour.undecided_balances,
--         inputs.time_buckets, inputs.hqla_caps
with currency_views (is_every_currency) as (  -- each currency, and all together
    values (false), (true)
),

translated as (
    select
        u.entity_id,
        u.row_kind,
        case when v.is_every_currency then 'all' else g.currency end as contract_currency,
        g.view,
        g.bucket_set,
        g.bucket,
        min(case when t.translation_rate is null then g.currency end) as untranslated_currency,
        sum(cast(g.asset_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as asset_amount,
        sum(cast(g.liability_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as liability_amount,
        sum(cast(g.off_balance_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as off_balance_amount,
        sum(cast(g.gap_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6)))
            as gap_amount,
        sum(
            cast(g.cumulative_gap_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))
        ) as cumulative_gap_amount
    from metrics.liquidity_gap as g
    inner join book.reporting_units as u
        on g.entity_id = u.member_entity_id and g.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on g.currency = t.currency
    cross join currency_views as v
    where g.scenario = 'base'
    group by
        u.entity_id, u.row_kind, case when v.is_every_currency then 'all' else g.currency end, g.view, g.bucket_set,
        g.bucket
),

capacity as (  -- a security covers what is short until it is repaid: from then on its cash is in the gap
    select
        u.entity_id,
        u.row_kind,
        case when v.is_every_currency then 'all' else h.currency end as contract_currency,
        b.bucket_set,
        b.bucket,
        sum(cast(h.hqla_value * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as covering_amount
    from metrics.hqla_holdings as h
    inner join inputs.hqla_caps as k on h.pack = k.pack and k.is_leading
    inner join book.positions as p on h.position_id = p.position_id and p.extract = 'security'
    inner join book.reporting_units as u
        on h.entity_id = u.member_entity_id and p.is_intragroup = u.is_intragroup
    inner join book.translation_rates as t on h.currency = t.currency
    inner join inputs.time_buckets as b
        on
            b.slotted_by = 'payment' and b.kept_by = 'product'
            and coalesce(p.maturity_date > cast($as_of_date as date) + b.upper_days, p.maturity_date is null)
    cross join currency_views as v
    group by
        u.entity_id, u.row_kind, case when v.is_every_currency then 'all' else h.currency end, b.bucket_set, b.bucket
),

held as (
    select distinct
        p.entity_id,
        p.currency,
        p.is_intragroup
    from book.positions as p
    where p.cash_flow_model not in ('balance_only', 'commitment')
),

causes as (
    select
        h.entity_id,
        h.is_intragroup,
        h.currency,
        s.cause
    from held as h
    inner join scenarios.stopped_currencies as s on h.currency = s.currency and s.scenario = 'base'
    union all
    select
        h.entity_id,
        h.is_intragroup,
        h.currency,
        x.cause
    from held as h
    inner join behaviour.undecided_balances as x on h.entity_id = x.entity_id and h.currency = x.currency
),

stopped as (  -- what is stopped has no flows; a total without it would be a partial sum
    select
        u.entity_id,
        u.row_kind,
        case when v.is_every_currency then 'all' else h.currency end as contract_currency,
        min(h.currency || ': ' || h.cause) as cause
    from causes as h
    inner join book.reporting_units as u
        on h.entity_id = u.member_entity_id and h.is_intragroup = u.is_intragroup
    cross join currency_views as v
    group by u.entity_id, u.row_kind, case when v.is_every_currency then 'all' else h.currency end
),

views as (
    select distinct view
    from translated
),

currencies as (
    select
        entity_id,
        row_kind,
        'all' as contract_currency
    from metrics.report_footers
    union
    select
        entity_id,
        row_kind,
        contract_currency
    from translated
    union
    select
        entity_id,
        row_kind,
        contract_currency
    from stopped
),

every_row as (  -- what is added up in the row is added as it is shown
    select
        f.entity_id,
        f.row_kind,
        c.contract_currency,
        views.view,
        b.bucket_set,
        b.bucket,
        b.label,
        f.currency,
        f.assets_amount,
        f.availability,
        f.excluded_rows,
        f.excluded_amount,
        f.excluded_share,
        coalesce(t.asset_amount, 0) as asset_amount,
        coalesce(t.liability_amount, 0) as liability_amount,
        coalesce(t.off_balance_amount, 0) as off_balance_amount,
        coalesce(t.gap_amount, 0) as gap_amount,
        cast(coalesce(t.cumulative_gap_amount, 0) as decimal(18, 2)) as cumulative_gap_amount,
        cast(coalesce(k.covering_amount, 0) as decimal(18, 2)) as covering_amount,
        coalesce(
            'no exchange rate for ' || t.untranslated_currency
            || ' | book.translation_rates | to fix: deliver it in fx_rate',
            stopped.cause
        ) as cause
    from metrics.report_footers as f
    inner join currencies as c on f.entity_id = c.entity_id and f.row_kind = c.row_kind
    cross join views
    cross join inputs.time_buckets as b
    left join translated as t
        on
            f.entity_id = t.entity_id and f.row_kind = t.row_kind
            and c.contract_currency = t.contract_currency and views.view = t.view
            and b.bucket_set = t.bucket_set and b.bucket = t.bucket
    left join capacity as k
        on
            f.entity_id = k.entity_id and f.row_kind = k.row_kind
            and c.contract_currency = k.contract_currency and b.bucket_set = k.bucket_set and b.bucket = k.bucket
    left join stopped
        on
            f.entity_id = stopped.entity_id and f.row_kind = stopped.row_kind
            and c.contract_currency = stopped.contract_currency
    where b.slotted_by = 'payment' and b.kept_by = 'product'
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.row_kind,
    t.contract_currency,
    t.view,
    t.bucket_set,
    t.bucket,
    t.label as bucket_label,
    t.currency,
    case when t.cause is null then cast(t.asset_amount as decimal(18, 2)) end as asset_amount,
    case when t.cause is null then cast(t.liability_amount as decimal(18, 2)) end as liability_amount,
    case when t.cause is null then cast(t.off_balance_amount as decimal(18, 2)) end as off_balance_amount,
    case when t.cause is null then cast(t.gap_amount as decimal(18, 2)) end as gap_amount,
    case when t.cause is null then t.cumulative_gap_amount end as cumulative_gap_amount,
    case
        when t.cause is null and t.row_kind <> 'elimination' and t.contract_currency = 'all'
            then cast(t.cumulative_gap_amount as double) / nullif(t.assets_amount, 0)
    end as cumulative_gap_share,
    case when t.cause is null then t.covering_amount end as covering_amount,
    case when t.cause is null then cast(t.cumulative_gap_amount + t.covering_amount as decimal(18, 2)) end
        as covered_gap_amount,
    case when t.cause is null then t.availability else 'not available: ' || t.cause end as availability,
    t.excluded_rows,
    cast(t.excluded_amount as decimal(18, 2)) as excluded_amount,
    t.excluded_share
from every_row as t
