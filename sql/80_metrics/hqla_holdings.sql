-- about:  What may count as a high-quality liquid asset, under which rule, and what of it is free of pledges.
-- grain:  as_of_date, pack, position_id
-- reads:  book.positions, book.translation_rates, staging.security, staging.encumbrance_link, staging.borrowing,
--         inputs.products, inputs.hqla_rules, inputs.hqla_caps
with liabilities as (  -- what is pledged for a liability altogether
    select
        entity_id,
        liability_extract,
        liability_no,
        sum(encumbered_amount) as pledged_amount
    from staging.encumbrance_link
    group by entity_id, liability_extract, liability_no
),

links as (  -- a repo that ends within the days of the pack gives its collateral back and takes its cash
    select
        c.pack,
        l.entity_id,
        l.asset_no,
        l.encumbered_amount,
        b.outstanding_principal * l.encumbered_amount / t.pledged_amount * rb.translation_rate / ra.translation_rate
            as borrowed_amount,
        l.encumbrance_type = 'repo'
        and (b.is_open_maturity or b.maturity_date <= cast($as_of_date as date) + c.unwind_days) as is_unwound
    from staging.encumbrance_link as l
    cross join inputs.hqla_caps as c
    inner join liabilities as t
        on
            l.entity_id = t.entity_id and l.liability_extract = t.liability_extract
            and l.liability_no = t.liability_no
    left join staging.borrowing as b
        on l.entity_id = b.entity_id and l.liability_no = b.borrowing_no and l.liability_extract = 'borrowing'
    left join book.translation_rates as rb on b.currency = rb.currency
    left join book.translation_rates as ra on l.currency = ra.currency
    where l.asset_extract = 'security'
),

pledges as (
    select
        pack,
        entity_id,
        asset_no,
        sum(encumbered_amount) as encumbered_amount,
        sum(case when is_unwound then encumbered_amount else 0 end) as returned_amount,
        cast(sum(cast(case when is_unwound then borrowed_amount else 0 end as decimal(38, 6))) as double)
            as repaid_amount
    from links
    group by pack, entity_id, asset_no
),

securities as (
    select
        s.position_id,
        s.security_no,
        s.fair_value_clean_amount + s.accrued_interest as market_value,
        case
            when not s.is_treasury_controlled then 'not under the control of the liquidity function (paragraph 33)'
            when s.hqla_class = 'none' then 'not held as a liquid asset'
        end as scope_reason,
        case
            when s.hqla_class = 'l1' and s.security_type in ('sovereign', 'agency') and s.risk_weight_factor = 0
                then 'sovereign_risk_weight_0'
            when s.hqla_class = 'l2a' and s.security_type in ('sovereign', 'agency') and s.risk_weight_factor <= 0.2
                then 'sovereign_risk_weight_20'
            when s.hqla_class = 'l2a' and s.security_type = 'covered' and s.rating in ('AAA', 'AA+', 'AA', 'AA-')
                then 'covered_bond_aa_minus'
            when s.hqla_class = 'l2a' and s.security_type = 'corporate' and s.rating in ('AAA', 'AA+', 'AA', 'AA-')
                then 'corporate_aa_minus'
            when s.hqla_class = 'l2b' and s.security_type = 'mbs' and s.rating in ('AAA', 'AA+', 'AA')
                then 'mortgage_backed_aa'
            when
                s.hqla_class = 'l2b' and s.security_type = 'corporate'
                and s.rating in ('AAA', 'AA+', 'AA', 'AA-', 'A+', 'A', 'A-', 'BBB+', 'BBB', 'BBB-')
                then 'corporate_bbb_minus'
            when s.hqla_class = 'l2b' and s.security_type = 'equity' then 'equity_major_index'
        end as hqla_rule,
        'class ' || s.hqla_class || ', type ' || s.security_type || ', risk weight '
        || coalesce(cast(s.risk_weight_factor as varchar), 'not delivered') || ', rating '
        || coalesce(s.rating, 'not delivered') as described
    from staging.security as s
),

held as (
    select
        p.entity_id,
        p.currency,
        p.position_id,
        p.product_code,
        s.security_no,
        s.market_value,
        s.scope_reason as own_reason,
        s.hqla_rule,
        s.described
    from book.positions as p
    inner join securities as s on p.position_id = s.position_id
    where p.side = 'asset' and not p.is_intragroup
    union all
    select
        p.entity_id,
        p.currency,
        p.position_id,
        p.product_code,
        null as security_no,
        p.outstanding_principal as market_value,
        null as own_reason,
        case when p.cash_flow_model = 'balance_only' then 'coins_and_banknotes' else 'central_bank_reserves' end
            as hqla_rule,
        'cash' as described
    from book.positions as p
    inner join inputs.products as d on p.product_code = d.product_code
    where p.side = 'asset' and not p.is_intragroup and d.balance_sheet_line = 'cash_and_reserves'
),

ruled as (
    select
        c.pack,
        h.*,
        r.hqla_level,
        r.haircut_share,
        coalesce(h.own_reason, r.reason) as scope_reason,
        case
            when h.own_reason is not null or r.reason is not null then null
            when h.market_value is null then 'no market value: deliver fair_value_clean_amount'
            when r.hqla_rule is null then 'no rule of the pack takes it: ' || h.described
        end as unclassified_reason,
        coalesce(g.encumbered_amount, 0) as encumbered_amount,
        coalesce(g.returned_amount, 0) as returned_amount,
        coalesce(g.repaid_amount, 0) as repaid_amount
    from held as h
    cross join inputs.hqla_caps as c
    left join inputs.hqla_rules as r on c.pack = r.pack and h.hqla_rule = r.hqla_rule
    left join pledges as g on c.pack = g.pack and h.entity_id = g.entity_id and h.security_no = g.asset_no
)

select
    cast($as_of_date as date) as as_of_date,
    pack,
    entity_id,
    currency,
    position_id,
    product_code,
    case when scope_reason is null and unclassified_reason is null then hqla_rule end as hqla_rule,
    case when scope_reason is null and unclassified_reason is null then hqla_level end as hqla_level,
    scope_reason,
    unclassified_reason,
    case when scope_reason is null and unclassified_reason is null then haircut_share end as haircut_share,
    cast(market_value as double) as market_value,
    cast(encumbered_amount as double) as encumbered_amount,
    case
        when unclassified_reason is null
            then
                case
                    when scope_reason is null
                        then cast(greatest(market_value - encumbered_amount, 0) as double) * (1 - haircut_share)
                    else 0
                end
    end as hqla_value,
    case
        when unclassified_reason is null
            then case when scope_reason is null then cast(returned_amount as double) * (1 - haircut_share) else 0 end
    end as returned_hqla_value,
    case when unclassified_reason is null then case when scope_reason is null then repaid_amount else 0 end end
        as repaid_cash
from ruled
