"""What customers do to one contract: withdraw overnight, prepay a share of what is left.

The instalment shrinks with what leaves, or stays and ends the contract sooner. A penalty is paid to
the bank: a share of what leaves, months of its interest, or a fixed amount by each who leaves; the
first two on what is beyond the amount that a contract lets go for free.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.cash_flows.records import (
    FEE,
    L_BALANCE,
    L_PAYMENT,
    L_RATE,
    L_SURVIVAL,
    NEVER,
    PREPAID,
    BehaviourTables,
    Rows,
    Tables,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import THIRTY_E_360, year_fraction
from alm_pipeline.engine.kernel import inner_kernel
from alm_pipeline.engine.lanes import add_to, at, greater, load, power, store


@inner_kernel
def penalty(term: Any, share: Any, amount: Any, rate: Any, survival: Any) -> Any:
    """Return what those pay who take ``amount``, a ``share`` of what is left.

    Who leaves takes a whole contract: of the contracts at the start, ``survival`` are left. What
    may be prepaid for free is free for each of them, a fixed amount is due once for each. Months of
    interest at a negative rate cost nothing.
    """
    per_unit = greater(rate, 0.0) * (term.penalty_months / 12.0) + term.penalty_rate
    costly = greater(amount - share * survival * term.free_prepayment_amount, 0.0)
    return costly * per_unit + share * survival * term.penalty_amount


@inner_kernel
def leave(term: Any, share: Any, rows: Rows, row: int, states: FloatArray) -> None:
    """Let a share of the balance leave early."""
    balance, kept = load(states, L_BALANCE), 1.0 - share
    amount = share * balance
    add_to(rows.flows, PREPAID, row, amount)
    store(states, L_BALANCE, balance - amount)
    if term.has_fee:
        rate, survival = load(states, L_RATE), load(states, L_SURVIVAL)
        add_to(rows.flows, FEE, row, penalty(term, share, amount, rate, survival))
    if not term.is_term_shortened:
        store(states, L_PAYMENT, load(states, L_PAYMENT) * kept)
        store(states, L_SURVIVAL, load(states, L_SURVIVAL) * kept)


@inner_kernel
def redemption_day_of(term: Any) -> int:
    """Return the day on which customers withdraw, or never."""
    return 1 if term.has_redemption else NEVER


@inner_kernel
def withdraw(
    term: Any, behaviour: BehaviourTables, rows: Rows, row: int, states: FloatArray
) -> int:
    """Withdraw the cohort's share overnight; accrued interest stays due. It happens NEVER again."""
    leave(term, load(behaviour.redemption_share, term.cohort), rows, row, states)
    return NEVER


@inner_kernel
def month_before(behaviour: BehaviourTables, day: int) -> int:
    """Return the month of prepayment rates that ends on a day or runs on it."""
    n_months = behaviour.annual_prepayment_rate.shape[1]
    if n_months == 1:
        return 0
    return int(min(at(behaviour.month_of_day, max(day - 1, 0)), n_months - 1))


@inner_kernel
def prepaid_share(behaviour: BehaviourTables, row: int, years: float, day: int) -> Any:
    """Return ``1 - (1 - CPR) ** years`` at the rate of the month that ends on a day."""
    rate = load(behaviour.annual_prepayment_rate, row, month_before(behaviour, day))
    return 1.0 - power(1.0 - rate, years)


@inner_kernel
def period_share(behaviour: BehaviourTables, row: int, months: int, day: int) -> Any:
    """Return what is prepaid of a regular period of at most twelve months that ends on a day."""
    last = month_before(behaviour, day)
    if months < behaviour.prepaid_share.shape[1]:
        return load(behaviour.prepaid_share, row, months, last)
    kept = 1.0 - load(behaviour.prepaid_share, row, 1, last)
    for before in range(1, months):
        kept = kept * (1.0 - load(behaviour.prepaid_share, row, 1, max(last - before, 0)))
    return 1.0 - kept


@inner_kernel
def prepay(term: Any, tables: Tables, k: int, rows: Rows, row: int, states: FloatArray) -> None:
    """Prepay what is usual in a regular period, or for an irregular one by its length."""
    day = at(rows.day, row)
    if not term.has_prepayment or day <= term.lockout_offset:
        return
    years = _irregular_years(term, tables.dates, k)
    if years > 0.0:
        share = prepaid_share(tables.behaviour, term.prepayment_row, years, day)
    else:
        share = period_share(tables.behaviour, term.prepayment_row, term.step_months, day)
    leave(term, share, rows, row, states)


@inner_kernel
def _irregular_years(term: Any, dates: DateTables, k: int) -> float:
    """Return the 30/360 years of a period that is not a whole number of 0..12 months, else 0."""
    if k == 0 and not term.is_first_period_regular:
        first = term.first_payment
        return year_fraction(dates, THIRTY_E_360, term.accrual_start, first, term.maturity)
    is_tabled = 0 < term.step_months <= 12
    return 0.0 if is_tabled else float(term.step_years)
