-- about:  Every holding that may count as a liquid asset: rule, haircut, pledges, and what of it counts.
-- grain:  as_of_date, pack, entity_id, position_id
-- reads:  metrics.hqla_holdings, metrics.report_footers, book.translation_rates, inputs.hqla_rules
select
    h.as_of_date,
    h.pack,
    h.entity_id,
    h.position_id,
    h.product_code,
    h.currency as contract_currency,
    h.hqla_rule,
    r.paragraph,
    r.status as rule_status,
    h.hqla_level,
    coalesce(h.scope_reason, h.unclassified_reason) as scope_reason,
    h.haircut_share,
    f.currency,
    cast(h.market_value * t.translation_rate as decimal(18, 2)) as market_value_amount,
    cast(h.encumbered_amount * t.translation_rate as decimal(18, 2)) as pledged_amount,
    cast(h.hqla_value * t.translation_rate as decimal(18, 2)) as hqla_amount,
    case
        when h.unclassified_reason is not null then 'not available: ' || h.unclassified_reason
        when t.translation_rate is null
            then 'not available: no exchange rate for ' || h.currency || ' | book.translation_rates'
        else f.availability
    end as availability
from metrics.hqla_holdings as h
inner join metrics.report_footers as f on h.entity_id = f.entity_id and f.row_kind = 'entity'
left join inputs.hqla_rules as r on h.pack = r.pack and h.hqla_rule = r.hqla_rule
left join book.translation_rates as t on h.currency = t.currency
