-- about:  The one legal entity of the bank, as its code list names it.
-- grain:  as_of_date, entity_id
-- reads:  inputs.source_codes
select
    cast($as_of_date as date) as as_of_date,
    'declared:entity' as source_file_id,
    cast(1 as bigint) as source_row,
    $as_of_date as delivered_as_of_date,
    code as entity_id,
    value as name,
    cast(null as varchar) as parent_entity_id,
    'CZ' as country,
    'CZK' as reporting_currency,
    'bank' as role
from inputs.source_codes
where code_list = 'entity'
