-- about:  The balance sheet position by position, with the terms the engine needs.
-- grain:  as_of_date, position_id
-- reads:  staging.loan, staging.deposit_term, staging.deposit_nmd, staging.security,
--         staging.borrowing, staging.derivative, staging.derivative_leg, staging.commitment,
--         staging.other_balance, staging.index_fixing, inputs.products, inputs.members, inputs.indices,
--         inputs.assumptions
with loans as (  -- the types of what others lack are set here
    select
        as_of_date, entity_id, position_id, 'loan' as extract, product_code, counterparty_id, currency, side,
        is_on_balance_sheet, book, gl_account, intragroup_entity_id, status, accounting_class,
        outstanding_principal, cast(0 as decimal(18, 2)) as notional_amount,
        carrying_amount, accrued_interest, deferred_fees_amount, impairment_amount,
        rate_type, coupon_rate, index_id, spread_rate, rate_multiplier, cap_rate, floor_rate, period_cap_rate,
        period_floor_rate, ftp_rate, day_count, reset_freq, next_reset_date, fixing_lag_days,
        amortisation_type, principal_freq, interest_freq, start_date, maturity_date, last_payment_date,
        next_payment_date, payment_amount, interest_only_end_date, amortisation_months, balloon_amount,
        business_day_convention, calendar_id, is_end_of_month, 'none' as option_type,
        cast(null as double) as strike_rate, expected_recovery_date,
        cast(null as date) as expected_close_date, is_prepayable, false as is_redeemable,
        prepayment_penalty_type, prepayment_penalty_share, prepayment_penalty_months, prepayment_penalty_amount,
        cast(free_prepayment_share * original_amount as decimal(18, 2)) as free_prepayment_amount,
        prepayment_lockout_end_date, prepayment_effect, cast(null as double) as withdrawal_penalty_months,
        cast(0 as decimal(18, 2)) as insured_amount, behaviour_segment,
        status = 'defaulted' or is_non_accrual as is_non_performing, cast(null as integer) as leg_direction,
        1 - cast(sold_share as decimal(9, 8)) as own_share,
        past_due_principal_amount, past_due_interest_amount
    from staging.loan
),

term_deposits as (  -- early withdrawal is the customer's option
    select
        as_of_date, entity_id, position_id, 'deposit_term' as extract, product_code, counterparty_id, currency, side,
        is_on_balance_sheet, book, gl_account, intragroup_entity_id, status, accounting_class,
        outstanding_principal, cast(0 as decimal(18, 2)) as notional_amount,
        carrying_amount, accrued_interest, deferred_fees_amount, impairment_amount,
        rate_type, coupon_rate, index_id, spread_rate, rate_multiplier, cap_rate, floor_rate, period_cap_rate,
        period_floor_rate, ftp_rate, day_count, reset_freq, next_reset_date, fixing_lag_days,
        amortisation_type, principal_freq, interest_freq, start_date, maturity_date, last_payment_date,
        next_payment_date, payment_amount, interest_only_end_date, amortisation_months, balloon_amount,
        business_day_convention, calendar_id, is_end_of_month, 'none' as option_type,
        null as strike_rate, null as expected_recovery_date,
        null as expected_close_date, is_prepayable, is_early_withdrawal_allowed as is_redeemable,
        prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        withdrawal_penalty_months,
        insured_amount, behaviour_segment,
        false as is_non_performing, null as leg_direction,
        1 - cast(sold_share as decimal(9, 8)) as own_share,
        0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.deposit_term
),

securities as (  -- a defaulted one recovers when the committee assumes
    select
        as_of_date, entity_id, position_id, 'security' as extract, product_code, counterparty_id, currency, side,
        is_on_balance_sheet, book, gl_account, intragroup_entity_id, status, accounting_class,
        outstanding_principal, cast(0 as decimal(18, 2)) as notional_amount,
        carrying_amount, accrued_interest, deferred_fees_amount, impairment_amount,
        rate_type, coupon_rate, index_id, spread_rate, rate_multiplier, cap_rate, floor_rate, period_cap_rate,
        period_floor_rate, ftp_rate, day_count, reset_freq, next_reset_date, fixing_lag_days,
        amortisation_type, principal_freq, interest_freq, start_date, maturity_date, last_payment_date,
        next_payment_date, payment_amount, interest_only_end_date, amortisation_months, balloon_amount,
        business_day_convention, calendar_id, is_end_of_month, 'none' as option_type,
        null as strike_rate, null as expected_recovery_date,
        null as expected_close_date, is_prepayable, false as is_redeemable,
        prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        null as withdrawal_penalty_months,
        cast(0 as decimal(18, 2)) as insured_amount, behaviour_segment,
        status = 'defaulted' or is_non_accrual as is_non_performing, null as leg_direction,
        1 - cast(sold_share as decimal(9, 8)) as own_share,
        0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.security
),

borrowings as (  -- own debt
    select
        as_of_date, entity_id, position_id, 'borrowing' as extract, product_code, counterparty_id, currency, side,
        is_on_balance_sheet, book, gl_account, intragroup_entity_id, status, accounting_class,
        outstanding_principal, cast(0 as decimal(18, 2)) as notional_amount,
        carrying_amount, accrued_interest, deferred_fees_amount, impairment_amount,
        rate_type, coupon_rate, index_id, spread_rate, rate_multiplier, cap_rate, floor_rate, period_cap_rate,
        period_floor_rate, ftp_rate, day_count, reset_freq, next_reset_date, fixing_lag_days,
        amortisation_type, principal_freq, interest_freq, start_date, maturity_date, last_payment_date,
        next_payment_date, payment_amount, interest_only_end_date, amortisation_months, balloon_amount,
        business_day_convention, calendar_id, is_end_of_month, 'none' as option_type,
        null as strike_rate, null as expected_recovery_date,
        null as expected_close_date, is_prepayable, false as is_redeemable,
        prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        null as withdrawal_penalty_months,
        cast(0 as decimal(18, 2)) as insured_amount, behaviour_segment,
        false as is_non_performing, null as leg_direction,
        1 - cast(sold_share as decimal(9, 8)) as own_share,
        0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.borrowing
),

accounts as (  -- no maturity and no schedule; interest is credited monthly
    select
        as_of_date, entity_id, position_id, 'deposit_nmd' as extract, product_code, counterparty_id, currency, side,
        is_on_balance_sheet, book, gl_account, intragroup_entity_id, status, accounting_class,
        outstanding_principal, cast(0 as decimal(18, 2)) as notional_amount,
        carrying_amount, accrued_interest, deferred_fees_amount, impairment_amount,
        rate_type, coupon_rate, index_id, spread_rate, rate_multiplier, cap_rate, floor_rate, period_cap_rate,
        period_floor_rate, ftp_rate, day_count, reset_freq, next_reset_date, fixing_lag_days,
        'perpetual' as amortisation_type, 'P0D' as principal_freq, 'P1M' as interest_freq, start_date, maturity_date,
        null as last_payment_date, null as next_payment_date,
        null as payment_amount,
        null as interest_only_end_date, null as amortisation_months,
        null as balloon_amount,
        business_day_convention, calendar_id, is_end_of_month, 'none' as option_type,
        null as strike_rate, null as expected_recovery_date,
        null as expected_close_date, false as is_prepayable, false as is_redeemable,
        null as prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        null as withdrawal_penalty_months,
        insured_amount, behaviour_segment,
        false as is_non_performing, null as leg_direction,
        1 - cast(sold_share as decimal(9, 8)) as own_share,
        0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.deposit_nmd
),

deals as (  -- a deal is its fair value; what it pays is in its legs
    select
        as_of_date, entity_id, position_id, 'derivative' as extract, product_code, counterparty_id, currency,
        case when carrying_amount >= 0 then 'asset' else 'liability' end as side,
        is_on_balance_sheet, book, gl_account, intragroup_entity_id, status, accounting_class,
        cast(0 as decimal(18, 2)) as outstanding_principal, cast(0 as decimal(18, 2)) as notional_amount,
        cast(abs(carrying_amount) as decimal(18, 2)) as carrying_amount, cast(0 as decimal(18, 2)) as accrued_interest,
        cast(0 as decimal(18, 2)) as deferred_fees_amount, cast(0 as decimal(18, 2)) as impairment_amount,
        'zero' as rate_type, cast(0 as double) as coupon_rate, null as index_id,
        cast(0 as double) as spread_rate, cast(1 as double) as rate_multiplier, null as cap_rate,
        null as floor_rate, null as period_cap_rate,
        null as period_floor_rate, null as ftp_rate, 'act_365f' as day_count,
        null as reset_freq, null as next_reset_date, 0 as fixing_lag_days,
        'bullet' as amortisation_type, 'P0D' as principal_freq, 'P0D' as interest_freq, start_date, maturity_date,
        null as last_payment_date, null as next_payment_date,
        null as payment_amount,
        null as interest_only_end_date, null as amortisation_months,
        null as balloon_amount,
        'none' as business_day_convention, 'none' as calendar_id, false as is_end_of_month, 'none' as option_type,
        null as strike_rate, null as expected_recovery_date,
        null as expected_close_date, false as is_prepayable, false as is_redeemable,
        null as prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        null as withdrawal_penalty_months,
        cast(0 as decimal(18, 2)) as insured_amount, null as behaviour_segment,
        false as is_non_performing, null as leg_direction,
        1 as own_share, 0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.derivative
),

legs as (  -- swaps and options; product, book and status are the deal's
    select
        leg.as_of_date, leg.entity_id, leg.position_id, 'derivative_leg' as extract, deal.product_code,
        deal.counterparty_id, leg.currency, 'off_balance' as side, false as is_on_balance_sheet, deal.book,
        deal.gl_account, deal.intragroup_entity_id, deal.status, deal.accounting_class,
        cast(0 as decimal(18, 2)) as outstanding_principal, leg.notional_amount,
        cast(0 as decimal(18, 2)) as carrying_amount, leg.accrued_interest,
        cast(0 as decimal(18, 2)) as deferred_fees_amount, cast(0 as decimal(18, 2)) as impairment_amount,
        leg.rate_type, leg.coupon_rate, leg.index_id, leg.spread_rate, leg.rate_multiplier,
        case when deal.derivative_type <> 'collar' then leg.cap_rate end as cap_rate,
        case when deal.derivative_type <> 'collar' then leg.floor_rate end as floor_rate,
        leg.period_cap_rate, leg.period_floor_rate, leg.ftp_rate, leg.day_count, leg.reset_freq,
        leg.next_reset_date, leg.fixing_lag_days,
        leg.amortisation_type, leg.principal_freq, leg.interest_freq, leg.start_date, leg.maturity_date,
        leg.last_payment_date, leg.next_payment_date, leg.payment_amount,
        leg.interest_only_end_date, leg.amortisation_months, leg.balloon_amount,
        leg.business_day_convention, leg.calendar_id, leg.is_end_of_month,
        case  -- a collar is a cap and a floor, a leg each
            when deal.derivative_type in ('cap', 'floor') then deal.derivative_type
            when deal.derivative_type = 'collar' and leg.cap_rate is not null then 'cap'
            when deal.derivative_type = 'collar' then 'floor'
            else 'none'
        end as option_type,
        case
            when deal.derivative_type = 'collar' then coalesce(leg.cap_rate, leg.floor_rate)
            else deal.strike_rate
        end as strike_rate, null as expected_recovery_date,
        null as expected_close_date, false as is_prepayable, false as is_redeemable,
        null as prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        null as withdrawal_penalty_months,
        cast(0 as decimal(18, 2)) as insured_amount, null as behaviour_segment,
        false as is_non_performing,
        case
            when deal.derivative_type in ('cap', 'floor') then case when deal.position = 'long' then 1 else -1 end
            when leg.pay_receive = 'receive' then 1
            else -1
        end as leg_direction,
        1 as own_share, 0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.derivative_leg as leg
    inner join staging.derivative as deal on leg.entity_id = deal.entity_id and leg.deal_no = deal.deal_no
),

commitments as (  -- the undrawn part; a mortgage offer pays out on its closing date and then amortises monthly
    select
        as_of_date, entity_id, position_id, 'commitment' as extract, product_code, counterparty_id, currency,
        'off_balance' as side, false as is_on_balance_sheet, book, gl_account, intragroup_entity_id, status,
        accounting_class,
        cast(0 as decimal(18, 2)) as outstanding_principal, undrawn_amount as notional_amount,
        cast(0 as decimal(18, 2)) as carrying_amount, cast(0 as decimal(18, 2)) as accrued_interest,
        cast(0 as decimal(18, 2)) as deferred_fees_amount, cast(0 as decimal(18, 2)) as impairment_amount,
        rate_type, coupon_rate, index_id, spread_rate, rate_multiplier, cap_rate, floor_rate, period_cap_rate,
        period_floor_rate, ftp_rate, day_count, reset_freq, next_reset_date, fixing_lag_days,
        case when commitment_type = 'mortgage_pipeline' then 'annuity' else 'bullet' end as amortisation_type,
        case when commitment_type = 'mortgage_pipeline' then 'P1M' else 'P0D' end as principal_freq,
        case when commitment_type = 'mortgage_pipeline' then 'P1M' else 'P0D' end as interest_freq,
        case when commitment_type = 'mortgage_pipeline' then expected_close_date else start_date end as start_date,
        case
            when commitment_type = 'mortgage_pipeline' and amortisation_months is not null
                then cast(expected_close_date + to_months(amortisation_months) as date)
            else maturity_date
        end as maturity_date,
        case when commitment_type = 'mortgage_pipeline' then expected_close_date end as last_payment_date,
        case
            when commitment_type = 'mortgage_pipeline' then cast(expected_close_date + to_months(1) as date)
        end as next_payment_date,
        null as payment_amount,
        null as interest_only_end_date, amortisation_months,
        null as balloon_amount,
        business_day_convention, calendar_id, is_end_of_month, 'none' as option_type,
        null as strike_rate, null as expected_recovery_date,
        expected_close_date, false as is_prepayable, false as is_redeemable,
        null as prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        null as withdrawal_penalty_months,
        cast(0 as decimal(18, 2)) as insured_amount, behaviour_segment,
        false as is_non_performing, null as leg_direction,
        1 as own_share, 0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.commitment
),

balances as (  -- no contract behind them; own funds are equity, whatever side the ledger gave
    select
        as_of_date, entity_id, position_id, 'other_balance' as extract, product_code, counterparty_id, currency,
        case when line = 'equity' then 'equity' else side end as side,
        is_on_balance_sheet, book, gl_account, intragroup_entity_id, status, accounting_class,
        outstanding_principal, cast(0 as decimal(18, 2)) as notional_amount, carrying_amount,
        cast(0 as decimal(18, 2)) as accrued_interest, cast(0 as decimal(18, 2)) as deferred_fees_amount,
        cast(0 as decimal(18, 2)) as impairment_amount,
        case when is_interest_bearing then 'administered' else 'zero' end as rate_type,
        coalesce(coupon_rate, 0) as coupon_rate, null as index_id,
        cast(0 as double) as spread_rate, cast(1 as double) as rate_multiplier, null as cap_rate,
        null as floor_rate, null as period_cap_rate,
        null as period_floor_rate, null as ftp_rate, 'act_365f' as day_count,
        null as reset_freq, null as next_reset_date, 0 as fixing_lag_days,
        case when maturity_date is null then 'perpetual' else 'bullet' end as amortisation_type,
        'P0D' as principal_freq, 'P0D' as interest_freq, start_date, maturity_date,
        null as last_payment_date, null as next_payment_date,
        null as payment_amount,
        null as interest_only_end_date, null as amortisation_months,
        null as balloon_amount,
        'none' as business_day_convention, 'none' as calendar_id, false as is_end_of_month, 'none' as option_type,
        null as strike_rate, null as expected_recovery_date,
        null as expected_close_date, false as is_prepayable, false as is_redeemable,
        null as prepayment_penalty_type, null as prepayment_penalty_share, null as prepayment_penalty_months,
        null as prepayment_penalty_amount, null as free_prepayment_amount,
        null as prepayment_lockout_end_date, null as prepayment_effect,
        null as withdrawal_penalty_months,
        cast(0 as decimal(18, 2)) as insured_amount, null as behaviour_segment,
        false as is_non_performing, null as leg_direction,
        1 as own_share, 0 as past_due_principal_amount, 0 as past_due_interest_amount
    from staging.other_balance
),

contracts as (  -- positional: every branch above lists the same columns in the same order
    select * from loans
    union all
    select * from term_deposits
    union all
    select * from securities
    union all
    select * from borrowings
    union all
    select * from accounts
    union all
    select * from deals
    union all
    select * from legs
    union all
    select * from commitments
    union all
    select * from balances
),

terms as (  -- what participants have bought is not ours; the carrying amount is the sum of its rounded parts
    select
        *,
        cast(outstanding_principal * own_share as decimal(18, 2)) as own_principal,
        cast(deferred_fees_amount * own_share as decimal(18, 2)) as own_fees,
        cast(impairment_amount * own_share as decimal(18, 2)) as own_impairment,
        cast(
            (carrying_amount - outstanding_principal - deferred_fees_amount + impairment_amount) * own_share
            as decimal(18, 2)
        ) as own_adjustment
    from contracts
)

select
    t.as_of_date,
    t.entity_id,
    t.position_id,
    t.extract,
    t.product_code,
    p.family,
    p.balance_sheet_line,
    t.counterparty_id,
    t.currency,
    t.side,
    cast(coalesce(t.leg_direction, case when t.side in ('liability', 'equity') then -1 else 1 end) as integer)
        as direction,
    t.is_on_balance_sheet,
    t.gl_account,
    t.intragroup_entity_id,
    own.entity_id is not null and other.entity_id is not null as is_intragroup,
    t.status,
    t.accounting_class,
    case
        when t.extract = 'derivative' or t.status = 'closed' then 'balance_only'
        when t.is_non_performing and p.cash_flow_model <> 'balance_only' then 'non_performing'
        else p.cash_flow_model
    end as cash_flow_model,
    coalesce(t.behaviour_segment, p.behaviour_segment) as behaviour_segment,
    p.nmd_category,
    cast(t.own_share as double) as own_share,
    t.own_principal as outstanding_principal,
    t.notional_amount,
    cast(t.own_principal + t.own_fees - t.own_impairment + t.own_adjustment as decimal(18, 2)) as carrying_amount,
    cast(t.accrued_interest * t.own_share as decimal(18, 2)) as accrued_interest,
    t.own_fees as deferred_fees_amount,
    t.own_impairment as impairment_amount,
    cast(t.past_due_principal_amount * t.own_share as decimal(18, 2)) as past_due_principal_amount,
    cast(t.past_due_interest_amount * t.own_share as decimal(18, 2)) as past_due_interest_amount,
    t.rate_type,
    t.coupon_rate,
    t.index_id,
    t.spread_rate,
    t.rate_multiplier,
    t.cap_rate,
    t.floor_rate,
    t.period_cap_rate,
    t.period_floor_rate,
    case
        when t.extract in ('security', 'derivative', 'derivative_leg', 'other_balance') then 0
        else coalesce(t.coupon_rate - t.ftp_rate, p.new_business_margin_rate, 0)
    end as margin_rate,
    t.day_count,
    t.reset_freq,
    t.next_reset_date,
    t.fixing_lag_days,
    case  -- the index of the next reset was read by the as-of date: that day's, or the last one that is young enough
        when t.next_reset_date - t.fixing_lag_days <= t.as_of_date
            then (
                select first(f.rate order by f.fixing_date desc)
                from staging.index_fixing as f
                inner join inputs.indices as i on f.index_id = i.index_id
                where
                    f.index_id = t.index_id
                    and f.fixing_date <= t.next_reset_date - t.fixing_lag_days
                    and f.fixing_date >= t.next_reset_date - t.fixing_lag_days - i.max_age_days
            )
    end as next_fixing_rate,
    t.amortisation_type,
    t.principal_freq,
    t.interest_freq,
    t.start_date,
    t.maturity_date,
    t.last_payment_date,
    t.next_payment_date,
    cast(t.payment_amount * t.own_share as decimal(18, 2)) as payment_amount,
    t.interest_only_end_date,
    t.amortisation_months,
    cast(t.balloon_amount * t.own_share as decimal(18, 2)) as balloon_amount,
    t.business_day_convention,
    t.calendar_id,
    t.is_end_of_month,
    t.option_type,
    t.strike_rate,
    case  -- a non-performing position without a date recovers when the committee assumes it does
        when t.is_non_performing or p.cash_flow_model = 'non_performing'
            then coalesce(
                t.expected_recovery_date, cast(t.as_of_date + to_months(cast(a.value as integer)) as date)
            )
    end as expected_recovery_date,
    t.expected_close_date,
    t.is_prepayable,
    t.is_redeemable,
    coalesce(t.prepayment_penalty_type, 'none') as prepayment_penalty_type,
    t.prepayment_penalty_share,
    t.prepayment_penalty_months,
    cast(t.prepayment_penalty_amount * t.own_share as decimal(18, 2)) as prepayment_penalty_amount,
    cast(t.free_prepayment_amount * t.own_share as decimal(18, 2)) as free_prepayment_amount,
    t.prepayment_lockout_end_date,
    coalesce(t.prepayment_effect, 'lower_instalment') as prepayment_effect,
    t.withdrawal_penalty_months,
    cast(t.insured_amount * t.own_share as decimal(18, 2)) as insured_amount,
    coalesce(p.new_business_margin_rate, 0) as new_business_margin_rate,
    p.eve_treatment,
    p.nii_treatment,
    p.is_in_irrbb_scope and t.book = 'banking' as is_in_irrbb_scope
from terms as t
inner join inputs.products as p on t.product_code = p.product_code  -- the others: book.unmapped_positions
left join inputs.members as own on t.entity_id = own.entity_id
left join inputs.members as other on t.intragroup_entity_id = other.entity_id
left join inputs.assumptions as a
    on a.assumption = 'eve' and a.parameter = 'non_performing_recovery_months'
