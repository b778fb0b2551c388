-- about:  Every slice of every position under one rule of the stable funding ratio: available, required or neither.
-- grain:  as_of_date, pack, position_id, slice_part, maturity_band, encumbrance_band
-- reads:  metrics.position_slices, staging.derivative, book.positions, inputs.nsfr_encumbrance, inputs.nsfr_rules
with deals as (  -- deals under one agreement are one; one without is alone
    select
        d.position_id,
        p.entity_id,
        p.currency,
        cast(p.carrying_amount as double) as fair_value,
        cast(
            sum(p.carrying_amount) over (
                partition by p.entity_id, p.currency, coalesce(d.csa_id, d.position_id)
            ) as double
        ) as set_value,
        cast(
            sum(coalesce(d.variation_margin_amount, 0)) over (
                partition by p.entity_id, p.currency, coalesce(d.csa_id, d.position_id)
            ) as double
        ) as set_margin
    from staging.derivative as d
    inner join book.positions as p on d.position_id = p.position_id
),

margined as (  -- cash received is taken off what is to come, what was posted off what is owed; each deal its part
    select
        position_id,
        entity_id,
        currency,
        case
            when set_value > 0 then greatest(set_value + least(set_margin, 0), 0) * fair_value / set_value
            when set_value < 0 then least(set_value + greatest(set_margin, 0), 0) * fair_value / set_value
            else 0
        end as net_amount,
        case when set_value < 0 then -fair_value else 0 end as gross_liability_amount
    from deals
),

derivatives as (
    select
        position_id,
        net_amount,
        gross_liability_amount,
        sum(cast(net_amount as decimal(38, 6))) over (partition by entity_id, currency) > 0 as is_net_asset
    from margined
),

judged as (
    select
        s.*,
        d.net_amount,
        d.gross_liability_amount,
        d.is_net_asset,
        s.counterparty_type in ('retail', 'small_business') as is_retail,
        s.counterparty_type in ('non_financial_corporate', 'sovereign', 'pse', 'mdb') as is_non_financial,
        s.counterparty_type in ('bank', 'broker_dealer', 'investment_fund') as is_financial,
        case
            when s.risk_weight_factor is not null then s.risk_weight_factor <= 0.35
            when s.maturity_band not in ('beyond_1y', 'open') then false  -- nothing depends on it there
        end as is_low_weight
    from metrics.position_slices as s
    left join derivatives as d on s.position_id = d.position_id
),

ruled as (
    select
        *,
        case
            when is_without_flows then null
            when liquidity_class = 'internal_position' then 'internal_position'
            when liquidity_class = 'derivative_leg' then 'legs_have_no_balance'
            when slice_part = 'interest' then 'interest_due'
            when slice_part = 'fair_value'
                then case when is_net_asset then 'derivative_assets' else 'derivative_liabilities' end
            when slice_part = 'gross_liability' then 'derivative_gross_liability'
            when slice_part = 'initial_margin' then 'initial_margin'
            -- what funds the bank
            when liquidity_class = 'own_funds' then 'regulatory_capital'
            when liquidity_class = 'capital_instrument'
                then
                    case
                        when maturity_band in ('beyond_1y', 'open') then 'regulatory_capital' else 'capital_instrument'
                    end
            when liquidity_class = 'other_liability' then 'other_liabilities'
            when liquidity_class = 'deposit' and is_retail
                then
                    case when slice_part = 'insured' and is_close then 'stable_deposit' else 'less_stable_deposit' end
                    || case when is_locked then '_locked' else '' end
            when liquidity_class = 'deposit' and counterparty_type is not null and is_operational
                then 'operational_deposit'
            when side = 'liability'
                then
                    case
                        when is_retail or is_non_financial then 'non_financial_funding'
                        when counterparty_type is not null then 'financial_funding'
                    end
            -- what the bank has promised
            when liquidity_class in ('revocable_line', 'guarantee') then liquidity_class
            when side = 'off_balance' then 'undrawn_line'
            -- what needs funding
            when liquidity_class = 'cash' then 'cash_and_reserves'
            when liquidity_class = 'non_performing' then 'not_performing'
            when liquidity_class = 'other_asset' then 'other_assets'
            when hqla_class in ('l1', 'l2a', 'l2b') then 'level_' || substr(hqla_class, 2)
            when hqla_class = 'equity' then 'listed_equity'
            when liquidity_class = 'security' then 'security'
            when counterparty_type in ('bank', 'broker_dealer') and maturity_band = 'open' then 'operational_placement'
            when is_financial and liquidity_class = 'reverse_repo' and collateral_class = 'l1'
                then 'loan_financial_level_1'
            when is_financial and (liquidity_class <> 'reverse_repo' or collateral_class is not null)
                then 'loan_financial'
            when is_financial or counterparty_type is null or is_low_weight is null then null
            when counterparty_type = 'central_bank'
                then case when is_low_weight then 'loan_central_bank_weight_35' else 'loan_central_bank' end
            when liquidity_class = 'mortgage'
                then case when is_low_weight then 'mortgage_weight_35' else 'mortgage' end
            when is_low_weight then 'loan_weight_35'
            else 'loan'
        end as nsfr_rule
    from judged
),

lines as (
    select
        e.pack,
        r.*,
        e.to_1y_least_share,
        e.beyond_1y_share as pledged_beyond_share,
        case
            when r.nsfr_rule is not null then null
            when r.is_without_flows
                then
                    'no cash flows as agreed:'
                    || ' see scenarios.stopped_currencies, behaviour.unassigned_positions'
            when r.counterparty_type is null then 'no counterparty of a known type: deliver counterparty'
            when r.is_financial then 'no liquidity class of its collateral: deliver collateral_class'
            else 'no risk weight: deliver risk_weight_factor'
        end as unclassified_reason,
        case
            when r.slice_part = 'fair_value' then r.net_amount
            when r.slice_part = 'gross_liability' then r.gross_liability_amount
            when r.slice_part = 'initial_margin' then r.due_amount
            else r.slice_amount
        end as unweighted_slice_amount
    from ruled as r
    cross join inputs.nsfr_encumbrance as e
),

weighed as (
    select
        l.*,
        u.ratio_side,
        case l.maturity_band
            when 'within_30d' then u.under_6m_share
            when 'to_6m' then u.under_6m_share
            when 'to_1y' then u.to_1y_share
            when 'beyond_1y' then u.beyond_1y_share
            else u.open_share
        end as free_share
    from lines as l
    left join inputs.nsfr_rules as u on l.pack = u.pack and l.nsfr_rule = u.nsfr_rule
),

shared as (
    select
        *,
        case
            when ratio_side <> 'required' then free_share
            when encumbrance_band = 'to_1y' then greatest(free_share, to_1y_least_share)
            when encumbrance_band = 'beyond_1y' then pledged_beyond_share
            else free_share
        end as weight_share,
        case when ratio_side = 'out_of_scope' then 0 else unweighted_slice_amount end as counted_amount
    from weighed
)

select
    cast($as_of_date as date) as as_of_date,
    pack,
    entity_id,
    currency,
    position_id,
    slice_part,
    maturity_band,
    encumbrance_band,
    product_code,
    is_intragroup,
    ratio_side,
    nsfr_rule,
    unclassified_reason,
    weight_share,
    slice_amount,
    counted_amount as unweighted_slice_amount,
    counted_amount * weight_share as weighted_slice_amount
from shared
