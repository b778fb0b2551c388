-- about:  Deposits by product and currency: what left in a year, what was rolled over, and rates followed and assumed.
-- grain:  as_of_date, entity_id, row_kind, product_code, contract_currency
-- reads:  book.positions, staging.hist_deposit_balance, staging.hist_term_deposit, staging.hist_deposit_rate,
--         metrics.report_footers, book.reporting_units, book.translation_rates, inputs.products,
--         inputs.behaviour_parameters
with held as (
    select
        p.entity_id,
        p.currency,
        p.is_intragroup,
        p.product_code,
        p.carrying_amount as amount,
        p.carrying_amount * coalesce(b.pass_through_up, 0) as passed_amount,
        b.pass_through_up is not null as has_assumption
    from book.positions as p
    inner join inputs.products as d on p.product_code = d.product_code
    left join inputs.behaviour_parameters as b on p.behaviour_segment = b.behaviour_segment and b.scenario = 'base'
    where d.family in ('deposits_non_maturity', 'deposits_term')
),

summed as (
    select
        u.entity_id,
        u.row_kind,
        h.product_code,
        h.currency,
        count(*) > count(t.translation_rate) as is_untranslated,
        bool_and(h.has_assumption) as has_assumption,
        sum(cast(h.amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as amount,
        sum(cast(h.passed_amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as passed_amount
    from held as h
    inner join book.reporting_units as u
        on h.entity_id = u.member_entity_id and h.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on h.currency = t.currency
    where u.row_kind <> 'elimination'
    group by u.entity_id, u.row_kind, h.product_code, h.currency
),

months as (  -- of the year before: balances and what left them; of term deposits also what was rolled over
    select
        entity_id,
        product_code,
        currency,
        balance_amount as balance,
        outflow_amount as outflow,
        0 as matured,
        0 as rolled
    from staging.hist_deposit_balance
    where month > cast($as_of_date as date) - interval 1 year
    union all
    select
        entity_id,
        product_code,
        currency,
        opening_amount as balance,
        broken_amount + matured_amount - rolled_amount as outflow,
        matured_amount as matured,
        rolled_amount as rolled
    from staging.hist_term_deposit
    where month > cast($as_of_date as date) - interval 1 year
),

years as (
    select
        u.entity_id,
        u.row_kind,
        m.product_code,
        m.currency,
        sum(cast(m.balance * t.translation_rate as decimal(38, 6))) as balance,
        sum(cast(m.outflow * t.translation_rate as decimal(38, 6))) as outflow,
        sum(cast(m.matured * t.translation_rate as decimal(38, 6))) as matured,
        sum(cast(m.rolled * t.translation_rate as decimal(38, 6))) as rolled
    from months as m
    inner join book.reporting_units as u
        on m.entity_id = u.member_entity_id and u.row_kind in ('entity', 'group') and not u.is_intragroup
    left join book.translation_rates as t on m.currency = t.currency
    group by u.entity_id, u.row_kind, m.product_code, m.currency
),

rate_months as (
    select
        product_code,
        currency,
        max(month) as last_month,
        max(month) filter (where month <= cast($as_of_date as date) - interval 1 year) as month_before
    from staging.hist_deposit_rate
    group by product_code, currency
),

rates as (
    select
        m.product_code,
        m.currency,
        r.posted_rate,
        r.index_rate,
        r.peer_rate,
        r.posted_rate - e.posted_rate as posted_move,
        r.index_rate - e.index_rate as index_move
    from rate_months as m
    inner join staging.hist_deposit_rate as r
        on m.product_code = r.product_code and m.currency = r.currency and m.last_month = r.month
    left join staging.hist_deposit_rate as e
        on m.product_code = e.product_code and m.currency = e.currency and m.month_before = e.month
)

select
    cast($as_of_date as date) as as_of_date,
    s.entity_id,
    s.row_kind,
    s.product_code,
    s.currency as contract_currency,
    f.currency,
    case when not s.is_untranslated then cast(s.amount as decimal(18, 2)) end as deposit_amount,
    case when not s.is_untranslated then cast(y.balance as decimal(18, 2)) end as twelve_balances_amount,
    case when not s.is_untranslated then cast(y.outflow as decimal(18, 2)) end as yearly_outflow_amount,
    case when not s.is_untranslated then 12 * cast(y.outflow as double) / nullif(cast(y.balance as double), 0) end
        as churn_share,
    case when not s.is_untranslated then cast(y.matured as decimal(18, 2)) end as yearly_matured_amount,
    case when not s.is_untranslated then cast(y.rolled as decimal(18, 2)) end as yearly_rolled_amount,
    case when not s.is_untranslated then cast(y.rolled as double) / nullif(cast(y.matured as double), 0) end
        as rolled_share,
    r.posted_rate,
    r.index_rate,
    r.peer_rate,
    r.posted_rate - r.peer_rate as peer_gap_rate,
    r.posted_move as posted_move_rate,
    r.index_move as index_move_rate,
    case when abs(r.index_move) >= 0.0025 then r.posted_move / r.index_move end as realised_pass_through,
    case when s.has_assumption and not s.is_untranslated then cast(s.passed_amount as decimal(18, 2)) end
        as passed_amount,
    case
        when s.has_assumption and not s.is_untranslated
            then cast(s.passed_amount as double) / nullif(cast(s.amount as double), 0)
    end as assumed_pass_through,
    case when s.is_untranslated then 'not available: an exchange rate is missing' else f.availability end
        as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from summed as s
inner join metrics.report_footers as f on s.entity_id = f.entity_id and s.row_kind = f.row_kind
left join years as y
    on
        s.entity_id = y.entity_id and s.row_kind = y.row_kind and s.product_code = y.product_code
        and s.currency = y.currency
left join rates as r on s.product_code = r.product_code and s.currency = r.currency
