-- about:  Every model behind the figures of this close: purpose, tier, owner, limits, reviews and open findings.
-- grain:  as_of_date, model
-- reads:  inputs.models
select
    cast($as_of_date as date) as as_of_date,
    model,
    title,
    purpose,
    permitted_use,
    products,
    tier,
    status,
    owner,
    developer,
    validator,
    users,
    modules,
    assumptions,
    inputs,
    outputs,
    limits,
    limitations,
    proofs,
    tests,
    last_review as last_review_date,
    next_review as next_review_date,
    n_open_findings,
    findings,
    case
        when status = 'retired' then 'retired'
        when last_review is null and next_review < cast($as_of_date as date) then 'never reviewed, overdue'
        when last_review is null then 'not yet reviewed'
        when next_review < cast($as_of_date as date) then 'review overdue'
        else 'reviewed'
    end as review_status
from inputs.models
