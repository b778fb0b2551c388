"""What the projection kernels read and write: tables in, rows of events out.

A *row* is one date of one contract, with all scenarios side by side (innermost, contiguous).
``Rows.flows[row, item, scenario]`` holds what happened on that date, unsigned, in contract
currency; the items are the constants below. The rows of one contract live in a buffer that fits
the processor's cache and is reused: lenses read them at once, nothing stores them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import BoolArray, CountArray, FloatArray
from alm_pipeline.engine.kernel import ZERO

FORWARD, FLAT = ZERO, ZERO + 1
"""Paths of the indices: along the scenario curve's forwards, or flat at its spot rates."""

ACCRUED, INTEREST, INTEREST_BASE, SCHEDULED, PREPAID, CAPITALISED, RATE, BALANCE = range(8)
"""Items of a row: interest accrued since the previous row; interest paid; balance x years behind
the interest paid; principal repaid as scheduled; prepaid; interest added to principal; rate that
accrued up to the row; principal after the row."""
N_ITEMS = 8

L_BALANCE, L_RATE, L_PAYMENT, L_DUE, L_DUE_BASE, L_SURVIVAL, L_SHARE, L_INDEX, L_BASE = range(9)
"""State of a contract between two rows, per scenario; ``L_BASE``: what interest is earned on, in
agendas only."""
N_LANES = 9

NEVER = ZERO + 2**31 - 1
"""Offset of an event that does not come."""


class MarketTables(NamedTuple):
    """Daily tables of every curve and scenario.

    ``discount`` (n_curves, n_days, S); ``spot_index`` (n_curves, n_tenors, S): today's index
    rates; ``tenor_end`` (n_tenors, n_days): where the period of an index that starts on a day
    ends; ``index_year_days`` (n_curves,).
    """

    discount: FloatArray
    spot_index: FloatArray
    tenor_end: CountArray
    index_year_days: FloatArray


class BehaviourTables(NamedTuple):
    """What customers do, per cohort; the last cohort does nothing.

    ``annual_prepayment_rate`` (C, S); ``prepaid_share`` (C, 13, S) of a period of 0..12 months;
    ``redemption_share`` (C, S); ``ladder`` (C, n_slots): share of the opening balance that leaves
    at slot 0 (overnight) and at the end of month 1, 2 ...; ``slot_day`` (n_slots,);
    ``rate_move`` (2 paths, C, n_curves, n_months, S): what pass-through adds to the opening rate
    from month m on.
    """

    annual_prepayment_rate: FloatArray
    prepaid_share: FloatArray
    redemption_share: FloatArray
    ladder: FloatArray
    n_slots: CountArray
    slot_day: CountArray
    rate_floor: FloatArray
    rate_move: FloatArray
    month_of_day: CountArray


class Rows(NamedTuple):
    """Events of one contract: ``n_rows`` x items x scenarios, and what scenarios share."""

    start: CountArray
    day: CountArray
    is_reset: BoolArray
    drawn: FloatArray
    written_off: FloatArray
    flows: FloatArray


def empty_rows(n_rows: int, n_scenarios: int) -> Rows:
    """Return a buffer of rows, reused for block after block."""
    return Rows(
        start=np.zeros(n_rows, np.int64),
        day=np.zeros(n_rows, np.int64),
        is_reset=np.zeros(n_rows, np.bool_),
        drawn=np.zeros(n_rows),
        written_off=np.zeros(n_rows),
        flows=np.zeros((n_rows, N_ITEMS, n_scenarios)),
    )
