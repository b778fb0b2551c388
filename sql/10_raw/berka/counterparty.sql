-- about:  The clients of the bank under their number; the files hold private clients only.
-- grain:  as_of_date, counterparty_id
-- reads:  raw.berka__client
select
    cast($as_of_date as date) as as_of_date,
    source_file_id,
    source_row,
    $as_of_date as delivered_as_of_date,
    client_id as counterparty_id,
    'client ' || client_id as name,
    'retail' as counterparty_type,
    cast(null as varchar) as lei,
    cast(null as varchar) as risk_group_id,
    'CZ' as country,
    cast(null as varchar) as rating,
    cast(null as varchar) as turnover_amount,
    'true' as is_established_relationship,
    cast(null as varchar) as intragroup_entity_id
from raw.berka__client
