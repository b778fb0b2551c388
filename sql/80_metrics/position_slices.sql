-- about:  Every position cut by maturity, insurance and pledge into the slices that the liquidity ratios weigh.
-- grain:  as_of_date, position_id, slice_part, maturity_band, encumbrance_band
-- reads:  book.positions, cash_flows.residual_maturities, staging.loan, staging.deposit_nmd, staging.deposit_term,
--         staging.security, staging.borrowing, staging.commitment, staging.other_balance, staging.derivative,
--         staging.counterparty, staging.encumbrance_link
with deposits as (
    select
        position_id,
        counterparty_id,
        insured_amount,
        is_operational,
        is_relationship or is_transactional as is_close,
        cast(null as boolean) as is_locked
    from staging.deposit_nmd
    union all
    select
        d.position_id,
        d.counterparty_id,
        d.insured_amount,
        false as is_operational,
        c.is_established_relationship as is_close,
        not d.is_early_withdrawal_allowed and d.maturity_date is not null as is_locked
    from staging.deposit_term as d
    left join staging.counterparty as c on d.counterparty_id = c.counterparty_id
),

terms as (  -- what kind of thing a position is to the ratios
    select
        p.position_id,
        p.entity_id,
        p.currency,
        p.product_code,
        p.side,
        p.is_intragroup,
        p.direction,
        p.outstanding_principal,
        p.cash_flow_model,
        p.amortisation_type,
        c.counterparty_type,
        coalesce(l.risk_weight_factor, s.risk_weight_factor) as risk_weight_factor,
        coalesce(b.collateral_class, l.collateral_class) as collateral_class,
        case when s.security_type = 'equity' and s.hqla_class = 'none' then 'equity' else s.hqla_class end
            as hqla_class,
        coalesce(l.days_past_due, 0) > 0 as is_past_due,
        d.is_close,
        coalesce(d.is_operational, false) as is_operational,
        coalesce(d.is_locked, false) as is_locked,
        case
            when p.extract = 'commitment' then p.notional_amount
            when p.extract = 'derivative_leg' then 0
            else p.carrying_amount
        end as amount,
        case
            when d.position_id is not null and p.outstanding_principal > 0
                then
                    cast(least(coalesce(d.insured_amount, 0), p.outstanding_principal) as double)
                    / cast(p.outstanding_principal as double)
        end as insured_share,
        case
            when p.side = 'equity' then 'own_funds'
            when o.line = 'fx_position' then 'internal_position'
            when p.side = 'asset' and (p.cash_flow_model = 'non_performing' or l.days_past_due > 90)
                then 'non_performing'
            when p.side = 'asset' and p.balance_sheet_line = 'cash_and_reserves' then 'cash'
            when p.extract = 'security' then 'security'
            when l.loan_type = 'reverse_repo' then 'reverse_repo'
            when l.loan_type = 'mortgage_res' then 'mortgage'
            when p.extract = 'loan' then 'loan'
            when d.position_id is not null then 'deposit'
            when b.borrowing_type = 'covered' then 'covered_bond'
            when b.borrowing_type in ('sub_t2', 'at1') then 'capital_instrument'
            when b.is_secured then 'secured_funding'
            when b.borrowing_type in ('senior', 'cp') then 'debt'
            when p.extract = 'borrowing' then 'borrowing'
            when m.is_revocable then 'revocable_line'
            when p.extract = 'commitment' then m.commitment_type
            when p.extract in ('derivative', 'derivative_leg') then p.extract
            when p.side = 'asset' then 'other_asset'
            else 'other_liability'
        end as liquidity_class,
        case
            when p.extract = 'commitment' then p.notional_amount
            when p.cash_flow_model = 'non_maturity' then p.outstanding_principal + p.accrued_interest
            else p.outstanding_principal
        end as owed_amount,
        p.outstanding_principal > 0 and p.side in ('asset', 'liability')
        and p.cash_flow_model not in ('balance_only', 'non_maturity', 'revolving', 'non_performing')
        and p.balance_sheet_line <> 'cash_and_reserves' as is_dated,
        case  -- what pledges are measured against
            when s.fair_value_clean_amount is not null then s.fair_value_clean_amount + s.accrued_interest
            else p.outstanding_principal
        end as pledgeable_amount
    from book.positions as p
    left join staging.counterparty as c on p.counterparty_id = c.counterparty_id
    left join deposits as d on p.position_id = d.position_id
    left join staging.loan as l on p.position_id = l.position_id
    left join staging.security as s on p.position_id = s.position_id
    left join staging.borrowing as b on p.position_id = b.position_id
    left join staging.commitment as m on p.position_id = m.position_id
    left join staging.other_balance as o on p.position_id = o.position_id
),

paid as (  -- one row per position; each bucket stands once
    select
        position_id,
        max(case when bucket_set = 'lcr' and bucket = 1 then principal_amount end) as principal_30d,
        max(case when bucket_set = 'lcr' and bucket = 1 then interest_amount end) as interest_30d,
        max(case when bucket_set = 'nsfr' and bucket = 1 then principal_amount end) as principal_6m,
        max(case when bucket_set = 'nsfr' and bucket = 2 then principal_amount end) as principal_1y,
        max(case when bucket_set = 'nsfr' and bucket = 3 then principal_amount end) as principal_beyond
    from cash_flows.residual_maturities
    group by position_id
),

dated as (  -- on the side of the position, so that what is repaid is positive
    select
        t.position_id,
        t.direction * coalesce(f.interest_30d, 0) as interest_30d,
        t.direction * coalesce(f.principal_30d, 0) / cast(t.outstanding_principal as double) as share_30d,
        t.direction * (coalesce(f.principal_6m, 0) - coalesce(f.principal_30d, 0))
        / cast(t.outstanding_principal as double) as share_6m,
        t.direction * coalesce(f.principal_1y, 0) / cast(t.outstanding_principal as double) as share_1y,
        t.direction * coalesce(f.principal_beyond, 0) / cast(t.outstanding_principal as double) as share_beyond
    from terms as t
    inner join paid as f on t.position_id = f.position_id
    where t.is_dated and t.liquidity_class <> 'non_performing'
),

bands as (  -- what has no date is open; so is what is never repaid
    select
        position_id,
        'within_30d' as maturity_band,
        share_30d as band_share
    from dated
    where share_30d <> 0
    union all
    select
        position_id,
        'to_6m' as maturity_band,
        share_6m as band_share
    from dated
    where share_6m <> 0
    union all
    select
        position_id,
        'to_1y' as maturity_band,
        share_1y as band_share
    from dated
    where share_1y <> 0
    union all
    select
        position_id,
        'beyond_1y' as maturity_band,
        share_beyond as band_share
    from dated
    where share_beyond <> 0
    union all
    select
        t.position_id,
        'open' as maturity_band,
        1 - coalesce(d.share_30d + d.share_6m + d.share_1y + d.share_beyond, 0) as band_share
    from terms as t
    left join dated as d on t.position_id = d.position_id
    where abs(1 - coalesce(d.share_30d + d.share_6m + d.share_1y + d.share_beyond, 0)) > 1e-9
),

pledges as (  -- by how long they last; without an end, a year and more
    select
        entity_id || ':' || asset_extract || ':' || asset_no as position_id,
        case
            when end_date < cast($as_of_date as date) + interval 6 months then 'to_6m'
            when end_date < cast($as_of_date as date) + interval 1 year then 'to_1y'
            else 'beyond_1y'
        end as encumbrance_band,
        sum(encumbered_amount) as pledged_amount
    from staging.encumbrance_link
    group by all
),

pledged_shares as (  -- more pledged than there is counts as all of it
    select
        g.position_id,
        g.encumbrance_band,
        cast(g.pledged_amount as double)
        / cast(greatest(sum(g.pledged_amount) over (partition by g.position_id), t.pledgeable_amount) as double)
            as pledge_share
    from pledges as g
    inner join terms as t on g.position_id = t.position_id and t.pledgeable_amount > 0
),

pledged_in_all as (
    select
        position_id,
        cast(sum(cast(pledge_share as decimal(38, 12))) as double) as pledge_share
    from pledged_shares
    group by position_id
),

pledge_bands as (
    select
        position_id,
        encumbrance_band,
        pledge_share
    from pledged_shares
    union all
    select
        t.position_id,
        'free' as encumbrance_band,
        1 - coalesce(s.pledge_share, 0) as pledge_share
    from terms as t
    left join pledged_in_all as s on t.position_id = s.position_id
    where coalesce(s.pledge_share, 0) < 1
),

parts as (
    select
        position_id,
        'insured' as slice_part,
        insured_share as part_share
    from terms
    where insured_share > 0
    union all
    select
        position_id,
        'uninsured' as slice_part,
        1 - insured_share as part_share
    from terms
    where insured_share < 1
    union all
    select
        position_id,
        case liquidity_class when 'derivative' then 'fair_value' else 'whole' end as slice_part,
        1 as part_share
    from terms
    where insured_share is null
),

cut as (
    select
        t.position_id,
        p.slice_part,
        b.maturity_band,
        g.encumbrance_band,
        p.part_share * b.band_share * g.pledge_share as slice_share,
        cast(t.owed_amount as double) * p.part_share * b.band_share * g.pledge_share as due_amount
    from terms as t
    inner join parts as p on t.position_id = p.position_id
    inner join bands as b on t.position_id = b.position_id
    inner join pledge_bands as g on t.position_id = g.position_id
    where t.liquidity_class <> 'derivative_leg'
    union all
    select
        t.position_id,
        'flows' as slice_part,
        'within_30d' as maturity_band,
        'free' as encumbrance_band,
        1 as slice_share,
        coalesce(f.principal_30d + f.interest_30d, 0) as due_amount
    from terms as t
    left join paid as f on t.position_id = f.position_id
    where t.liquidity_class = 'derivative_leg'
    union all
    select
        position_id,
        'interest' as slice_part,
        'within_30d' as maturity_band,
        'free' as encumbrance_band,
        0 as slice_share,
        interest_30d as due_amount
    from dated
    where interest_30d <> 0
    union all
    select
        x.position_id,
        m.slice_part,
        'open' as maturity_band,
        'free' as encumbrance_band,
        0 as slice_share,
        case m.slice_part when 'initial_margin' then cast(coalesce(x.initial_margin_amount, 0) as double) else 0 end
            as due_amount
    from staging.derivative as x
    cross join (values ('gross_liability'), ('initial_margin')) as m (slice_part)
)

select
    cast($as_of_date as date) as as_of_date,
    t.entity_id,
    t.currency,
    t.position_id,
    c.slice_part,
    c.maturity_band,
    c.encumbrance_band,
    t.product_code,
    t.side,
    t.is_intragroup,
    t.liquidity_class,
    t.counterparty_type,
    t.is_close,
    t.is_operational,
    t.is_locked,
    t.is_past_due,
    t.insured_share = 1 as is_wholly_insured,
    t.is_dated and f.position_id is null and t.amortisation_type <> 'perpetual' as is_without_flows,
    t.risk_weight_factor,
    t.collateral_class,
    t.hqla_class,
    c.slice_share,
    cast(t.amount as double) * c.slice_share as slice_amount,
    c.due_amount
from cut as c
inner join terms as t on c.position_id = t.position_id
left join paid as f on c.position_id = f.position_id
