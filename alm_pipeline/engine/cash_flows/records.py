"""What the projection kernels read and write: tables in, rows of events out.

A *row* is one date of one contract, with eight scenarios side by side (``lanes``).
``Rows.flows[item, row]`` holds what happened on that date, unsigned, in contract currency; the
items are the constants below. The rows of one contract live in a buffer that fits the processor's
cache and is reused: lenses read them at once, nothing stores them. What a contract never has is
not written either: PREPAID without ``may_leave_early``, CAPITALISED on rows that do not capitalise,
INTEREST_BASE and ACCRUED_BASE without a margin, FEE without ``has_fee``, OPTION without
``has_option``, what is drawn without ``may_draw``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import BoolArray, CountArray, FloatArray, IntArray
from alm_pipeline.engine.conventions.date_tables import DateTables
from alm_pipeline.engine.conventions.grids import Grids, no_grids
from alm_pipeline.engine.kernel import ZERO, inner_kernel
from alm_pipeline.engine.lanes import WIDTH, load, put

FORWARD, FLAT = ZERO, ZERO + 1
"""Paths of the indices: along the scenario curve's forwards, or flat at its spot rates."""

ACCRUED, INTEREST, INTEREST_BASE, SCHEDULED, PREPAID, CAPITALISED, RATE, BALANCE, FEE = range(9)
ACCRUED_BASE, OPTION = 9, 10
"""Items of a row: interest accrued since the previous row; interest paid; balance x years behind
the interest paid; principal repaid as scheduled; prepaid; interest added to principal; rate that
accrued up to the row; principal after the row; fees and penalties, signed: to the bank; balance x
years behind the interest accrued; time value of the options on the interest paid, signed as
interest is."""
N_ITEMS = 11

L_BALANCE, L_RATE, L_PAYMENT, L_DUE, L_DUE_BASE, L_SURVIVAL, L_BASE = range(7)
"""State of a contract between two rows, ``states[L_...]``; ``L_BASE``: what interest is earned on,
in agendas only."""

L_OPTION_RATE, L_OPTION_DUE = 7, 8
"""Time value of the options on the rate in force, per year, and what of it has accrued."""

L_PAYMENTS_LEFT = 9
"""Instalments still needed when the rate changed, of a contract that prepayment shortens; 0: as
many as agreed."""
N_STATES = 10

NEVER = ZERO + 2**31 - 1
"""Offset of an event that does not come."""


class MarketTables(NamedTuple):
    """Daily tables of every curve, for a block of scenarios.

    ``discount`` (n_curves, n_days, WIDTH); ``spot_index`` (n_curves, n_tenors, WIDTH): today's
    index rates; ``tenor_end`` (n_tenors, n_days): where the period of an index that starts on a day
    ends; ``index_year_days`` (n_curves,). ``deviation`` (n_curves, n_days, WIDTH): of an index that
    is fixed on a day, normal, 0 on day 0; no curves where no lens reads options.
    """

    discount: FloatArray
    spot_index: FloatArray
    tenor_end: CountArray
    index_year_days: FloatArray
    deviation: FloatArray


class BehaviourTables(NamedTuple):
    """What customers do, per cohort; the last cohort does nothing.

    ``annual_prepayment_rate`` (R, n_months, WIDTH), the last row nothing; ``prepaid_share`` (R, 13
    or 2, n_months, WIDTH) of a period of 0..12 months or of one that ends in a month;
    ``redemption_share`` (C, WIDTH); ``ladder`` (C,
    n_slots): share of the opening balance that leaves at slot 0 (overnight) and at the end of month
    1, 2 ...; ``slot_day`` (n_slots,); ``draw_profile`` (C, n_draws, WIDTH): share of a line drawn
    on ``draw_day``; ``rate_move`` (2 paths, C, n_curves, n_months, WIDTH): what pass-through adds
    to the opening rate from month m on.
    """

    annual_prepayment_rate: FloatArray
    prepaid_share: FloatArray
    redemption_share: FloatArray
    ladder: FloatArray
    n_slots: CountArray
    slot_day: CountArray
    draw_profile: FloatArray
    draw_day: CountArray
    rate_floor: FloatArray
    rate_move: FloatArray
    month_of_day: CountArray


def nobody_acts() -> BehaviourTables:
    """Return the tables of one cohort that does nothing."""
    n_slots = np.ones(1, np.int64)
    return BehaviourTables(
        annual_prepayment_rate=np.zeros((1, 1, WIDTH)),
        prepaid_share=np.zeros((1, 13, 1, WIDTH)),
        redemption_share=np.zeros((1, WIDTH)),
        ladder=np.ones((1, 1)),
        n_slots=n_slots,
        slot_day=n_slots,
        draw_profile=np.zeros((1, 0, WIDTH)),
        draw_day=n_slots[:0],
        rate_floor=np.zeros(1),
        rate_move=np.zeros((2, 1, 1, 1, WIDTH)),
        month_of_day=np.zeros(1, np.int64),
    )


class Tails(NamedTuple):
    """From when on only sums are wanted, and what the tails of contracts look up.

    A contract makes no rows after its first payment on ``from_day`` or later, where nothing forbids
    it. ``bucket_of_day`` (n_days,), ``buckets`` and ``last_months`` (``grids``) of time buckets and
    of the two windows behind them. ``is_margin_included``: in the
    value. ``window_edges`` (3,) ends of the income windows, all 0 where rows answer for them;
    ``is_split_by_days``: how interest is split between them. ``units`` (n_pairs, n_days, 2, WIDTH):
    what one unit of replaced principal earns, along the forwards. ``factor_sums`` (n_curves, 31,
    n_months + 1, WIDTH): sum of the discount factors on day 1 to 31, clipped, of all months before
    one, months as in ``grids``: the tables of payment days and periods.
    """

    from_day: int
    bucket_of_day: IntArray
    buckets: IntArray
    last_months: IntArray
    is_margin_included: bool
    window_edges: CountArray
    is_split_by_days: bool
    units: FloatArray
    factor_sums: FloatArray
    grids: Grids


def no_tails() -> Tails:
    """Return that every payment has a row."""
    no_days, no_units = np.zeros(3, np.int64), np.zeros((0, 0, 2, WIDTH))
    one_bucket, no_sums = np.zeros(1, np.int32), np.zeros((0, 31, 0, WIDTH))
    no_months = np.zeros((0, 31, 0), np.int32)
    tables = (one_bucket, no_months, no_months, False, no_days, False, no_units, no_sums)
    return Tails(int(NEVER), *tables, no_grids())


class Tables(NamedTuple):
    """Everything a grid's projection looks up."""

    dates: DateTables
    market: MarketTables
    behaviour: BehaviourTables
    tails: Tails


class Rows(NamedTuple):
    """Events of one contract: items x rows x lanes, and what scenarios share.

    ``is_detailed``: RATE and BALANCE are written on every row; else BALANCE where a rate resets
    and on the last row only. ``accrued_until``: ACCRUED is written on rows that start before.
    ``handover`` (4,): where a tail takes over, the next payment and reset, the day of the payment
    before, and whether the instalment must be fixed; payment ``NEVER`` where there is no tail.
    """

    is_detailed: bool
    accrued_until: int
    start: CountArray
    day: CountArray
    is_reset: BoolArray
    is_capitalised: BoolArray
    drawn: FloatArray
    written_off: FloatArray
    flows: FloatArray
    handover: CountArray


def empty_rows(n_rows: int, accrued_until: int | None = None) -> Rows:
    """Return a buffer of rows, reused for contract after contract; detailed without a limit."""
    return Rows(
        is_detailed=accrued_until is None,
        accrued_until=NEVER if accrued_until is None else accrued_until,
        start=np.zeros(n_rows, np.int64),
        day=np.zeros(n_rows, np.int64),
        is_reset=np.zeros(n_rows, np.bool_),
        is_capitalised=np.zeros(n_rows, np.bool_),
        drawn=np.zeros((n_rows, WIDTH)),
        written_off=np.zeros(n_rows),
        flows=np.zeros((N_ITEMS, n_rows, WIDTH)),
        handover=np.full(4, NEVER, np.int64),
    )


def empty_states() -> FloatArray:
    """Return a buffer for the states of one contract."""
    return np.zeros((N_STATES, WIDTH))


@inner_kernel
def start_row(rows: Rows, row: int, start: int, day: int) -> None:
    """Note from where interest accrues to which day, and that nothing special happens."""
    put(rows.start, row, start)
    put(rows.day, row, day)
    put(rows.is_reset, row, False)
    put(rows.is_capitalised, row, False)


@inner_kernel
def repaid(term: Any, rows: Rows, row: int) -> Any:
    """Return the principal that leaves on a date, less what is drawn."""
    principal = load(rows.flows, SCHEDULED, row)
    if term.may_leave_early:
        principal = principal + load(rows.flows, PREPAID, row)
    if term.may_draw:
        principal = principal - load(rows.drawn, row)
    return principal
