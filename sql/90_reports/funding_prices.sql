-- about:  Funding with an end by product, currency and original term: what ended and what was raised, at which price.
-- grain:  as_of_date, entity_id, row_kind, product_code, contract_currency, tenor_band
-- reads:  book.positions, metrics.report_footers, book.reporting_units, book.translation_rates, inputs.products,
--         book.positions @previous, reports.funding_prices @previous
with closed as (
    select max(as_of_date) as closed_as_of_date
    from previous.positions
),

funding as (  -- what is owed now, and what was owed at the close before and has ended
    select
        p.entity_id,
        p.currency,
        p.is_intragroup,
        p.product_code,
        p.start_date,
        p.maturity_date,
        p.coupon_rate,
        p.carrying_amount as amount,
        case when p.start_date > c.closed_as_of_date then p.carrying_amount else 0 end as raised,
        0 as ended
    from book.positions as p
    cross join closed as c
    where p.side = 'liability' and p.start_date is not null and p.maturity_date is not null
    union all
    select
        e.entity_id,
        e.currency,
        e.is_intragroup,
        e.product_code,
        e.start_date,
        e.maturity_date,
        e.coupon_rate,
        0 as amount,
        0 as raised,
        e.carrying_amount as ended
    from previous.positions as e
    where
        e.side = 'liability' and e.start_date is not null and e.maturity_date is not null
        and e.maturity_date <= cast($as_of_date as date)
),

banded as (
    select
        f.*,
        f.raised * f.coupon_rate as priced,
        case
            when f.maturity_date <= f.start_date + interval 1 month then 'up to 1M'
            when f.maturity_date <= f.start_date + interval 3 months then '>1M-3M'
            when f.maturity_date <= f.start_date + interval 6 months then '>3M-6M'
            when f.maturity_date <= f.start_date + interval 1 year then '>6M-1Y'
            when f.maturity_date <= f.start_date + interval 2 years then '>1Y-2Y'
            when f.maturity_date <= f.start_date + interval 5 years then '>2Y-5Y'
            else '>5Y'
        end as tenor_band
    from funding as f
    inner join inputs.products as d on f.product_code = d.product_code
    where d.family in ('deposits_term', 'wholesale_funding', 'debt_issued', 'interbank')
),

summed as (
    select
        u.entity_id,
        u.row_kind,
        b.product_code,
        b.currency,
        b.tenor_band,
        count(*) > count(t.translation_rate) as is_untranslated,
        sum(cast(b.amount * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as amount,
        sum(cast(b.raised * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as raised,
        sum(cast(b.ended * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as ended,
        sum(cast(b.priced * u.consolidation_factor * t.translation_rate as decimal(38, 6))) as priced
    from banded as b
    inner join book.reporting_units as u
        on b.entity_id = u.member_entity_id and b.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on b.currency = t.currency
    where u.row_kind <> 'elimination'
    group by u.entity_id, u.row_kind, b.product_code, b.currency, b.tenor_band
),

every_row as (  -- before the first close nobody knows what is new
    select
        s.entity_id,
        s.row_kind,
        s.product_code,
        s.currency as contract_currency,
        s.tenor_band,
        f.currency,
        case when not s.is_untranslated then s.amount end as amount,
        case when not s.is_untranslated and c.closed_as_of_date is not null then s.ended end as ended,
        case when not s.is_untranslated and c.closed_as_of_date is not null then s.raised end as raised,
        case when not s.is_untranslated and c.closed_as_of_date is not null then s.priced end as priced,
        case when s.is_untranslated then 'not available: an exchange rate is missing' else f.availability end
            as availability,
        f.excluded_rows,
        f.excluded_amount,
        f.excluded_share
    from summed as s
    cross join closed as c
    inner join metrics.report_footers as f on s.entity_id = f.entity_id and s.row_kind = f.row_kind
)

select
    cast($as_of_date as date) as as_of_date,
    r.entity_id,
    r.row_kind,
    r.product_code,
    r.contract_currency,
    r.tenor_band,
    r.currency,
    cast(r.amount as decimal(18, 2)) as funding_amount,
    cast(r.ended as decimal(18, 2)) as ended_amount,
    cast(r.raised as decimal(18, 2)) as raised_amount,
    cast(r.raised as double) / nullif(cast(r.ended as double), 0) as replaced_share,
    cast(r.priced as decimal(18, 2)) as yearly_interest_amount,
    cast(r.priced as double) / nullif(cast(r.raised as double), 0) as average_coupon_rate,
    p.average_coupon_rate as coupon_rate_before,
    r.availability,
    r.excluded_rows,
    cast(r.excluded_amount as decimal(18, 2)) as excluded_amount,
    r.excluded_share
from every_row as r
left join previous.funding_prices as p
    on
        r.entity_id = p.entity_id and r.row_kind = p.row_kind and r.product_code = p.product_code
        and r.contract_currency = p.contract_currency and r.tenor_band = p.tenor_band
