"""Contracts without a payment schedule: balances without maturity, and non-performing ones.

A balance without maturity leaves by its cohort's ladder: the non-core part overnight on day 1,
the core in equal parts at the end of each month from the as-of date. Interest accrues on the core
still there, from the as-of date, at today's coupon: the core is by definition the part that does
not reprice; it is paid with each slot. A non-performing contract pays its principal net of
provisions on the expected recovery date and writes the provision off; no interest.

How net interest income treats balances without maturity (constant) is a lens: ``metrics.nii``.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    ACCRUED_BASE,
    BALANCE,
    INTEREST,
    INTEREST_BASE,
    N_ITEMS,
    RATE,
    SCHEDULED,
    BehaviourTables,
    Rows,
    start_row,
)
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.day_count import year_fraction
from alm_pipeline.engine.kernel import ZERO, kernel
from alm_pipeline.engine.lanes import store


@kernel
def project_run_off(term: Any, dates: DateTables, behaviour: BehaviourTables, rows: Rows) -> int:
    """Fill rows with the slots of a balance and return how many there are."""
    ladder, flows = behaviour.ladder, rows.flows
    core = term.principal * (1.0 - ladder[term.cohort, 0])
    start, due, due_base = ZERO, 0.0, 0.0
    n_slots = behaviour.n_slots[term.cohort]
    for slot in range(n_slots):
        day = behaviour.slot_day[slot]
        weight = core * year_fraction(dates, term.day_count, start, day, term.maturity)
        due += weight * term.coupon_rate
        due_base += weight
        leaving = term.principal * ladder[term.cohort, slot]
        if slot > 0:
            core -= leaving
        if slot == n_slots - 1:
            leaving += core
            core = 0.0
        _write_slot(rows, slot, start, day, leaving, core)
        store(flows, ACCRUED, slot, weight * term.coupon_rate)
        store(flows, ACCRUED_BASE, slot, weight)
        store(flows, RATE, slot, float(term.coupon_rate))
        if slot > 0:
            store(flows, INTEREST, slot, due)
            store(flows, INTEREST_BASE, slot, due_base)
            due, due_base = 0.0, 0.0
        start = day
    return int(n_slots)


@kernel
def _write_slot(rows: Rows, row: int, start: int, day: int, leaving: float, balance: float) -> None:
    start_row(rows, row, start, day)
    for item in range(N_ITEMS):
        store(rows.flows, item, row, 0.0)
    store(rows.flows, SCHEDULED, row, leaving)
    store(rows.flows, BALANCE, row, balance)


@kernel
def project_recovery(term: Any, rows: Rows) -> int:
    """Fill one row with the recovery of a non-performing contract and return their number."""
    written_off = min(term.impairment_amount, term.principal)
    _write_slot(rows, ZERO, ZERO, term.recovery_offset, term.principal - written_off, 0.0)
    rows.written_off[0] = written_off
    return ZERO + 1
