"""Curves, calendars, day counts and random payment dates, for QuantLib and for the engine alike.

QuantLib generates every schedule; the engine gets what a ledger holds of it: the last and the next
payment date, the maturity, the step, the roll day, and which days are closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import QuantLib as ql  # noqa: N813 - the name its users know

from alm_pipeline.engine.arrays import Curves
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.day_count import DayCount

NODES = np.array(
    [1, 30, 91, 182, 365, 730, 1095, 1825, 2555, 3650, 7300, 14600, 40000], dtype=np.int32
)
ACT_365 = ql.Actual365Fixed()
DAY_COUNTS = {
    DayCount.ACT_360: ql.Actual360(),
    DayCount.ACT_365F: ACT_365,
    DayCount.ACT_ACT_ISDA: ql.ActualActual(ql.ActualActual.ISDA),
    DayCount.THIRTY_E_360: ql.Thirty360(ql.Thirty360.European),
    DayCount.THIRTY_360_US: ql.Thirty360(ql.Thirty360.USA),
}
ADDITIVE = tuple(list(DAY_COUNTS)[:4])
CALENDARS = {
    "": ql.NullCalendar(),
    "TARGET": ql.TARGET(),
    "US": ql.UnitedStates(ql.UnitedStates.Settlement),
}
CONVENTIONS = {
    BusinessDayConvention.FOLLOWING: ql.Following,
    BusinessDayConvention.MODIFIED_FOLLOWING: ql.ModifiedFollowing,
    BusinessDayConvention.PRECEDING: ql.Preceding,
    BusinessDayConvention.MODIFIED_PRECEDING: ql.ModifiedPreceding,
}
ROWS = [("", BusinessDayConvention.NONE)] + [
    (name, convention) for name in ("TARGET", "US") for convention in CONVENTIONS
]
"""Calendar and convention behind each row of `date_adjustment`."""


def any_of(random: np.random.Generator, choices: Any) -> Any:
    """Return one of the choices, as the object it is."""
    return list(choices)[int(random.integers(len(choices)))]


def their_day_count(day_count: DayCount, maturity: Any) -> Any:
    """Return QuantLib's day count; 30E/360 ISDA asks for the maturity."""
    if day_count == DayCount.THIRTY_E_360_ISDA:
        return ql.Thirty360(ql.Thirty360.ISDA, maturity)
    return DAY_COUNTS[day_count]


def ql_date(day: np.datetime64) -> Any:
    year, month, number = map(int, str(day.astype("datetime64[D]")).split("-"))
    return ql.Date(number, month, year)


def zero_rates() -> np.ndarray:
    """Return the scenarios, (5, 2 curves, n_nodes): none is flat, one is below zero."""
    years = NODES / 365.0
    upward = 0.015 + 0.025 * (1 - np.exp(-years / 4.0))
    inverted = 0.052 - 0.03 * (1 - np.exp(-years / 3.0))
    negative = -0.008 + 0.012 * (1 - np.exp(-years / 6.0))
    humped = 0.02 + 0.02 * years * np.exp(-years / 2.5)
    twisted = upward + 0.01 * np.cos(np.arange(len(NODES)))
    shapes = np.stack([upward, inverted, negative, humped, twisted])
    above = 0.004 - 0.003 * np.exp(-years / 2.0)
    return np.stack([shapes, shapes + above], axis=1)


class Market:
    """The curves on one date: curve 0 discounts, curve 1 is that of most indices."""

    def __init__(self, as_of: str) -> None:
        self.as_of = np.datetime64(as_of)
        self.today = ql_date(self.as_of)
        ql.Settings.instance().evaluationDate = self.today
        ql.IndexManager.instance().clearHistories()
        self.handles = [ql.RelinkableYieldTermStructureHandle() for _ in range(2)]
        self.rates = zero_rates()
        days = [self.today, *(self.today + int(day) for day in NODES)]
        self._theirs = [
            [
                ql.ZeroCurve(days, [one[0], *one], ACT_365, ql.NullCalendar(), ql.Linear())
                for one in scenario
            ]
            for scenario in self.rates
        ]
        self.n_indices = 0
        self.volatility = self.no_volatility()
        self.show(0)

    def no_volatility(self) -> Any:
        """Return the volatilities with which a cap is worth what it pays along the forwards."""
        nothing = ql.ConstantOptionletVolatility(
            self.today, ql.NullCalendar(), ql.Unadjusted, 0.0, ACT_365, ql.Normal
        )
        return ql.OptionletVolatilityStructureHandle(nothing)

    @property
    def n_scenarios(self) -> int:
        return len(self.rates)

    def show(self, scenario: int) -> None:
        """Let every instrument see the curves of a scenario."""
        for handle, curve in zip(self.handles, self._theirs[scenario], strict=True):
            handle.linkTo(curve)

    def curves(self) -> Curves:
        """Return the same curves for the engine; index 0 accrues on 360 days, index 1 on 365."""
        return Curves(
            tenor_days=NODES,
            zero_rates=self.rates,
            base_zero_rates=self.rates[0],
            index_year_days=np.array([360.0, 365.0]),
        )

    def offset(self, day: Any) -> int:
        return int(day - self.today)

    def ibor(self, months: int, curve: int) -> Any:
        """Return a new index without a past: simple rates, no lag, no holidays of its own."""
        self.n_indices += 1
        count = ACT_365 if curve else ql.Actual360()
        return ql.IborIndex(
            f"index {self.n_indices} of {self.as_of}", ql.Period(months, ql.Months), 0,
            ql.EURCurrency(), ql.NullCalendar(), ql.Unadjusted, False, count, self.handles[curve],
        )  # fmt: skip

    def adjustments(self) -> tuple[tuple[BusinessDayConvention, np.ndarray], ...]:
        """Return what the engine needs to know about closed days, row by row."""
        return tuple((rule, closed_days(self.as_of, name)) for name, rule in ROWS[1:])


@cache
def closed_days(as_of: np.datetime64, calendar: str) -> np.ndarray:
    """Return the closed days of a calendar around a date, as offsets."""
    today, theirs = ql_date(as_of), CALENDARS[calendar]
    days = [day for day in range(-4000, 9000) if not theirs.isBusinessDay(today + day)]
    return np.array(days, dtype=np.int32)


@dataclass(frozen=True)
class Dates:
    """A schedule, adjusted, and what a ledger holds of it on the as-of date."""

    schedule: Any
    running: int
    months: int
    terms: dict[str, Any]
    unadjusted: tuple[Any, ...] = ()
    row: int = 0
    is_end_of_month: bool = False
    seed: Any = None
    days: tuple[Any, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", tuple(self.schedule))

    @property
    def maturity(self) -> Any:
        return self.days[-1]

    @property
    def n_left(self) -> int:
        """Return how many payments come after the as-of date."""
        return len(self.days) - 1 - self.running

    def left(self) -> Any:
        """Return the schedule from the running period on."""
        return ql.Schedule(list(self.days[self.running :]))


@dataclass(frozen=True)
class Wishes:
    """What a product asks of its dates."""

    months: tuple[int, ...] = (1, 3, 6, 12)
    longest: int = 40
    shapes: tuple[str, ...] = ("regular", "end of month", "short first", "long first", "short last")
    starts_later: bool = False
    has_calendar: bool = True
    is_maturity_open: bool = False
    highest_day: int = 31


def random_dates(random: np.random.Generator, market: Market, wishes: Wishes) -> Dates:
    """Return dates as wished; those whose ledger would be ambiguous are drawn again."""
    while True:
        found = _draw(random, market, wishes)
        if found is not None:
            return found


def _draw(random: np.random.Generator, market: Market, wishes: Wishes) -> Dates | None:
    months, shape = int(random.choice(wishes.months)), str(random.choice(wishes.shapes))
    start, first = _begin(random, market, wishes, shape, months)
    is_end_of_month = shape == "end of month"
    step, seed = ql.Period(months, ql.Months), first or start
    n_steps = int(random.integers(3, max(4, min(wishes.longest, 144 // months))))
    end = _later(seed, n_steps * months, is_end_of_month=is_end_of_month)
    if shape.endswith("last"):
        end = end + int(random.integers(10, 30 * months - 4))
    row = int(random.integers(len(ROWS))) if wishes.has_calendar else 0
    calendar, convention = ROWS[row]
    if is_end_of_month and convention is BusinessDayConvention.FOLLOWING:
        return None  # QuantLib keeps such dates inside the month, the engine follows
    if seed.dayOfMonth() > wishes.highest_day or end <= market.today + 5:
        return None
    rule = CONVENTIONS.get(convention, ql.Unadjusted)
    before_last = _later(seed, (n_steps - 1) * months) if shape == "long last" else ql.Date()
    general = ql.DateGeneration.Forward, is_end_of_month, first or ql.Date(), before_last
    schedule = ql.Schedule(start, end, step, CALENDARS[calendar], rule, ql.Unadjusted, *general)
    plain = ql.Schedule(start, end, step, ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted, *general)
    if wishes.is_maturity_open and not CALENDARS[calendar].isBusinessDay(end):
        return None
    chosen = {"payment_months": months, "date_adjustment": row, "roll_day": seed.dayOfMonth()}
    chosen["is_end_of_month"] = is_end_of_month
    return _as_held(market, schedule, plain, chosen, seed)


def _later(day: Any, n_months: int, *, is_end_of_month: bool = False) -> Any:
    step = ql.Period(n_months, ql.Months)
    return ql.NullCalendar().advance(day, step, ql.Unadjusted, is_end_of_month)


def _begin(
    random: np.random.Generator, market: Market, wishes: Wishes, shape: str, months: int
) -> tuple[Any, Any]:
    """Return the first day of a schedule, and its first payment where that period is irregular."""
    if wishes.starts_later:
        start = market.today + int(random.integers(1, 120))
        return ql.Date.endOfMonth(start) if shape == "end of month" else start, None
    if shape.endswith("first"):
        is_long = shape == "long first"
        shortest, longest = (31 * months + 3, 60 * months - 3) if is_long else (10, 30 * months - 4)
        n_days = int(random.integers(shortest, longest))
        start = market.today - int(random.integers(0, min(n_days - 1, 300)))
        return start, start + n_days
    start = market.today - int(random.integers(0, 1500))
    if shape == "end of month":  # of the month before, which is over
        start = ql.Date(1, start.month(), start.year()) - 1
    return start, None


def _as_held(
    market: Market, schedule: Any, plain: Any, terms: dict[str, Any], seed: Any
) -> Dates | None:
    """Return what a ledger holds, or nothing where the next payment is not clear."""
    days, unadjusted = tuple(schedule), tuple(plain)
    is_later = days[0] > market.today
    if len(days) != len(unadjusted) or is_later != (unadjusted[0] > market.today):
        return None
    if is_later:
        return _starting(market, schedule, unadjusted, terms, seed)
    running = max(k for k, day in enumerate(days) if day <= market.today)
    if running + 1 >= len(days) or unadjusted[running + 1] <= market.today:
        return None
    if running > 0 and unadjusted[running] > market.today:
        return None
    anchor = unadjusted[running + 1]
    if running % 2 and not terms["is_end_of_month"]:  # half of the ledgers hold the moved date
        anchor = days[running + 1]
    held = {
        "last_payment_offset": market.offset(days[running]),
        "next_payment_offset": market.offset(anchor),
        "maturity_offset": market.offset(days[-1]),
    }
    return Dates(
        schedule, running, terms["payment_months"], terms | held, unadjusted,
        terms["date_adjustment"], terms["is_end_of_month"], seed,
    )  # fmt: skip


def _starting(
    market: Market, schedule: Any, unadjusted: tuple[Any, ...], terms: dict[str, Any], seed: Any
) -> Dates | None:
    """Return the dates of a contract that starts after the as-of date, on a business day."""
    if schedule[0] != unadjusted[0]:
        return None
    held = {
        "start_offset": market.offset(unadjusted[0]),
        "last_payment_offset": market.offset(unadjusted[0]),
        "next_payment_offset": market.offset(unadjusted[1]),
        "maturity_offset": market.offset(unadjusted[-1]),
    }
    months, row = terms["payment_months"], terms["date_adjustment"]
    rule = terms["is_end_of_month"]
    return Dates(schedule, 0, months, terms | held, unadjusted, row, rule, seed)
