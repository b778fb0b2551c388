-- about:  Positions that cannot be placed, with the reason; must be empty, a close stops on any row.
-- grain:  as_of_date, position_id, reason
-- reads:  staging.loan, staging.deposit_term, staging.deposit_nmd, staging.security,
--         staging.borrowing, staging.derivative, staging.derivative_leg, staging.commitment,
--         staging.other_balance, inputs.products
with every_position as (
    select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal from staging.loan
    union all
    select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal from staging.deposit_term
    union all
    select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal from staging.deposit_nmd
    union all
    select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal from staging.security
    union all
    select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal from staging.borrowing
    union all
    select as_of_date, entity_id, position_id, product_code, currency, notional_amount from staging.derivative
    union all
    select as_of_date, entity_id, position_id, product_code, currency, undrawn_amount from staging.commitment
    union all
    select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal from staging.other_balance
),

no_product as (
    select
        every_position.as_of_date,
        every_position.entity_id,
        every_position.position_id,
        every_position.product_code,
        every_position.currency,
        every_position.outstanding_principal,
        'the product is not in the product map' as reason
    from every_position
    left join inputs.products as p on every_position.product_code = p.product_code
    where p.product_code is null
),

loose_legs as (
    select
        leg.as_of_date,
        leg.entity_id,
        leg.position_id,
        coalesce(deal.product_code, 'unknown') as product_code,
        leg.currency,
        leg.notional_amount as outstanding_principal,
        case
            when deal.deal_no is null then 'a derivative leg without its deal'
            else 'a leg of a collar needs either a cap rate or a floor rate'
        end as reason
    from staging.derivative_leg as leg
    left join staging.derivative as deal on leg.entity_id = deal.entity_id and leg.deal_no = deal.deal_no
    where
        deal.deal_no is null
        or (deal.derivative_type = 'collar' and (leg.cap_rate is null) = (leg.floor_rate is null))
)

select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal, reason from no_product
union all
select as_of_date, entity_id, position_id, product_code, currency, outstanding_principal, reason from loose_legs
