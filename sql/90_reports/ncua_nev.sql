-- about:  Supervisory test of net economic value of credit unions: shares at set prices, the rest at model values.
-- grain:  as_of_date, entity_id, row_kind, scenario
-- reads:  metrics.eve, reports.eve_sensitivity, book.positions, book.reporting_units,
--         book.translation_rates, inputs.products, inputs.scenarios, inputs.nev_tests
with tests as (
    select
        sc.scenario,
        sc.pack,
        n.share_price_base,
        n.share_price_shocked,
        n.ratio_low,
        n.ratio_high,
        n.decline_low,
        n.decline_high,
        n.status
    from inputs.scenarios as sc
    inner join inputs.nev_tests as n on sc.pack = n.pack
    where sc.is_closing
),

held as (
    select
        p.entity_id,
        p.currency,
        p.side,
        p.cash_flow_model,
        p.is_intragroup,
        p.is_in_irrbb_scope and p.eve_treatment = 'in' as is_valued,
        p.carrying_amount,
        p.direction * (p.carrying_amount + p.accrued_interest) as net_amount
    from book.positions as p
    where p.side in ('asset', 'liability')
),

amounts as (
    select
        t.scenario,
        e.entity_id,
        e.currency,
        e.is_intragroup,
        case when p.side = 'asset' then 'assets' else 'other' end as part,
        b.present_value + b.option_value as value_base,
        e.present_value + e.option_value as value_shocked
    from tests as t
    inner join metrics.eve as e on t.scenario = e.scenario
    inner join metrics.eve as b
        on
            e.entity_id = b.entity_id and e.currency = b.currency and e.product_code = b.product_code
            and e.is_intragroup = b.is_intragroup and b.scenario = 'base'
    inner join inputs.products as p on e.product_code = p.product_code
    where p.cash_flow_model <> 'non_maturity'
    union all
    select  -- without a value of its own: as the accounts carry it
        t.scenario,
        h.entity_id,
        h.currency,
        h.is_intragroup,
        case when h.side = 'asset' then 'assets' else 'other' end as part,
        h.net_amount as value_base,
        h.net_amount as value_shocked
    from tests as t
    cross join held as h
    where not h.is_valued
    union all
    select
        t.scenario,
        h.entity_id,
        h.currency,
        h.is_intragroup,
        'shares' as part,
        -t.share_price_base * h.carrying_amount as value_base,
        -t.share_price_shocked * h.carrying_amount as value_shocked
    from tests as t
    cross join held as h
    where h.cash_flow_model = 'non_maturity' and h.is_valued
),

translated as (
    select
        u.entity_id,
        u.row_kind,
        a.scenario,
        a.part,
        cast(a.value_base * u.consolidation_factor * t.translation_rate as decimal(38, 6)) as value_base,
        cast(a.value_shocked * u.consolidation_factor * t.translation_rate as decimal(38, 6)) as value_shocked
    from amounts as a
    inner join book.reporting_units as u
        on a.entity_id = u.member_entity_id and a.is_intragroup = u.is_intragroup
    left join book.translation_rates as t on a.currency = t.currency
    where u.row_kind <> 'elimination'
),

totals as (
    select
        entity_id,
        row_kind,
        scenario,
        cast(sum(case when part = 'assets' then value_base else 0 end) as double) as assets_value_base,
        cast(sum(case when part = 'assets' then value_shocked else 0 end) as double) as assets_value,
        cast(sum(case when part = 'shares' then value_base else 0 end) as double) as shares_value_base,
        cast(sum(case when part = 'shares' then value_shocked else 0 end) as double) as shares_value,
        cast(sum(case when part = 'other' then value_base else 0 end) as double) as other_value_base,
        cast(sum(case when part = 'other' then value_shocked else 0 end) as double) as other_value,
        cast(sum(value_base) as double) as nev_base,
        cast(sum(value_shocked) as double) as nev
    from translated
    group by entity_id, row_kind, scenario
),

rated as (
    select
        v.entity_id,
        v.row_kind,
        v.scenario,
        v.currency,
        s.pack,
        s.share_price_base,
        s.share_price_shocked,
        s.ratio_low,
        s.ratio_high,
        s.decline_low,
        s.decline_high,
        s.status,
        t.assets_value_base,
        t.assets_value,
        t.shares_value_base,
        t.shares_value,
        t.other_value_base,
        t.other_value,
        t.nev_base,
        t.nev,
        t.nev / nullif(t.assets_value, 0) as nev_ratio_share,
        (t.nev_base - t.nev) / nullif(t.nev_base, 0) as nev_decline_share,
        v.availability,
        v.excluded_rows,
        v.excluded_amount,
        v.excluded_share
    from reports.eve_sensitivity as v
    inner join tests as s on v.scenario = s.scenario
    left join totals as t  -- no total where a value is missing
        on
            v.entity_id = t.entity_id and v.row_kind = t.row_kind and v.scenario = t.scenario
            and v.eve is not null and v.eve_base is not null
    where v.family = 'total' and v.row_kind <> 'elimination'
),

levels as (
    select
        entity_id,
        row_kind,
        scenario,
        case
            when nev_ratio_share < ratio_high then 3
            when nev_ratio_share > ratio_low then 1
            when nev_ratio_share is not null then 2
        end as ratio_level,
        case
            when nev_base <= 0 or nev_decline_share > decline_high then 3  -- nothing left to lose
            when nev_decline_share < decline_low then 1
            when nev_decline_share is not null then 2
        end as decline_level
    from rated
)

select
    cast($as_of_date as date) as as_of_date,
    r.entity_id,
    r.row_kind,
    r.scenario,
    r.currency,
    r.pack,
    r.share_price_base,
    r.share_price_shocked,
    cast(r.assets_value_base as decimal(18, 2)) as assets_value_base,
    cast(r.assets_value as decimal(18, 2)) as assets_value,
    cast(r.shares_value_base as decimal(18, 2)) as shares_value_base,
    cast(r.shares_value as decimal(18, 2)) as shares_value,
    cast(r.other_value_base as decimal(18, 2)) as other_value_base,
    cast(r.other_value as decimal(18, 2)) as other_value,
    cast(r.nev_base as decimal(18, 2)) as nev_base,
    cast(r.nev as decimal(18, 2)) as nev,
    r.nev_ratio_share,
    r.nev_decline_share,
    ['low', 'moderate', 'high'][l.ratio_level] as ratio_risk_level,
    ['low', 'moderate', 'high'][l.decline_level] as decline_risk_level,
    ['low', 'moderate', 'high'][greatest(l.ratio_level, l.decline_level)] as risk_level,
    r.status as figure_status,
    r.availability,
    r.excluded_rows,
    r.excluded_amount,
    r.excluded_share
from rated as r
inner join levels as l on r.entity_id = l.entity_id and r.row_kind = l.row_kind and r.scenario = l.scenario
