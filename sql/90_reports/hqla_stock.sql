-- about:  The stock of high-quality liquid assets by level, short repos unwound, and what the caps take off it.
-- grain:  as_of_date, pack, entity_id, row_kind, contract_currency
-- reads:  metrics.hqla_holdings, metrics.report_footers, book.reporting_units, book.translation_rates, inputs.hqla_caps
with translated as (
    select
        h.pack,
        u.entity_id,
        u.row_kind,
        h.currency as contract_currency,
        h.hqla_level,
        h.hqla_value * u.consolidation_factor * t.translation_rate as hqla_value,
        h.returned_hqla_value * u.consolidation_factor * t.translation_rate as returned_hqla_value,
        h.repaid_cash * u.consolidation_factor * t.translation_rate as repaid_cash,
        case
            when t.translation_rate is null
                then
                    'no exchange rate for ' || h.currency
                    || ' | book.translation_rates | to fix: deliver it in fx_rate'
            when h.unclassified_reason is not null
                then h.position_id || ': ' || h.unclassified_reason || ' | metrics.lcr_unclassified'
        end as cause
    from metrics.hqla_holdings as h
    inner join book.reporting_units as u on h.entity_id = u.member_entity_id and not u.is_intragroup
    left join book.translation_rates as t on h.currency = t.currency
),

views as (  -- each currency, and all together
    select false as is_every_currency
    union all
    select true as is_every_currency
),

levels as (
    select
        h.pack,
        h.entity_id,
        h.row_kind,
        case when v.is_every_currency then 'all' else h.contract_currency end as contract_currency,
        min(h.cause) as cause,
        sum(cast(case when h.hqla_level = 'l1' then h.hqla_value else 0 end as decimal(38, 6))) as level_1,
        sum(cast(case when h.hqla_level = 'l2a' then h.hqla_value else 0 end as decimal(38, 6))) as level_2a,
        sum(cast(case when h.hqla_level = 'l2b' then h.hqla_value else 0 end as decimal(38, 6))) as level_2b,
        sum(
            cast(
                case when h.hqla_level = 'l1' then h.hqla_value + h.returned_hqla_value else 0 end - h.repaid_cash
                as decimal(38, 6)
            )
        ) as adjusted_level_1,
        sum(
            cast(
                case when h.hqla_level = 'l2a' then h.hqla_value + h.returned_hqla_value else 0 end as decimal(38, 6)
            )
        ) as adjusted_level_2a,
        sum(
            cast(
                case when h.hqla_level = 'l2b' then h.hqla_value + h.returned_hqla_value else 0 end as decimal(38, 6)
            )
        ) as adjusted_level_2b
    from translated as h
    cross join views as v
    group by
        h.pack,
        h.entity_id,
        h.row_kind,
        case when v.is_every_currency then 'all' else h.contract_currency end
),

shown as (  -- caps are taken off the levels as they are shown, so that each cell follows from its row
    select
        l.pack,
        l.entity_id,
        l.row_kind,
        l.contract_currency,
        l.cause,
        c.level_2_cap_share,
        c.level_2b_cap_share,
        cast(l.level_1 as decimal(18, 2)) as level_1_amount,
        cast(l.level_2a as decimal(18, 2)) as level_2a_amount,
        cast(l.level_2b as decimal(18, 2)) as level_2b_amount,
        cast(l.adjusted_level_1 as decimal(18, 2)) as adjusted_level_1_amount,
        cast(l.adjusted_level_2a as decimal(18, 2)) as adjusted_level_2a_amount,
        cast(l.adjusted_level_2b as decimal(18, 2)) as adjusted_level_2b_amount,
        cast(cast(l.level_1 as decimal(18, 2)) as double) as l1,
        cast(cast(l.level_2a as decimal(18, 2)) as double) as l2a,
        cast(cast(l.level_2b as decimal(18, 2)) as double) as l2b,
        cast(cast(l.adjusted_level_1 as decimal(18, 2)) as double) as a1,
        cast(cast(l.adjusted_level_2a as decimal(18, 2)) as double) as a2a,
        cast(cast(l.adjusted_level_2b as decimal(18, 2)) as double) as a2b
    from levels as l
    inner join inputs.hqla_caps as c on l.pack = c.pack
),

first_cap as (
    select
        *,
        round(
            greatest(
                a2b - level_2b_cap_share / (1 - level_2b_cap_share) * (a1 + a2a),
                a2b - level_2b_cap_share / (1 - level_2_cap_share) * a1,
                0
            ),
            2
        ) as b_cap
    from shown
),

capped as (
    select
        *,
        round(greatest(a2a + a2b - b_cap - level_2_cap_share / (1 - level_2_cap_share) * a1, 0), 2) as cap,
        round(
            l1 + l2a + l2b
            - greatest(
                a2a + a2b - level_2_cap_share / (1 - level_2_cap_share) * a1,
                a2b - level_2b_cap_share / (1 - level_2b_cap_share) * (a1 + a2a),
                0
            ),
            2
        ) as in_one_step
    from first_cap
)

select
    cast($as_of_date as date) as as_of_date,
    c.pack,
    c.entity_id,
    c.row_kind,
    c.contract_currency,
    f.currency,
    case when c.cause is null then c.level_1_amount end as level_1_amount,
    case when c.cause is null then c.level_2a_amount end as level_2a_amount,
    case when c.cause is null then c.level_2b_amount end as level_2b_amount,
    case when c.cause is null then c.adjusted_level_1_amount end as adjusted_level_1_amount,
    case when c.cause is null then c.adjusted_level_2a_amount end as adjusted_level_2a_amount,
    case when c.cause is null then c.adjusted_level_2b_amount end as adjusted_level_2b_amount,
    c.level_2_cap_share,
    c.level_2b_cap_share,
    case when c.cause is null then cast(c.b_cap as decimal(18, 2)) end as level_2b_cap_amount,
    case when c.cause is null then cast(c.cap as decimal(18, 2)) end as level_2_cap_amount,
    case
        when c.cause is null
            then
                cast(
                    c.level_1_amount + c.level_2a_amount + c.level_2b_amount - cast(c.b_cap as decimal(18, 2))
                    - cast(c.cap as decimal(18, 2)) as decimal(18, 2)
                )
    end as hqla_amount,
    case when c.cause is null then cast(c.in_one_step as decimal(18, 2)) end as hqla_in_one_step_amount,
    case when c.cause is null then f.availability else 'not available: ' || c.cause end as availability,
    f.excluded_rows,
    cast(f.excluded_amount as decimal(18, 2)) as excluded_amount,
    f.excluded_share
from capped as c
inner join metrics.report_footers as f on c.entity_id = f.entity_id and c.row_kind = f.row_kind
where c.row_kind <> 'elimination'
