-- about:  The meaning of every ledger account, one row per account.
-- grain:  as_of_date, gl_account
-- reads:  raw.gl_map
with delivered as (
    select *
    from raw.gl_map  -- bound to the rows not in quarantine
    where as_of_date = cast($as_of_date as date)
)

select
    as_of_date,
    gl_account,
    name,
    fs_line,
    side,
    product_family,
    recon_group,
    cast(tolerance_amount as decimal(18, 2)) as tolerance_amount,
    cast(tolerance_share as double) as tolerance_share,
    cast(is_in_alm_scope as boolean) as is_in_alm_scope,
    reason_if_out
from delivered
