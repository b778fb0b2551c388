-- about:  What must tie between the reports and the positions behind them, added up on a way of their own.
-- grain:  as_of_date, invariant, scope
-- reads:  book.positions, staging.fx_rate, scenarios.position_values, scenarios.standardised_values,
--         scenarios.cash_flow_buckets, metrics.eve, reports.eve_sensitivity, reports.irrbb_standardised,
--         reports.nii_sensitivity, reports.repricing_gap, reports.liquidity_gap, reports.balance_sheet,
--         inputs.members, inputs.bank, inputs.declared, inputs.scenario_fx
with rates as (  -- straight from the delivered rates
    select
        p.currency,
        case
            when p.currency = bank.reporting_currency then 1
            else coalesce(
                max(f.fx_rate) filter (where f.base_currency = p.currency),
                1 / max(f.fx_rate) filter (where f.quote_currency = p.currency)
            )
        end as translation_rate
    from (select distinct currency from book.positions) as p
    cross join inputs.bank as bank
    left join staging.fx_rate as f
        on
            (p.currency = f.base_currency and bank.reporting_currency = f.quote_currency)
            or (p.currency = f.quote_currency and bank.reporting_currency = f.base_currency)
    group by p.currency, bank.reporting_currency
),

placed as (  -- every position in the rows it belongs to: its entity, the group or the elimination
    select
        p.position_id,
        p.entity_id,
        'entity' as row_kind,
        1 * rates.translation_rate as weight
    from book.positions as p
    inner join rates on p.currency = rates.currency
    union all
    select
        p.position_id,
        bank.group_entity_id as entity_id,
        case when other.entity_id is null then 'group' else 'elimination' end as row_kind,
        case when other.entity_id is null then 1 else -1 end * rates.translation_rate as weight
    from book.positions as p
    inner join rates on p.currency = rates.currency
    inner join inputs.members as own on p.entity_id = own.entity_id
    left join inputs.members as other on p.intragroup_entity_id = other.entity_id
    cross join inputs.bank as bank
),

weighed as (  -- what a position counts in each measure, in the scenario's exchange rates
    select
        v.*,
        u.entity_id as unit_id,
        u.row_kind,
        case
            when p.eve_treatment = 'in' and p.cash_flow_model not in ('balance_only', 'commitment')
                then u.weight * coalesce(x.translation_factor, 1)
            else 0
        end as value_weight,
        case
            when
                p.nii_treatment = 'constant_balance'
                and p.cash_flow_model not in ('balance_only', 'commitment', 'non_performing')
                then u.weight * coalesce(x.translation_factor, 1)
            else 0
        end as income_weight
    from scenarios.position_values as v
    inner join book.positions as p on v.position_id = p.position_id
    inner join placed as u on v.position_id = u.position_id
    left join inputs.scenario_fx as x on v.scenario = x.scenario and p.currency = x.currency
    where p.is_in_irrbb_scope
),

position_totals as (
    select
        scenario,
        unit_id as entity_id,
        row_kind,
        sum(cast((present_value + option_value) * value_weight as decimal(38, 6))) as eve,
        sum(cast((nii_12m + amortised_12m) * income_weight as decimal(38, 6))) as nii_12m,
        sum(cast((nii_24m + amortised_24m) * income_weight as decimal(38, 6))) as nii_24m,
        sum(cast((nii_36m + amortised_36m) * income_weight as decimal(38, 6))) as nii_36m
    from weighed
    group by scenario, unit_id, row_kind
),

values_tie as (
    select
        'position values add up to the reported economic value' as invariant,
        r.entity_id || ' ' || r.row_kind || ' ' || r.scenario as scope,
        p.eve as left_value,
        r.eve as right_value,
        0.01 as tolerance_value
    from reports.eve_sensitivity as r
    inner join position_totals as p
        on r.entity_id = p.entity_id and r.row_kind = p.row_kind and r.scenario = p.scenario
    where r.family = 'total' and r.eve is not null
),

standardised_tie as (
    select
        'standardised changes of the positions add up to the reported one' as invariant,
        r.entity_id || ' ' || r.row_kind || ' ' || r.scenario as scope,
        sum(cast((v.split_change + v.raised_option_change) * u.weight as decimal(38, 6))) as left_value,
        r.delta_eve_split as right_value,
        0.01 as tolerance_value
    from reports.irrbb_standardised as r
    inner join placed as u on r.entity_id = u.entity_id and r.row_kind = u.row_kind
    inner join book.positions as p on u.position_id = p.position_id
    inner join scenarios.standardised_values as v on p.position_id = v.position_id and r.scenario = v.scenario
    where
        r.contract_currency = 'all' and r.delta_eve_split is not null
        and p.is_in_irrbb_scope and p.eve_treatment = 'in'
        and p.cash_flow_model not in ('balance_only', 'commitment')
    group by r.entity_id, r.row_kind, r.scenario, r.delta_eve_split
),

reported_without as (
    select
        scenario,
        sum(n_not_valued) as n_not_valued
    from metrics.eve
    group by scenario
),

not_valued_tie as (  -- numbers of positions
    select
        'what is reported without a value has none' as invariant,
        e.scenario as scope,
        max(e.n_not_valued) as left_value,
        count(*) filter (where v.present_value is null) as right_value,
        0 as tolerance_value
    from reported_without as e
    cross join book.positions as p
    left join scenarios.position_values as v on p.position_id = v.position_id and e.scenario = v.scenario
    where
        p.is_in_irrbb_scope
        and p.eve_treatment = 'in'
        and p.cash_flow_model not in ('balance_only', 'commitment')
    group by e.scenario
),

income_tie as (
    select
        'position income adds up to the reported net interest income' as invariant,
        r.entity_id || ' ' || r.row_kind || ' ' || r.scenario || ' ' || r.horizon_months as scope,
        case r.horizon_months when 12 then p.nii_12m when 24 then p.nii_24m else p.nii_36m end as left_value,
        r.nii as right_value,
        0.01 as tolerance_value
    from reports.nii_sensitivity as r
    inner join position_totals as p
        on r.entity_id = p.entity_id and r.row_kind = p.row_kind and r.scenario = p.scenario
    where r.family = 'total' and r.nii is not null
),

families as (
    select
        'families add up to the total' as invariant,
        'economic value ' || entity_id || ' ' || row_kind || ' ' || scenario as scope,
        sum(case when family = 'total' then 0 else eve end) as left_value,
        sum(case when family = 'total' then eve else 0 end) as right_value,
        0.005 * count(*) as tolerance_value
    from reports.eve_sensitivity
    group by entity_id, row_kind, scenario
    having count(*) = count(eve)
    union all
    select
        'families add up to the total' as invariant,
        'income ' || entity_id || ' ' || row_kind || ' ' || scenario || ' ' || horizon_months as scope,
        sum(case when family = 'total' then 0 else nii end) as left_value,
        sum(case when family = 'total' then nii else 0 end) as right_value,
        0.005 * count(*) as tolerance_value
    from reports.nii_sensitivity
    group by entity_id, row_kind, scenario, horizon_months
    having count(*) = count(nii)
),

currencies as (
    select
        'currencies add up to the total' as invariant,
        r.entity_id || ' ' || r.scenario as scope,
        sum(
            cast(
                (e.present_value + e.option_value) * rates.translation_rate * coalesce(x.translation_factor, 1)
                as decimal(38, 6)
            )
        ) as left_value,
        r.eve as right_value,
        0.01 as tolerance_value
    from reports.eve_sensitivity as r
    inner join metrics.eve as e on r.entity_id = e.entity_id and r.scenario = e.scenario
    inner join rates on e.currency = rates.currency
    left join inputs.scenario_fx as x on e.scenario = x.scenario and e.currency = x.currency
    where r.family = 'total' and r.row_kind = 'entity' and r.eve is not null
    group by r.entity_id, r.scenario, r.eve
),

group_parts as (
    select
        g.scenario,
        g.eve as left_amount,
        sum(cast(part.eve as decimal(38, 6))) as right_amount
    from reports.eve_sensitivity as g
    inner join reports.eve_sensitivity as part
        on g.scenario = part.scenario and part.family = 'total'
    left join inputs.members as m on part.entity_id = m.entity_id
    where
        g.row_kind = 'group' and g.family = 'total' and g.eve is not null
        and (part.row_kind = 'elimination' or (part.row_kind = 'entity' and m.entity_id is not null))
    group by g.scenario, g.eve
),

group_ties as (
    select
        'the group is its members and the eliminations' as invariant,
        scenario as scope,
        left_amount as left_value,
        right_amount as right_value,
        0.05 as tolerance_value
    from group_parts
),

base_ties as (
    select
        'base against itself is zero' as invariant,
        'economic value' as scope,
        coalesce(sum(cast(abs(delta_eve) as decimal(38, 6))), 0) as left_value,
        0 as right_value,
        0 as tolerance_value
    from reports.eve_sensitivity
    where scenario = 'base'
    union all
    select
        'base against itself is zero' as invariant,
        'net interest income' as scope,
        coalesce(sum(cast(abs(delta_nii) + abs(delta_nii_other_path) as decimal(38, 6))), 0) as left_value,
        0 as right_value,
        0 as tolerance_value
    from reports.nii_sensitivity
    where scenario = 'base'
),

gap_totals as (  -- by position; an offer is drawn and repaid, an option has no principal
    select
        u.entity_id,
        u.row_kind,
        sum(
            cast(
                u.weight * p.direction * (
                    p.outstanding_principal + p.notional_amount
                    - case when p.cash_flow_model = 'non_performing' then p.impairment_amount else 0 end
                ) as decimal(38, 6)
            )
        ) as amount
    from book.positions as p
    inner join placed as u on p.position_id = u.position_id
    where
        p.cash_flow_model not in ('balance_only', 'commitment')
        and p.extract <> 'commitment' and p.option_type = 'none'
    group by u.entity_id, u.row_kind
),

gap_ties as (
    select
        'the repricing gap adds up to the principal of the positions' as invariant,
        r.entity_id || ' ' || r.row_kind || ' ' || r.view || ' ' || r.bucket_set as scope,
        sum(r.gap_amount) as left_value,
        coalesce(g.amount, 0) as right_value,
        0.005 * count(*) as tolerance_value
    from reports.repricing_gap as r
    left join gap_totals as g on r.entity_id = g.entity_id and r.row_kind = g.row_kind
    group by r.entity_id, r.row_kind, r.view, r.bucket_set, g.amount
    having count(*) = count(r.gap_amount)
),

product_rows as (  -- intragroup business has product codes of its own
    select distinct
        p.entity_id as member_entity_id,
        p.currency,
        p.product_code,
        u.entity_id,
        u.row_kind,
        u.weight
    from book.positions as p
    inner join placed as u on p.position_id = u.position_id
    where p.cash_flow_model <> 'balance_only'
),

ladder_totals as (
    select
        u.entity_id,
        u.row_kind,
        sum(cast((b.principal_amount + b.interest_amount) * u.weight as decimal(38, 6))) as amount
    from scenarios.cash_flow_buckets as b
    inner join product_rows as u
        on b.entity_id = u.member_entity_id and b.currency = u.currency and b.product_code = u.product_code
    where b.scenario = 'base' and b.bucket_set = 'liquidity'
    group by u.entity_id, u.row_kind
),

ladder_ties as (
    select
        'the liquidity gap adds up to the cash of the products' as invariant,
        r.entity_id || ' ' || r.row_kind || ' ' || r.view || ' ' || r.bucket_set as scope,
        sum(r.gap_amount) as left_value,
        coalesce(l.amount, 0) as right_value,
        0.005 * count(*) as tolerance_value
    from reports.liquidity_gap as r
    left join ladder_totals as l on r.entity_id = l.entity_id and r.row_kind = l.row_kind
    where r.view = 'behavioural' and r.contract_currency = 'all'
    group by r.entity_id, r.row_kind, r.view, r.bucket_set, l.amount
    having count(*) = count(r.gap_amount)
),

running as (
    select
        'the cumulative gap is the sum of the gaps' as invariant,
        'repricing ' || entity_id || ' ' || row_kind || ' ' || view || ' ' || bucket_set as scope,
        sum(gap_amount) as left_value,
        max(cumulative_gap_amount) filter (where bucket = n_buckets) as right_value,
        0.005 * count(*) as tolerance_value
    from (select *, max(bucket) over (partition by bucket_set) as n_buckets from reports.repricing_gap) as r
    group by entity_id, row_kind, view, bucket_set
    having count(*) = count(gap_amount)
    union all
    select
        'the cumulative gap is the sum of the gaps' as invariant,
        'liquidity ' || entity_id || ' ' || row_kind || ' ' || contract_currency || ' ' || view || ' ' || bucket_set
            as scope,
        sum(gap_amount) as left_value,
        max(cumulative_gap_amount) filter (where bucket = n_buckets) as right_value,
        0.005 * count(*) as tolerance_value
    from (select *, max(bucket) over (partition by bucket_set) as n_buckets from reports.liquidity_gap) as r
    group by entity_id, row_kind, contract_currency, view, bucket_set
    having count(*) = count(gap_amount)
),

carried as (
    select
        u.entity_id,
        u.row_kind,
        p.side,
        sum(cast((p.carrying_amount + p.accrued_interest) * u.weight as decimal(38, 6))) as amount
    from book.positions as p
    inner join placed as u on p.position_id = u.position_id
    where p.side in ('asset', 'liability', 'equity')
    group by u.entity_id, u.row_kind, p.side
),

balance_ties as (
    select
        'the balance sheet adds up to the positions' as invariant,
        r.entity_id || ' ' || r.row_kind || ' ' || r.side as scope,
        coalesce(c.amount, 0) as left_value,
        r.carrying_amount as right_value,
        0.01 as tolerance_value
    from reports.balance_sheet as r
    left join carried as c on r.entity_id = c.entity_id and r.row_kind = c.row_kind and r.side = c.side
    where
        r.balance_sheet_line = 'total' and r.carrying_amount is not null
        and (
            r.side <> 'asset'
            or 'assets_not_delivered' not in (select d.item from inputs.declared as d)
        )
),

every_tie as (
    select * from values_tie
    union all
    select * from standardised_tie
    union all
    select * from not_valued_tie
    union all
    select * from income_tie
    union all
    select * from families
    union all
    select * from currencies
    union all
    select * from group_ties
    union all
    select * from base_ties
    union all
    select * from gap_ties
    union all
    select * from ladder_ties
    union all
    select * from running
    union all
    select * from balance_ties
)

select
    cast($as_of_date as date) as as_of_date,
    invariant,
    scope,
    cast(left_value as double) as left_value,
    cast(right_value as double) as right_value,
    cast(tolerance_value as double) as tolerance_value
from every_tie
