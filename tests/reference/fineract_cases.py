"""Repayment schedules that Apache Fineract expects of itself, as typed cases.

The data (`data/fineract` of the shared material, Apache-2.0, commit 47e8674) stay outside the
repository. Amounts are as published; rates are annual fractions. Where a label of the file is not
what its schedule was made with, the case is read as made, and ``ScheduleCase.readings`` says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

DATA = Path("data") / "fineract"
SIMPLE = "simple"

Record = dict[str, Any]

GRACE_LABEL = (
    "grace_on_interest has no effect on the schedule; interest_free_period defers the interest of "
    "that many periods to the next one, it does not forgive it"
)
PERCENT_LABEL = "a down payment above 100 percent is ten times the one that was made"
RATE_UNITS = {
    "LP2_ADV_PYMNT_INTEREST_DAILY_EMI_360_30_INTEREST_RECALCULATION_DAILY"
    "_ALLOW_PARTIAL_PERIOD": "the rate is per month",
    "LP2_ADV_PYMNT_INTEREST_DAILY_EMI_360_30_INTEREST_RECALCULATION_DAILY"
    "_TILL_PRECLOSE_WHOLE_TERM": "the rate is for the whole term",
}
"""Products whose rate is not per year, against the label ``annual_nominal_rate_pct``."""


class Generator(Enum):
    """Which of the two schedule generators made a schedule: they round and solve differently."""

    CUMULATIVE = "CUMULATIVE"
    PROGRESSIVE = "PROGRESSIVE"


class Frequency(Enum):
    """Unit of the repayment cycle."""

    DAYS = "DAYS"
    WEEKS = "WEEKS"
    MONTHS = "MONTHS"


@dataclass(frozen=True)
class Disbursement:
    """An amount paid out, before any down payment."""

    day: date
    amount: float


@dataclass(frozen=True)
class Repayment:
    """A line of a schedule; a down payment is one without interest on its disbursement's day."""

    due_date: date
    principal: float
    interest: float
    fees: float
    due: float
    balance_after: float


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What schedule and unit cases have in common.

    Attributes
    ----------
    days_in_year, days_in_month : int or None
        None: as the calendar has them.
    is_leap_year_by_period : bool
        A period counts in 366 days only if it holds 29 February (start excluded, end included).
    is_interest_from_disbursement : bool
        The day a year ends on belongs to that year; otherwise interest of 31 December to 1 January
        is that of the new year.
    """

    case_id: str
    annual_rate: float
    is_flat: bool
    every: int
    frequency: Frequency
    days_in_year: int | None
    days_in_month: int | None
    is_leap_year_by_period: bool
    is_interest_from_disbursement: bool


@dataclass(frozen=True, kw_only=True)
class ScheduleCase(Terms):
    """One loan as opened, and its schedule.

    Attributes
    ----------
    kind : str
        Class of the file: ``simple``, ``multi_disbursement``, ``nonsimple`` or ``zero_rate``.
    business_date : date
        Day of the schedule; with `is_recalculated`, principal that is overdue then still bears
        interest.
    is_same_as_period : bool
        Interest by periods (a month is 1/12) and not by days.
    is_by_partial_period : bool
        An amount disbursed inside a period bears interest from that day, not from its start.
    multiple : float or None
        Instalments are whole multiples of it, but for the last.
    planned : tuple of Disbursement
        Tranches that are in the schedule and bear no interest yet.
    readings : tuple of str
        How labels of the file had to be read.
    """

    kind: str
    generator: Generator
    business_date: date
    n_repayments: int
    is_same_as_period: bool
    is_equal_principal: bool
    is_recalculated: bool
    is_by_partial_period: bool
    n_without_principal: int
    n_interest_deferred: int
    multiple: float | None
    down_payment_share: float
    disbursements: tuple[Disbursement, ...]
    planned: tuple[Disbursement, ...]
    repayments: tuple[Repayment, ...]
    readings: tuple[str, ...]

    @property
    def is_simple(self) -> bool:
        """Say whether the case has to be met to the cent."""
        return self.kind == SIMPLE

    @property
    def start_date(self) -> date:
        """Return the day of the first disbursement, from which the periods are counted."""
        return self.disbursements[0].day


@dataclass(frozen=True)
class RateChange:
    """The rate of the days from this one on, this one included."""

    effective: date
    annual_rate: float


@dataclass(frozen=True)
class InterestPause:
    """Days without interest, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class UnitRow:
    """One stretch of a period, with the totals of the whole period repeated on each.

    Attributes
    ----------
    period : int
        Number of the instalment, from one.
    sub_period : int or None
        Number of the stretch from zero; the first period starts with one of no length. None, as
        are the two figures of a stretch, where the case states totals only.
    """

    period: int
    sub_period: int | None
    instalment: float
    interest: float
    principal: float
    balance_after: float
    rate_factor: float | None
    sub_period_interest: float | None


@dataclass(frozen=True)
class Expectation:
    """The whole schedule after the steps before it."""

    rows: tuple[UnitRow, ...]


Step = Disbursement | RateChange | InterestPause | Expectation


@dataclass(frozen=True, kw_only=True)
class UnitCase(Terms):
    """A schedule built step by step on given periods, calculated with 12 digits.

    Attributes
    ----------
    periods : tuple of (date, date)
        As given: one case repays every second month by its terms and monthly by its periods.
    """

    periods: tuple[tuple[date, date], ...]
    steps: tuple[Step, ...]


def schedule_cases(folder: Path) -> list[ScheduleCase]:
    """Return the schedules of a data folder, none where the file is absent."""
    return [_schedule_case(case) for case in _cases(folder / "schedule_cases_dev.json")]


def unit_cases(folder: Path) -> list[UnitCase]:
    """Return the unit cases of a data folder, none where the file is absent."""
    return [_unit_case(case) for case in _cases(folder / "emi_unit_cases_dev.json")]


def _cases(path: Path) -> list[Record]:
    if not path.is_file():
        return []
    found: list[Record] = json.loads(path.read_text("utf-8"))["cases"]
    return found


def _schedule_case(case: Record) -> ScheduleCase:
    given = case["inputs"]
    rows = [row for row in case["expected"] if row["row_type"] == "repayment"]
    return ScheduleCase(
        case_id=case["case_id"],
        kind=case["class"],
        generator=Generator(given["schedule_type"]),
        business_date=date.fromisoformat(case["business_date_last_set"]),
        annual_rate=_annual_rate(case["product"], given),
        is_flat=given["interest_type"] == "FLAT",
        n_repayments=given["number_of_repayments"],
        every=given["repayment_every"],
        frequency=Frequency(given["repayment_frequency"]),
        days_in_year=_days(given["days_in_year"]),
        days_in_month=_days(given["days_in_month"]),
        is_leap_year_by_period=given["days_in_year_custom_strategy"] == "FEB_29_PERIOD_ONLY",
        is_interest_from_disbursement=bool(given["interest_recognised_on_disbursement_date"]),
        is_same_as_period=given["interest_calculation_period"] == "SAME_AS_REPAYMENT_PERIOD",
        is_equal_principal=given["amortization_type"] == "EQUAL_PRINCIPAL_PAYMENTS",
        is_recalculated=given["interest_recalculation"],
        is_by_partial_period=given["allow_partial_period_interest"],
        n_without_principal=given["grace_on_principal"],
        n_interest_deferred=given["interest_free_period"],
        multiple=given["installment_amount_in_multiples_of"],
        down_payment_share=_down_payment_share(given),
        disbursements=_disbursements(case),
        planned=_planned(case),
        repayments=tuple(_repayment(row) for row in rows),
        readings=_readings(case),
    )


def _readings(case: Record) -> tuple[str, ...]:
    given = case["inputs"]
    found = [RATE_UNITS[case["product"]]] if case["product"] in RATE_UNITS else []
    if given["grace_on_interest"] or given["interest_free_period"]:
        found.append(GRACE_LABEL)
    if (given["down_payment_pct"] or 0.0) > 100.0:
        found.append(PERCENT_LABEL)
    return tuple(found)


def _annual_rate(product: str, given: Record) -> float:
    rate = float(given["annual_nominal_rate_pct"]) / 100.0
    unit = RATE_UNITS.get(product)
    if unit is None:
        return rate
    if given["repayment_frequency"] != "MONTHS":
        raise ValueError(f"{product}: a rate that is not annual is read for monthly loans only")
    n_months = given["number_of_repayments"] * given["repayment_every"]
    return rate * 12.0 / (1 if unit.endswith("month") else n_months)


def _down_payment_share(given: Record) -> float:
    percent = float(given["down_payment_pct"] or 0.0)
    return percent / (1_000.0 if percent > 100.0 else 100.0)


def _disbursements(case: Record) -> tuple[Disbursement, ...]:
    """Return what was paid out; of a loan not yet paid out, its principal on the day it starts."""
    made = [
        Disbursement(date.fromisoformat(one["date"]), float(one["amount"]))
        for one in case["disbursements"]
    ]
    given = case["inputs"]
    start = date.fromisoformat(given["submitted_on"])
    return tuple(made) or (Disbursement(start, float(given["principal"])),)


def _planned(case: Record) -> tuple[Disbursement, ...]:
    extra = case["inputs"].get("extra") or {}
    if len(case["disbursements"]) != 1 or "2nd_tranche_disb_principal" not in extra:
        return ()
    moment = datetime.strptime(extra["2nd_tranche_disb_expected_date"], "%d %B %Y")  # noqa: DTZ007
    return (Disbursement(moment.date(), float(extra["2nd_tranche_disb_principal"])),)


def _repayment(row: Record) -> Repayment:
    return Repayment(
        due_date=date.fromisoformat(row["due_date"]),
        principal=float(row["principal_due"]),
        interest=float(row["interest"]),
        fees=float(row["fees"] or 0.0) + float(row["penalties"] or 0.0),
        due=float(row["due"]),
        balance_after=float(row["balance_after"]),
    )


def _unit_case(case: Record) -> UnitCase:
    return UnitCase(
        case_id=case["case_id"],
        annual_rate=float(case["annual_rate_pct"]) / 100.0,
        is_flat=case["interest_method"] == "FLAT",
        every=case["repay_every"],
        frequency=Frequency(case["frequency"]),
        days_in_year=_days(case["days_in_year"]),
        days_in_month=_days(case["days_in_month"]),
        is_leap_year_by_period=case["days_in_year_custom_strategy"] == "FEB_29_PERIOD_ONLY",
        is_interest_from_disbursement=bool(case["interest_recognised_on_disbursement_date"]),
        periods=tuple(
            (date.fromisoformat(one["from"]), date.fromisoformat(one["to"]))
            for one in case["periods"]
        ),
        steps=tuple(_step(step) for step in case["steps"]),
    )


def _step(step: Record) -> Step:
    operation = step["op"]
    if operation == "disburse":
        return Disbursement(date.fromisoformat(step["date"]), float(step["amount"]))
    if operation == "change_rate":
        effective = date.fromisoformat(step["effective"])
        return RateChange(effective, float(step["annual_rate_pct"]) / 100.0)
    if operation == "interest_pause":
        return InterestPause(date.fromisoformat(step["from"]), date.fromisoformat(step["to"]))
    if operation == "expect":
        return Expectation(tuple(_unit_row(row) for row in step["rows"]))
    raise ValueError(f"{operation!r} is not an operation of the unit cases")


def _unit_row(row: Record) -> UnitRow:
    return UnitRow(
        period=row["period"],
        sub_period=row["sub_period"],
        instalment=float(row["instalment"]),
        interest=float(row["interest"]),
        principal=float(row["principal"]),
        balance_after=float(row["balance_after"]),
        rate_factor=row.get("rate_factor"),
        sub_period_interest=row.get("sub_period_interest"),
    )


def _days(label: str) -> int | None:
    """Return the days a label states, ``DAYS360`` as ``DAYS_360``; None for ``ACTUAL``."""
    return None if label == "ACTUAL" else int(label.removeprefix("DAYS").strip("_"))
