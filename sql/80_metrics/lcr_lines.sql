-- about:  Every slice of every position under one rule of the coverage ratio: stock, outflow, inflow or out of scope.
-- grain:  as_of_date, pack, position_id, slice_part, maturity_band, encumbrance_band
-- reads:  metrics.position_slices, metrics.hqla_holdings, metrics.collateral_lookback, staging.derivative,
--         staging.derivative_leg, inputs.hqla_caps, inputs.lcr_rules
with netted as (  -- the legs of one collateral agreement, or of one deal without one, pay and receive together
    select
        s.position_id,
        sum(cast(s.due_amount as decimal(38, 6))) over (
            partition by s.entity_id, s.currency, coalesce(d.csa_id, s.entity_id || ':' || g.deal_no)
        ) as net_flow
    from metrics.position_slices as s
    inner join staging.derivative_leg as g on s.position_id = g.position_id
    inner join staging.derivative as d on g.entity_id = d.entity_id and g.deal_no = d.deal_no
),

judged as (
    select
        c.pack,
        s.*,
        h.hqla_rule,
        h.haircut_share,
        h.market_value,
        h.unclassified_reason as stock_reason,
        n.net_flow,
        s.counterparty_type in ('retail', 'small_business') as is_retail,
        s.counterparty_type in ('non_financial_corporate', 'sovereign', 'central_bank', 'pse', 'mdb')
            as is_non_financial,
        s.is_locked and s.maturity_band <> 'within_30d' as is_beyond
    from metrics.position_slices as s
    cross join inputs.hqla_caps as c
    left join metrics.hqla_holdings as h on c.pack = h.pack and s.position_id = h.position_id
    left join netted as n on s.position_id = n.position_id
),

ruled as (
    select
        *,
        case
            when is_without_flows and hqla_rule is null then null
            when liquidity_class = 'own_funds' then 'own_funds'
            when liquidity_class = 'internal_position' then 'internal_position'
            when liquidity_class = 'other_asset' then 'no_payment_date'
            when liquidity_class = 'derivative' then 'legs_have_the_flows'
            when liquidity_class = 'derivative_leg'
                then case when net_flow < 0 then 'net_derivative_outflow' else 'net_derivative_inflow' end
            when liquidity_class = 'other_liability'
                then case when maturity_band = 'within_30d' then 'other_contractual' else 'no_payment_date' end
            -- what the bank owes
            when side = 'liability' and slice_part = 'interest' then 'contractual_interest'
            when liquidity_class = 'deposit' and is_beyond then 'term_beyond'
            when liquidity_class = 'deposit' and counterparty_type = 'retail'
                then
                    case when slice_part = 'insured' and is_close then 'retail_stable' else 'retail_less_stable' end
            when liquidity_class = 'deposit' and counterparty_type = 'small_business'
                then
                    case
                        when slice_part = 'insured' and is_close then 'small_business_stable'
                        else 'small_business_less_stable'
                    end
            when liquidity_class = 'deposit' and counterparty_type is not null and is_operational
                then case when slice_part = 'insured' then 'operational_insured' else 'operational_uninsured' end
            when liquidity_class = 'deposit' and is_non_financial
                then case when is_wholly_insured then 'non_financial_insured' else 'non_financial' end
            when liquidity_class = 'deposit' and counterparty_type is not null then 'other_legal_entity'
            when side = 'liability' and maturity_band not in ('within_30d', 'open') then 'due_beyond'
            when liquidity_class = 'capital_instrument' and maturity_band = 'open' then 'due_beyond'  -- perpetual
            when liquidity_class = 'covered_bond' then 'covered_bond_maturing'
            when liquidity_class in ('debt', 'capital_instrument') then 'debt_issued'
            when liquidity_class = 'secured_funding'
                then
                    case
                        when counterparty_type = 'central_bank' or collateral_class = 'l1' then 'secured_level_1'
                        when collateral_class = 'l2a' then 'secured_level_2a'
                        when counterparty_type in ('sovereign', 'pse', 'mdb') then 'secured_public_sector'
                        when collateral_class = 'l2b' then 'secured_level_2b'
                        when collateral_class in ('other', 'none') then 'secured_other'
                    end
            when liquidity_class = 'borrowing' and is_non_financial then 'non_financial'
            when liquidity_class = 'borrowing' and counterparty_type is not null then 'other_legal_entity'
            -- what the bank has promised
            when liquidity_class in ('revocable_line', 'guarantee') then liquidity_class
            when liquidity_class in ('credit_line', 'liquidity_facility', 'mortgage_pipeline')
                then
                    case
                        when is_retail then 'committed_retail'
                        when is_non_financial and liquidity_class = 'liquidity_facility'
                            then 'committed_liquidity_non_financial'
                        when is_non_financial then 'committed_credit_non_financial'
                        when counterparty_type = 'bank' then 'committed_bank'
                        when counterparty_type = 'broker_dealer' and liquidity_class = 'liquidity_facility'
                            then 'committed_liquidity_financial'
                        when counterparty_type = 'broker_dealer' then 'committed_credit_financial'
                        when counterparty_type is not null then 'committed_other'
                    end
            when side <> 'asset' then null
            -- what the bank owns
            when hqla_rule is not null
                then
                    case
                        when slice_part = 'interest' then 'counted_in_stock'
                        when encumbrance_band <> 'free' then 'pledged'
                        else hqla_rule
                    end
            when stock_reason is not null then null
            when liquidity_class = 'non_performing' or is_past_due then 'not_performing'
            when maturity_band = 'open'
                then
                    case
                        when counterparty_type in ('bank', 'broker_dealer') then 'operational_placement' else 'no_date'
                    end
            when maturity_band <> 'within_30d' then 'due_beyond'
            when liquidity_class = 'security' then 'security_maturing'
            when liquidity_class = 'reverse_repo'
                then
                    case
                        when collateral_class in ('l1', 'l2a', 'l2b')
                            then 'secured_lending_level_' || substr(collateral_class, 2)
                        when collateral_class in ('other', 'none') then 'secured_lending_other'
                    end
            when is_retail then 'inflow_retail'
            when counterparty_type in ('central_bank', 'bank', 'broker_dealer', 'investment_fund')
                then 'inflow_financial'
            when counterparty_type is not null then 'inflow_non_financial'  -- the lower share for who is neither
        end as lcr_rule
    from judged
),

lines as (
    select
        pack,
        entity_id,
        currency,
        position_id,
        slice_part,
        maturity_band,
        encumbrance_band,
        product_code,
        is_intragroup,
        liquidity_class,
        lcr_rule,
        slice_amount,
        case
            when lcr_rule is null
                then
                    coalesce(
                        stock_reason,
                        case
                            when is_without_flows
                                then
                                    'no cash flows as agreed:'
                                    || ' see scenarios.stopped_currencies, behaviour.unassigned_positions'
                            when counterparty_type is null then 'no counterparty of a known type: deliver counterparty'
                            else 'no liquidity class of its collateral: deliver collateral_class'
                        end
                    )
        end as unclassified_reason,
        hqla_rule,
        haircut_share,
        case
            when lcr_rule = hqla_rule then market_value * slice_share
            when lcr_rule = 'net_derivative_outflow' then -due_amount
            else due_amount
        end as unweighted_slice_amount
    from ruled
    union all
    select
        c.pack,
        k.entity_id,
        k.currency,
        k.position_id,
        'lookback' as slice_part,
        'within_30d' as maturity_band,
        'free' as encumbrance_band,
        null as product_code,
        false as is_intragroup,
        'collateral_flow' as liquidity_class,
        'collateral_lookback' as lcr_rule,
        0 as slice_amount,
        null as unclassified_reason,
        null as hqla_rule,
        null as haircut_share,
        k.largest_net_flow as unweighted_slice_amount
    from metrics.collateral_lookback as k
    cross join inputs.hqla_caps as c
)

select
    cast($as_of_date as date) as as_of_date,
    l.pack,
    l.entity_id,
    l.currency,
    l.position_id,
    l.slice_part,
    l.maturity_band,
    l.encumbrance_band,
    l.product_code,
    l.is_intragroup,
    l.liquidity_class,
    coalesce(r.ratio_side, case when l.lcr_rule is not null then 'stock' end) as ratio_side,
    l.lcr_rule,
    l.unclassified_reason,
    coalesce(r.weight_share, case when l.lcr_rule = l.hqla_rule then 1 - l.haircut_share end) as weight_share,
    l.slice_amount,
    case when r.ratio_side = 'out_of_scope' then 0 else l.unweighted_slice_amount end as unweighted_slice_amount,
    case
        when r.ratio_side = 'out_of_scope' then 0
        else l.unweighted_slice_amount * coalesce(r.weight_share, 1 - l.haircut_share)
    end as weighted_slice_amount
from lines as l
left join inputs.lcr_rules as r on l.pack = r.pack and l.lcr_rule = r.lcr_rule
