-- about:  Everything in this close that is not as it should be and was accepted by somebody, with what it touches.
-- grain:  as_of_date, exception_kind, item, applies_to, reason
-- reads:  inputs.not_delivered, inputs.declared, inputs.outside_dates, inputs.expiring,
--         inputs.overlaid, inputs.waivers, inputs.adjustments, inputs.fallbacks, inputs.products,
--         scenarios.zero_rates, scenarios.stopped_currencies, behaviour.undecided_balances,
--         book.positions, book.excluded, book.translation_rates
with held as (  -- amounts in the reporting currency; none where one currency has no rate
    select
        p.extract,
        p.currency,
        p.product_code,
        coalesce(p.behaviour_segment, 'none') as behaviour_segment,
        count(*) as n_positions,
        count(*) - count(t.translation_rate) as n_untranslated,
        sum(cast((p.outstanding_principal + p.notional_amount) * t.translation_rate as decimal(38, 6))) as amount
    from book.positions as p
    left join book.translation_rates as t on p.currency = t.currency
    group by p.extract, p.currency, p.product_code, coalesce(p.behaviour_segment, 'none')
),

touched as (  -- positions by every property an exception may name
    select
        'extract' as property,
        extract as property_value,
        n_positions,
        n_untranslated,
        amount
    from held
    union all
    select
        'currency' as property,
        currency as property_value,
        n_positions,
        n_untranslated,
        amount
    from held
    union all
    select
        'product_code' as property,
        product_code as property_value,
        n_positions,
        n_untranslated,
        amount
    from held
    union all
    select
        'behaviour_segment' as property,
        behaviour_segment as property_value,
        n_positions,
        n_untranslated,
        amount
    from held
    union all
    select
        'undecided' as property,
        x.entity_id || ' ' || x.currency as property_value,
        x.n_positions,
        case when t.translation_rate is null then x.n_positions else 0 end as n_untranslated,
        cast(x.outstanding_principal * t.translation_rate as decimal(38, 6)) as amount
    from behaviour.undecided_balances as x
    left join book.translation_rates as t on x.currency = t.currency
),

positions_touched as (
    select
        property,
        property_value,
        sum(n_positions) as n_positions,
        case when sum(n_untranslated) = 0 then sum(amount) end as amount
    from touched
    group by property, property_value
),

set_aside as (
    select
        x.extract,
        x.entity_id || ' ' || x.currency as applies_to,
        sum(x.excluded_rows) as excluded_rows,
        sum(cast(abs(x.carrying_amount) * t.translation_rate as decimal(38, 6))) as amount
    from book.excluded as x
    left join book.translation_rates as t on x.currency = t.currency
    group by x.extract, x.entity_id, x.currency
),

stood_in as (
    select distinct
        curve_id,
        quoted_curve_id,
        currency
    from scenarios.zero_rates
    where curve_id <> quoted_curve_id and scenario = 'base'
),

accepted as (
    select
        'not delivered' as exception_kind,
        extract as item,
        extract as applies_to,
        treatment,
        reason,
        owner,
        null as approver,
        null as expiry_date,
        null as property,
        null as property_value
    from inputs.not_delivered
    union all
    select
        'declared, not delivered' as exception_kind,
        item,
        applies_to,
        cast(value as varchar) as treatment,
        reason,
        owner,
        null as approver,
        null as expiry_date,
        'extract' as property,
        split_part(applies_to, '.', 2) as property_value
    from inputs.declared
    union all
    select
        'used outside its dates' as exception_kind,
        item,
        item_kind as applies_to,
        'applied' as treatment,
        'in force from ' || coalesce(cast(effective_from as varchar), 'the beginning')
        || ' to ' || coalesce(cast(effective_to as varchar), 'further notice') as reason,
        owner,
        null as approver,
        effective_to as expiry_date,
        case when item_kind = 'assumption' then 'behaviour_segment' end as property,
        split_part(item, '.', 2) as property_value
    from inputs.outside_dates
    union all
    select
        'expires soon' as exception_kind,
        item,
        item_kind as applies_to,
        'applied until then; afterwards it stops publication' as treatment,
        n_figures || ' figures expire on ' || cast(effective_to as varchar) as reason,
        owner,
        null as approver,
        effective_to as expiry_date,
        null as property,
        null as property_value
    from inputs.expiring
    union all
    select
        'the bank''s own file' as exception_kind,
        item,
        applies_to,
        'applied instead of the shipped one' as treatment,
        reason,
        owner,
        approver,
        null as expiry_date,
        case when item like 'assumptions/%' then 'behaviour_segment' end as property,
        applies_to as property_value
    from inputs.overlaid
    union all
    select
        'waived check' as exception_kind,
        check_id as item,
        applies_to,
        'does not stop the close up to ' || failed_rows || ' failing rows' as treatment,
        reason,
        owner,
        approver,
        effective_to as expiry_date,
        'check' as property,
        check_id as property_value
    from inputs.waivers
    union all
    select
        'outside the measure' as exception_kind,
        p.product_code as item,
        'interest rate risk in the banking book' as applies_to,
        'not valued' as treatment,
        p.exclusion_reason as reason,
        'team:treasury-risk' as owner,
        null as approver,
        null as expiry_date,
        'product_code' as property,
        p.product_code as property_value
    from inputs.products as p
    where
        not p.is_in_irrbb_scope
        and p.product_code in (
            select h.product_code
            from held as h
        )
    union all
    select
        'currency stopped' as exception_kind,
        currency as item,
        scenario as applies_to,
        'its positions have no value, and totals that would contain them are not available' as treatment,
        cause as reason,
        'team:market-data' as owner,
        null as approver,
        null as expiry_date,
        'currency' as property,
        currency as property_value
    from scenarios.stopped_currencies
    union all
    select
        'curve fallback' as exception_kind,
        z.curve_id as item,
        z.quoted_curve_id as applies_to,
        'the quotes of ' || z.quoted_curve_id || ' stand in for its own' as treatment,
        f.reason,
        f.owner,
        f.approver,
        f.effective_to as expiry_date,
        'currency' as property,
        z.currency as property_value
    from stood_in as z
    left join inputs.fallbacks as f on z.curve_id = f.curve_id
    union all
    select
        'no exchange rate' as exception_kind,
        currency as item,
        reporting_currency as applies_to,
        'totals that would contain the currency are not available' as treatment,
        reason,
        'team:market-data' as owner,
        null as approver,
        null as expiry_date,
        'currency' as property,
        currency as property_value
    from book.translation_rates
    where translation_rate is null
    union all
    select
        'no ' || missing_input as exception_kind,
        currency as item,
        entity_id as applies_to,
        'its products have no value, and totals that would contain them are not available' as treatment,
        cause as reason,
        case when missing_input = 'fixing' then 'team:market-data' else 'team:treasury-risk' end as owner,
        null as approver,
        null as expiry_date,
        'undecided' as property,
        entity_id || ' ' || currency as property_value
    from behaviour.undecided_balances
),

counted as (
    select
        a.exception_kind,
        a.item,
        a.applies_to,
        a.treatment,
        a.reason,
        a.owner,
        a.approver,
        a.expiry_date,
        t.n_positions,
        t.amount,
        case
            when a.property = 'check' then 'audit.check_results where check_id = ''' || a.property_value || ''''
            when a.property = 'undecided'
                then 'behaviour.unassigned_positions of ' || a.property_value
            when t.n_positions is not null
                then 'book.positions where ' || a.property || ' = ''' || a.property_value || ''''
        end as opens_to
    from accepted as a
    left join positions_touched as t on a.property = t.property and a.property_value = t.property_value
    union all
    select
        'rows set aside' as exception_kind,
        extract as item,
        applies_to,
        'left out of every total, shown as an exclusion' as treatment,
        'the rows break a rule of their data contract' as reason,
        'team:core-banking-extracts' as owner,
        null as approver,
        null as expiry_date,
        excluded_rows as n_positions,
        amount,
        'quarantine.' || extract as opens_to
    from set_aside
    union all
    select
        'manual adjustment' as exception_kind,
        table_name || ' ' || column_name as item,
        report_row as applies_to,
        case when is_applied then 'added to the cell, in a column of its own' else 'not applied on this date' end
            as treatment,
        reason,
        owner,
        approver,
        effective_to as expiry_date,
        null as n_positions,
        case when is_applied then cast(amount as decimal(38, 6)) end as amount,
        'audit.adjusted_cells' as opens_to
    from inputs.adjustments
)

select
    cast($as_of_date as date) as as_of_date,
    exception_kind,
    item,
    applies_to,
    treatment,
    reason,
    owner,
    approver,
    expiry_date,
    cast(n_positions as bigint) as n_positions,
    cast(amount as decimal(18, 2)) as exception_amount,
    opens_to
from counted
