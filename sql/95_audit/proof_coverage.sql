-- about:  Every invariant a close has to prove, how many ties prove it, and which do not apply yet.
-- grain:  as_of_date, invariant_group, invariant
-- reads:  audit.proofs
with wanted (invariant_group, invariant) as (
    values
    ('principal conservation', 'principal of every position is accounted for'),
    ('principal conservation', 'principal of every month is accounted for'),
    ('principal conservation', 'principal projected is principal of the book'),
    ('principal conservation', 'a line is drawn within its limit and repaid'),
    ('principal conservation', 'principal of the ladder is principal repaid'),
    ('principal conservation', 'principal of the repricing gap is outstanding and notional'),
    ('accrual roll-forward', 'interest earned until the end is interest paid'),
    ('assets equal liabilities and equity', 'assets equal liabilities and equity'),
    ('par floater on reset', 'a floater is worth par on its reset'),
    ('swap parity', 'a swap is a bond less a floater'),
    ('swap parity', 'a floating leg is par less the final discount factor'),
    ('swap parity', 'a cap less a floor is a swap'),
    ('additivity of present values', 'a whole is worth its parts'),
    ('additivity of present values', 'a position alone is worth what it is among others'),
    ('additivity of key rates', 'key rates add up to the parallel move'),
    ('additivity of key rates', 'key rates of the book add up to the parallel move'),
    ('additivity of key rates', 'key rates of income add up to the parallel move'),
    ('one set of cash flows', 'durations are of the values in economic value'),
    ('standardised approach', 'standardised changes of the positions add up to the reported one'),
    ('standardised approach', 'fixed cash at midpoints is near fixed cash on its days'),
    ('a plan that balances', 'what the plan places it also takes'),
    ('risks taken apart', 'what nobody decides about changes with rates and options alone'),
    ('risks taken apart', 'a parallel rise has no curve risk'),
    ('risks taken apart', 'the risks of a change add up to it'),
    ('from book to economic value', 'the bridge starts at assets less liabilities'),
    ('from book to economic value', 'the bridge ends at economic value'),
    ('liquid assets', 'both formulas of the caps give one stock'),
    ('liquid assets', 'the register adds up to the levels'),
    ('liquid assets', 'every security is in the register once'),
    ('lines of the liquidity ratios', 'slices add up to the positions'),
    ('lines of the liquidity ratios', 'every slice stands in one line of the coverage ratio'),
    ('lines of the liquidity ratios', 'every slice stands in one line of the stable funding ratio'),
    ('lines of the liquidity ratios', 'the lines of the stock add up to the levels'),
    ('lines of the liquidity ratios', 'the rows of LIQ1 add up to the outflows'),
    ('lines of the liquidity ratios', 'the rows of LIQ2 add up to required funding'),
    ('from close to close', 'the steps between two closes leave nothing over'),
    ('from close to close', 'the steps between two closes begin and end at what was reported'),
    ('zero shock, zero change', 'a shock of nothing changes nothing'),
    ('zero shock, zero change', 'base against itself is zero'),
    ('signs of rises and falls', 'a position has the sign of what the bank gets or owes'),
    ('signs of rises and falls', 'rates up, fixed claims down'),
    ('signs of rises and falls', 'sides swapped, signs swapped'),
    ('signs of rises and falls', 'rates rise under a rise, fall under a fall and stay in the base'),
    ('ladder is the flows of economic value', 'present values of the buckets add up to those of the positions'),
    ('ladder is the flows of economic value', 'the ladder is the event rows'),
    ('ladder is the flows of economic value', 'value is the event rows, discounted'),
    ('sum of currencies', 'currencies add up to the total'),
    ('discount factors and forwards', 'discount factors are positive and forwards in their band'),
    ('discount factors and forwards', 'discount factors are those of the published zero rates'),
    ('discount factors and forwards', 'a rate under a scenario is its base rate and the shock'),
    ('discount factors and forwards', 'a quote is worth par on its curve'),
    ('discount factors and forwards', 'coupons are rate, time and discount factor'),
    ('closed forms', 'an annuity repays itself at its rate'),
    ('closed forms', 'a deposit ladder is its core and the rest'),
    ('closed forms', 'a prepaying loan is its survivors'),
    ('closed forms', 'customers who leave early take what they owe'),
    ('closed forms', 'a leg is not replaced'),
    ('closed forms', 'income is the loan''s and its replacement''s'),
    ('no orphan contracts', 'every delivered contract is in staging'),
    ('no orphan contracts', 'every contract is in the book'),
    ('no orphan contracts', 'every contract has its values'),
    ('no orphan contracts', 'every value has its contract'),
    ('no orphan contracts', 'every position is in the product map'),
    ('no orphan contracts', 'no position is valued without its behaviour'),
    ('no orphan contracts', 'intragroup business has product codes of its own'),
    ('control totals', 'rows stated are rows loaded or refused'),
    ('control totals', 'control totals stated are amounts loaded or refused'),
    ('control totals', 'delivered principal is principal in staging'),
    ('control totals', 'principal of the contracts is principal of the book'),
    ('control totals', 'the sub-ledger ties to the ledger'),
    ('report cell is the sum of its contributions', 'position values add up to the reported economic value'),
    ('report cell is the sum of its contributions', 'what is reported without a value has none'),
    ('report cell is the sum of its contributions', 'position income adds up to the reported net interest income'),
    ('report cell is the sum of its contributions', 'families add up to the total'),
    ('report cell is the sum of its contributions', 'the group is its members and the eliminations'),
    ('report cell is the sum of its contributions', 'the repricing gap adds up to the principal of the positions'),
    ('report cell is the sum of its contributions', 'the liquidity gap adds up to the cash of the products'),
    ('report cell is the sum of its contributions', 'the cumulative gap is the sum of the gaps'),
    ('report cell is the sum of its contributions', 'the balance sheet adds up to the positions'),
    ('one set of cash flows', 'income of the positions is income of the months')
),

not_yet (invariant_group, invariant, reason) as (
    values
    ('transfer prices add up to zero', 'margins and treasury result', 'there are no transfer prices yet')
),

proved as (
    select
        invariant,
        count(*) as n_ties,
        count(*) filter (where not is_passed) as n_failed
    from audit.proofs
    group by invariant
)

select
    cast($as_of_date as date) as as_of_date,
    coalesce(w.invariant_group, 'not listed') as invariant_group,
    coalesce(w.invariant, p.invariant) as invariant,
    case
        when p.invariant is null then 'nothing to prove'
        when p.n_failed > 0 then 'failed'
        else 'proved'
    end as status,
    coalesce(p.n_ties, 0) as n_ties,
    coalesce(p.n_failed, 0) as n_failed,
    case when p.invariant is null then 'the close has nothing of this kind' end as reason
from wanted as w
full join proved as p on w.invariant = p.invariant
union all
select
    cast($as_of_date as date) as as_of_date,
    invariant_group,
    invariant,
    'not applicable' as status,
    0 as n_ties,
    0 as n_failed,
    reason
from not_yet
