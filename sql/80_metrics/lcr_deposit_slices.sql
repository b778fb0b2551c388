-- about:  Every deposit cut into its insured and its uninsured part, each under one rule of run-off.
-- grain:  as_of_date, pack, position_id, deposit_slice
-- reads:  book.positions, staging.deposit_nmd, staging.deposit_term, staging.counterparty, inputs.deposit_rules,
--         inputs.hqla_caps
with delivered as (
    select
        position_id,
        counterparty_id,
        insured_amount,
        is_operational,
        is_relationship or is_transactional as is_close,
        cast(null as date) as maturity_date,
        true as may_leave
    from staging.deposit_nmd
    union all
    select
        d.position_id,
        d.counterparty_id,
        d.insured_amount,
        false as is_operational,
        c.is_established_relationship as is_close,
        d.maturity_date,
        d.is_early_withdrawal_allowed or d.maturity_date is null as may_leave
    from staging.deposit_term as d
    left join staging.counterparty as c on d.counterparty_id = c.counterparty_id
),

deposits as (
    select
        x.pack,
        p.entity_id,
        p.currency,
        p.position_id,
        p.product_code,
        p.is_intragroup,
        p.outstanding_principal as amount,
        least(coalesce(d.insured_amount, 0), p.outstanding_principal) as insured_amount,
        d.is_operational,
        coalesce(d.is_close, false) as is_close,
        c.counterparty_type,
        not d.may_leave and d.maturity_date > cast($as_of_date as date) + x.unwind_days as is_beyond
    from book.positions as p
    inner join delivered as d on p.position_id = d.position_id
    cross join inputs.hqla_caps as x
    left join staging.counterparty as c on d.counterparty_id = c.counterparty_id
    where p.side = 'liability'
),

slices as (
    select
        *,
        'insured' as deposit_slice,
        insured_amount as slice_amount
    from deposits
    where insured_amount > 0
    union all
    select
        *,
        'uninsured' as deposit_slice,
        amount - insured_amount as slice_amount
    from deposits
    where amount > insured_amount or amount = 0
),

ruled as (
    select
        *,
        case
            when counterparty_type = 'retail' and is_beyond then 'retail_term_beyond'
            when counterparty_type = 'retail' and deposit_slice = 'insured' and is_close then 'retail_stable'
            when counterparty_type = 'retail' then 'retail_less_stable'
            when counterparty_type = 'small_business' and is_beyond then 'small_business_term_beyond'
            when counterparty_type = 'small_business' and deposit_slice = 'insured' and is_close
                then 'small_business_stable'
            when counterparty_type = 'small_business' then 'small_business_less_stable'
            when counterparty_type is not null and is_beyond then 'wholesale_term_beyond'
            when counterparty_type is not null and is_operational
                then case when deposit_slice = 'insured' then 'operational_insured' else 'operational_uninsured' end
            when counterparty_type in ('non_financial_corporate', 'sovereign', 'central_bank', 'pse', 'mdb')
                then case when insured_amount >= amount then 'non_financial_insured' else 'non_financial' end
            when counterparty_type is not null then 'other_legal_entity'
        end as deposit_rule
    from slices
)

select
    cast($as_of_date as date) as as_of_date,
    s.pack,
    s.entity_id,
    s.currency,
    s.position_id,
    s.deposit_slice,
    s.product_code,
    s.is_intragroup,
    s.counterparty_type,
    s.deposit_rule,
    case when r.deposit_rule is null then 'no counterparty of a known type' end as unclassified_reason,
    r.run_off_share,
    cast(s.slice_amount as double) as slice_amount,
    cast(s.slice_amount as double) * r.run_off_share as slice_outflow
from ruled as s
left join inputs.deposit_rules as r on s.pack = r.pack and s.deposit_rule = r.deposit_rule
