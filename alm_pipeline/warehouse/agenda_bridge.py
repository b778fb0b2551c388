"""From rows of `book.positions` and `book.scheduled_events` to contracts with an agenda.

Answers which positions no common grid describes, and what they agreed, as the engine's `Contract`:
repayment by list, draws, agreed interest, rate steps, arrears, resets and payments every few days,
amortising legs. What cannot be projected is refused by name, with the positions.

What does not belong here: terms on a common grid (`array_bridge`), which action falls on which
date (`engine/cash_flows/steps.py`), dates of grids (`payment_dates`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    BoolArray,
    CashFlowModel,
    IntArray,
    RateType,
)
from alm_pipeline.engine.cash_flows.accepted_terms import WITHOUT_AGREED_CASH
from alm_pipeline.engine.cash_flows.agenda import AgendaTables, joined_agendas
from alm_pipeline.engine.cash_flows.contract import Contract, Kind, Segment
from alm_pipeline.engine.cash_flows.step import agenda_of
from alm_pipeline.engine.cash_flows.steps import steps_of
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import years_between
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.errors import CalculationError
from alm_pipeline.warehouse.book_columns import BookColumns, refusal
from alm_pipeline.warehouse.payment_dates import Frequency, dates_back, grid_from, is_apart
from alm_pipeline.warehouse.scheduled_events import ScheduledEvents

__all__ = ["Bridged", "agenda_tables", "contracts_by_row"]

_ON_GRIDS_ONLY = (
    CashFlowModel.NON_MATURITY,
    CashFlowModel.REVOLVING,
    CashFlowModel.COMMITMENT,
    CashFlowModel.CAP_FLOOR,
)
_ANNUITIES = ("annuity", "balloon", "interest_only_then_annuity")
_CENT = 0.005


@dataclass(frozen=True, kw_only=True)
class Bridged:
    """What the bridge has found already, (n,) each.

    ``columns``: fields of `Positions` by name; ``steps``: months and days of the frequencies as
    delivered; ``adjustments``: rule and closed days of each row of ``date_adjustment``, from 1 on.
    """

    book: BookColumns
    events: ScheduledEvents
    model: IntArray
    columns: Mapping[str, NDArray[Any]]
    steps: Mapping[str, IntArray]
    adjustments: tuple[tuple[BusinessDayConvention, IntArray], ...]

    def frequency(self, name: str, row: int) -> Frequency:
        """Return the frequency of interest, principal or reset of one position."""
        return Frequency(
            int(self.steps[f"{name}_months"][row]), int(self.steps[f"{name}_days"][row])
        )

    @cached_property
    def amortisation(self) -> NDArray[Any]:
        """How every position repays, in the words of the extracts."""
        words, rows = self.book.words("amortisation_type")
        return np.array(words, dtype=object)[rows]

    @cached_property
    def arrears(self) -> NDArray[Any]:
        """Past-due principal and interest of every position, (n, 2)."""
        names = ("past_due_principal_amount", "past_due_interest_amount")
        return np.stack([self.book.number(name) for name in names], axis=1)

    @cached_property
    def shifts(self) -> list[Shift]:
        """Where dates move, for each value of ``date_adjustment``."""
        as_of = self.as_of.toordinal()
        closed = [frozenset((days + as_of).tolist()) for _, days in self.adjustments]
        moving = [
            Shift(rule, True, lambda day, known=known: day.toordinal() not in known)  # type: ignore[misc]
            for (rule, _), known in zip(self.adjustments, closed, strict=True)
        ]
        return [Shift(), *moving]

    def value(self, name: str, row: int) -> Any:
        """Return a field of one position."""
        return self.columns[name][row]

    def date(self, name: str, row: int) -> dt.datetime | None:
        """Return a date of one position, None for a null."""
        offset = int(self.columns[name][row])
        return None if offset == NO_DATE else self.as_of + dt.timedelta(days=offset)

    @property
    def as_of(self) -> dt.datetime:
        """The as-of date as the engine's contracts have it."""
        return self.book.as_of


def contracts_by_row(found: Bridged) -> dict[int, Contract]:
    """Return the contract of every position that no common grid describes, by row.

    Raises
    ------
    CalculationError
        If a position has terms that no agenda can carry; the positions are named.
    """
    rows = np.flatnonzero(_needs_agenda(found))
    _refuse_terms(found, rows)
    last, owed = found.columns["maturity_offset"], found.columns["principal"] - found.arrears[:, 0]
    found.events.refuse_odd(found.book, found.amortisation, owed, last, rows)
    return {int(row): _contract(found, int(row)) for row in rows}


def agenda_tables(found: Bridged, contracts: Mapping[int, Contract]) -> AgendaTables:
    """Return the dated actions of these contracts; a contract without an agenda is refused."""
    agendas = {}
    for row, contract in contracts.items():
        try:
            agendas[row] = agenda_of(steps_of(contract), found.as_of)
        except CalculationError as error:
            ids = found.book.ids[[row]]
            raise refusal(str(error), ids, "correct the terms or the schedule") from error
    return joined_agendas(len(found.book), agendas)


# ---------------------------------------------------------------- who needs one


def _needs_agenda(found: Bridged) -> BoolArray:
    """Return which positions have dates that no common grid has."""
    is_undrawn = (found.model == CashFlowModel.COMMITMENT) & (found.columns["start_offset"] <= 0)
    has_dates = ~np.isin(found.model, WITHOUT_AGREED_CASH) & ~is_undrawn
    is_leg = found.model == CashFlowModel.SWAP_LEG
    agreed = (found.amortisation == "schedule") | found.events.is_named
    agreed |= (found.arrears > 0.0).any(axis=1) | (is_leg & ~_is_bullet(found))
    return np.asarray(has_dates & (agreed | _is_off_grid(found)))


def _is_bullet(found: Bridged) -> BoolArray:
    return np.isin(found.amortisation, ("bullet", "perpetual"))


def _is_off_grid(found: Bridged) -> BoolArray:
    """Return which positions pay or reset on grids that do not fit into one."""
    is_floating = found.columns["rate_type"] == RateType.FLOATING
    has_maturity = found.columns["maturity_offset"] != NO_DATE
    reset_days = found.steps["reset_days"]
    is_daily = has_maturity & (reset_days == 1) & (found.columns["payment_months"] == 0)
    apart = _apart(found)[0] & ~_is_bullet(found) & ~np.isin(found.model, _ON_GRIDS_ONLY)
    return np.asarray(is_floating & (is_daily | (reset_days > 1)) | apart)


def _apart(found: Bridged) -> tuple[BoolArray, BoolArray]:
    steps = found.steps
    months = (steps["interest_months"], steps["principal_months"])
    return is_apart(months, (steps["interest_days"], steps["principal_days"]))


# ---------------------------------------------------------------- what is refused


def _refuse_terms(found: Bridged, rows: NDArray[Any]) -> None:
    """Refuse what an agenda cannot carry, the reason and the positions named."""
    chosen = np.isin(np.arange(len(found.book)), rows)
    for reason, is_refused in (_refused_models(found) | _refused_schedules(found)).items():
        fix = "correct the terms or exclude the positions"
        found.book.refuse_where(chosen & is_refused, reason, fix)


def _refused_models(found: Bridged) -> dict[str, BoolArray]:
    columns, arrears = found.columns, found.arrears
    is_later = (columns["start_offset"] > 0) & (found.model != CashFlowModel.SWAP_LEG)
    is_administered = columns["rate_type"] == RateType.ADMINISTERED
    too_much = arrears[:, 0] > columns["principal"] + _CENT
    too_much |= arrears[:, 1] > columns["accrued_interest"] + _CENT
    return {
        "an account, a line, a commitment or an option has a schedule of its own": np.isin(
            found.model, _ON_GRIDS_ONLY
        ),
        "a schedule of its own at an administered rate": is_administered,
        "a schedule of its own and no maturity": columns["maturity_offset"] == NO_DATE,
        "a schedule of its own and a start after the as-of date": is_later,
        "more is past due than is owed or accrued": too_much,
    }


def _refused_schedules(found: Bridged) -> dict[str, BoolArray]:
    columns, events, steps = found.columns, found.events, found.steps
    is_annuity = np.isin(found.amortisation, _ANNUITIES)
    is_floating = columns["rate_type"] == RateType.FLOATING
    is_same = (steps["interest_months"] == steps["principal_months"]) & (
        steps["interest_days"] == steps["principal_days"]
    )
    is_anew = events.has("rate_step") | is_floating | (columns["payment_amount"] == 0.0)
    is_odd = _apart(found)[1]
    return {
        "an annuity with a schedule of its own pays interest and principal apart": is_annuity
        & ~is_same,
        "frequencies of interest and principal of which none is a multiple of the other": is_odd
        & (found.amortisation == "linear"),
        "a balloon beside an instalment that is computed anew": is_annuity
        & (columns["balloon_amount"] > 0.0)
        & is_anew,
        "agreed interest of a floating rate": is_floating & events.has("interest"),
        "draws of a deposit that may be withdrawn": columns["is_redeemable"] & events.has("draw"),
    }


# ---------------------------------------------------------------- one contract


def _contract(found: Bridged, row: int) -> Contract:
    """Return what one position agreed; only terms that are not refused come here."""
    maturity = found.date("maturity_offset", row)
    end = None if maturity is None else np.datetime64(maturity.date(), "D")
    day_count = DayCount(int(found.value("day_count", row)))
    payment = float(found.value("payment_amount", row))
    events = found.events
    return Contract(
        status_date=found.as_of,
        start_date=found.date("start_offset", row) or found.as_of,
        maturity_date=maturity,
        principal=float(found.value("principal", row)),
        rate=float(found.value("coupon_rate", row)),
        accrued_interest=float(found.value("accrued_interest", row)),
        payment=payment if payment > 0.0 else None,
        year_fraction=lambda start, stop: years_between(day_count, _day(start), _day(stop), end),
        spread=float(found.value("spread_rate", row)),
        shift=_shift(found, row),
        movements=events.movements(row),
        rate_steps=events.rate_steps(row),
        agreed_interest=events.agreed_interest(row),
        fees=events.fees(row),
        past_due_principal=float(found.arrears[row, 0]),
        past_due_interest=float(found.arrears[row, 1]),
        is_prepayable=bool(found.value("is_prepayable", row)),
        is_redeemable=bool(found.value("is_redeemable", row)),
        last_payment_date=found.date("last_payment_offset", row),
        **_repayment(found, row),
        **_resets(found, row),
    )


def _day(moment: dt.datetime) -> np.datetime64:
    return np.datetime64(moment.date(), "D")


def _shift(found: Bridged, row: int) -> Shift:
    return found.shifts[int(found.value("date_adjustment", row))]


def _grid(found: Bridged, row: int, first: dt.datetime, frequency: Frequency) -> Grid:
    """Return the grid of a position on which a date lies."""
    return grid_from(
        first,
        frequency,
        int(found.value("roll_day", row)),
        _shift(found, row),
        is_end_of_month=bool(found.value("is_end_of_month", row)),
    )


def _repayment(found: Bridged, row: int) -> dict[str, Any]:
    """Return the kind of a contract and its grids or lists of interest and principal."""
    word, first = found.amortisation[row], found.date("next_payment_offset", row)
    if word in _ANNUITIES and first is not None:
        return _annuity(found, row, _grid(found, row, first, found.frequency("principal", row)))
    interest, principal = _dates(found, row, is_repaid=word == "linear")
    segments: dict[str, Any] = {
        "kind": Kind.SEGMENTS,
        "interest_segments": tuple(Segment(grid=Grid(day)) for day in interest),
    }
    if word != "linear":
        return segments
    owed = float(found.value("principal", row)) - float(found.value("balloon_amount", row))
    owed -= float(found.arrears[row, 0])
    payment = float(found.value("payment_amount", row)) or owed / (len(principal) + 1)
    repaid = tuple(Segment(grid=Grid(day), value=payment) for day in principal)
    return segments | {"principal_segments": repaid}


def _annuity(found: Bridged, row: int, grid: Grid) -> dict[str, Any]:
    """Return the terms of an annuity: when it repays, and over which time."""
    shift, end = _shift(found, row), found.date("maturity_offset", row)
    free_until = found.date("interest_only_end_offset", row) or found.as_of
    k = 0
    while grid.cycle is not None and shift.moved(grid.date(k)) <= max(free_until, found.as_of):
        k += 1
    repaying = replace(grid, anchor=grid.date(k))
    payments = int(found.value("amortisation_payments", row))
    n_left = len(repaying.dates(end, with_end=True)) if end is not None else payments
    return {
        "kind": Kind.ANNUITY,
        "interest": grid,
        "redemption": repaying,
        "amortisation_date": repaying.date(payments - 1) if payments > n_left else None,
    }


def _dates(
    found: Bridged, row: int, *, is_repaid: bool
) -> tuple[list[dt.datetime], list[dt.datetime]]:
    """Return the unshifted dates of interest and of principal before the maturity.

    Both frequencies step from the next payment; where one is rarer, it is counted back from the
    maturity, as on a common grid. Without repayment by a frequency there is no principal date.
    """
    first, end = found.date("next_payment_offset", row), found.date("maturity_offset", row)
    interest = found.frequency("interest", row)
    principal = found.frequency("principal", row) if is_repaid else Frequency(0, 0)
    steps = [one for one in (interest, principal) if one.is_repeated]
    if first is None or end is None or not steps:
        return [], []
    finest, shift = min(steps, key=lambda one: one.length), _shift(found, row)
    known = _grid(found, row, first, finest).dates(end)
    dates = [day for day in known if shift.moved(day) > found.as_of]
    return (
        dates_back(dates, finest, interest, end, found.as_of),
        dates_back(dates, finest, principal, end, found.as_of),
    )


def _resets(found: Bridged, row: int) -> dict[str, Any]:
    """Return when a floating rate is fixed anew, and how long its index runs."""
    first, end = found.date("next_reset_offset", row), found.date("maturity_offset", row)
    if int(found.value("rate_type", row)) != RateType.FLOATING or first is None or end is None:
        return {}
    frequency, tenor = found.frequency("reset", row), int(found.value("index_tenor", row))
    months = INDEX_TENOR_MONTHS[tenor] if tenor != NO_CODE else 0
    index = Cycle(months=months, has_short_stub=True) if months else None
    if frequency.days == 1:  # compounded daily: a period earns its own forward
        first, frequency = _compounding(found, row, first, end)
        index = frequency.cycle
    known = float(found.value("next_index_rate", row))
    return {
        "reset": _grid(found, row, first, frequency),
        "index_cycle": index,
        "next_index": known if np.isfinite(known) else None,
    }


def _compounding(
    found: Bridged, row: int, first: dt.datetime, end: dt.datetime
) -> tuple[dt.datetime, Frequency]:
    """Return from when on, and for how long, a rate compounded daily earns one forward."""
    pays, paying = found.frequency("interest", row), found.date("next_payment_offset", row)
    if pays.is_repeated and paying is not None:
        return paying, pays
    return first, Frequency(0, max((end - first).days, 1))
