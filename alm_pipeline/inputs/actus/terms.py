"""ACTUS terms read into the engine's contract, under the names of the ACTUS dictionary v1.4.

Spelling variants, defaults and cycles are those of the ACTUS guide, section 1. A term this project
does not project is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from alm_pipeline.engine.cash_flows.contract import BaseRule, Contract, Kind, Segment
from alm_pipeline.engine.cash_flows.step import day_of
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.cycle import Cycle, Grid, Shift
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import years_between
from alm_pipeline.errors import CalculationError

Terms = Mapping[str, Any]
Observed = Mapping[str, Any]

_KINDS = {
    "PAM": Kind.BULLET,
    "LAM": Kind.LINEAR,
    "NAM": Kind.NEGATIVE_AMORTISING,
    "ANN": Kind.ANNUITY,
    "LAX": Kind.SEGMENTS,
    "CLM": Kind.CALL,
    "UMP": Kind.NON_MATURITY,
}
_DAY_COUNTS = {
    "A360": DayCount.ACT_360,
    "A365": DayCount.ACT_365F,
    "AA": DayCount.ACT_ACT_ISDA,
    "30E360": DayCount.THIRTY_E_360,
    "30E360ISDA": DayCount.THIRTY_E_360_ISDA,
    "28E336": DayCount.TWENTY_EIGHT_E_336,
}
_CONVENTIONS = {
    "F": BusinessDayConvention.FOLLOWING,
    "MF": BusinessDayConvention.MODIFIED_FOLLOWING,
    "P": BusinessDayConvention.PRECEDING,
    "MP": BusinessDayConvention.MODIFIED_PRECEDING,
}
_RECEIVERS = {"RPA", "LG", "BUY", "RFL", "RF", "COL", "CNO", "UDL", "UDLP"}
_PAYERS = {"RPL", "ST", "SEL", "PFL", "PF", "GUA", "UDLM"}
_REFUSED = (
    "feeRate",
    "prepaymentEffect",
    "penaltyType",
    "cyclePointOfInterestPayment",
    "cyclePointOfRateReset",
    "contractPerformance",
)
_HARMLESS = {"prepaymentEffect": {"N"}, "penaltyType": {"N", "O"}}
_HARMLESS |= {"contractPerformance": {"PF"}}
_HARMLESS |= {"cyclePointOfInterestPayment": {"E"}, "cyclePointOfRateReset": {"B"}}


@dataclass(frozen=True)
class Reader:
    """Terms of one contract, read on demand."""

    terms: Terms

    def text(self, *names: str) -> str:
        """Return the first term that is set, or an empty text."""
        for name in names:
            value = self.terms.get(name)
            if value is not None and str(value).strip():
                return str(value).strip()
        return ""

    def number(self, *names: str) -> float | None:
        """Return a number, or None where the term is not set."""
        text = self.text(*names)
        try:
            return float(text) if text else None
        except ValueError:
            raise CalculationError(
                f"{text!r} is not a number", where=f"{self.text('contractID')} {names[0]}"
            ) from None

    def amount(self, name: str, default: float = 0.0) -> float:
        """Return a number, or its default."""
        found = self.number(name)
        return default if found is None else found

    def moment(self, *names: str) -> datetime | None:
        """Return a time stamp, or None where the term is not set."""
        text = self.text(*names)
        return moment_of(text) if text else None

    def required_moment(self, name: str) -> datetime:
        """Return a time stamp, or raise."""
        found = self.moment(name)
        if found is None:
            raise CalculationError(
                f"{name} is not set", where=self.text("contractID"), fix="supply the term"
            )
        return found

    def grid(self, what: str) -> Grid | None:
        """Return the grid of a schedule: from its anchor, or one cycle after the start."""
        anchor = self.moment(f"cycleAnchorDateOf{what}")
        text = self.text(f"cycleOf{what}")
        cycle = Cycle.parse(text) if text else None
        if anchor is None and cycle is not None:
            anchor = cycle.after(self.required_moment("initialExchangeDate"), 1)
        return Grid(anchor, cycle) if anchor is not None else None

    def listed(self, *names: str) -> list[str]:
        """Return an array term; a scalar is a list of one."""
        for name in names:
            value = self.terms.get(name)
            if isinstance(value, Sequence) and not isinstance(value, str) and value:
                return [str(item).strip() for item in value]
            if value is not None and str(value).strip():
                return [str(value).strip()]
        return []

    @property
    def role(self) -> float:
        """Sign of the reporting side: +1 receives principal and interest."""
        role = self.text("contractRole") or "RPA"
        if role not in _RECEIVERS | _PAYERS:
            raise CalculationError(f"{role} is not a contract role", fix="use an ACTUS role")
        return 1.0 if role in _RECEIVERS else -1.0

    @property
    def day_count(self) -> DayCount:
        """Day count of the contract."""
        code = self.text("dayCountConvention")
        if code not in _DAY_COUNTS:
            raise CalculationError(
                f"day count {code or 'missing'}", detail=f"known: {', '.join(_DAY_COUNTS)}"
            )
        return _DAY_COUNTS[code]


def moment_of(text: str) -> datetime:
    """Return a time stamp without zone; seconds may be missing."""
    return datetime.fromisoformat(text.strip().rstrip("Z"))


def contract_of(
    reader: Reader, data_observed: Observed, to: str, events_observed: Sequence[Terms]
) -> Contract:
    """Return the engine's contract of one simple ACTUS contract.

    Raises
    ------
    CalculationError
        If the type or a term is not projected, naming it.
    """
    kind = _kind(reader)
    _refuse_terms(reader, kind)
    happened = _happened(reader, kind, events_observed)
    return Contract(
        kind=kind,
        status_date=reader.required_moment("statusDate"),
        start_date=reader.required_moment("initialExchangeDate"),
        maturity_date=reader.moment("maturityDate"),
        amortisation_date=reader.moment("amortizationDate"),
        principal=reader.amount("notionalPrincipal"),
        rate=reader.number("nominalInterestRate"),
        accrued_interest=reader.number("accruedInterest"),
        payment=reader.number("nextPrincipalRedemptionPayment"),
        year_fraction=_year_fraction(reader),
        capitalised_until=reader.moment("capitalizationEndDate"),
        next_reset_rate=reader.number("nextResetRate"),
        spread=reader.amount("rateSpread"),
        is_end_of_month=reader.text("endOfMonthConvention") in ("EOM", "EndOfMonth"),
        shift=_shift(reader),
        purchase_date=reader.moment("purchaseDate"),
        termination_date=reader.moment("terminationDate"),
        call_date=next((moment for moment, what, _ in happened if what == "XD"), None),
        movements=tuple(
            (moment, amount if what == "PR" else -amount)
            for moment, what, amount in happened
            if what != "XD"
        ),
        notice=_notice(reader),
        horizon=moment_of(to) if to else None,
        observed=observer(data_observed, reader.text("marketObjectCodeOfRateReset")),
        drops_unpaid_interest=True,
        **_grids_of(reader, kind),
    )


def _grids_of(reader: Reader, kind: Kind) -> dict[str, Any]:
    """Return the schedules; interest on call money runs from the start on when it has no anchor."""
    interest = reader.grid("InterestPayment")
    is_unanchored = not reader.text("cycleAnchorDateOfInterestPayment")
    if kind is Kind.CALL and interest is not None and is_unanchored:
        interest = Grid(reader.required_moment("initialExchangeDate"), interest.cycle)
    return {
        "interest": interest,
        "redemption": reader.grid("PrincipalRedemption"),
        "reset": reader.grid("RateReset"),
        "scaling": reader.grid("ScalingIndex") if is_scaled(reader) else None,
        "base": reader.grid("InterestCalculationBase"),
        "base_rule": _base_rule(reader),
        "base_amount": reader.number("interestCalculationBaseAmount"),
        "principal_segments": _principal_segments(reader),
        "interest_segments": tuple(Segment(grid=g) for g in _grids(reader, "InterestPayment")),
        "reset_segments": _reset_segments(reader),
    }


def _year_fraction(reader: Reader) -> Callable[[datetime, datetime], float]:
    day_count, end = reader.day_count, reader.moment("maturityDate")
    maturity = _day(end) if end is not None else None
    return lambda start, stop: years_between(day_count, _day(start), _day(stop), maturity)


def observer(data: Observed, code: str) -> Callable[[datetime], float]:
    """Return the look-up of a market object: what is stamped with a date, or the latest before."""

    def value(moment: datetime) -> float:
        points = data.get(code, {}).get("data", ())
        stamped = sorted((moment_of(p["timestamp"]), float(p["value"])) for p in points)
        earlier = [v for stamp, v in stamped if stamp <= moment]
        if not earlier:
            raise CalculationError(
                f"no observation of {code or 'an unnamed index'} on or before {moment:%Y-%m-%d}",
                fix="supply the observation",
            )
        return earlier[-1]

    return value


def is_scaled(reader: Reader) -> bool:
    """Say whether interest or principal follow an index."""
    return any(flag not in "O0" for flag in reader.text("scalingEffect"))


def _kind(reader: Reader) -> Kind:
    name = reader.text("contractType")
    if name not in _KINDS:
        raise CalculationError(
            f"contract type {name or 'missing'} is not projected",
            where=reader.text("contractID"),
            detail=f"projected: {', '.join((*_KINDS, 'SWPPV', 'SWAPS', 'CAPFL'))}",
            fix="leave the contract out",
        )
    return _KINDS[name]


_KNOWN_EVENTS = {Kind.CALL: {"XD"}, Kind.NON_MATURITY: {"PR", "PI"}}


def _happened(
    reader: Reader, kind: Kind, events_observed: Sequence[Terms]
) -> list[tuple[datetime, str, float]]:
    """Return when which observed event of which amount happened; others are refused by name."""
    own = [e for e in events_observed if e.get("contractId") in (None, reader.text("contractID"))]
    unknown = {str(e.get("type")) for e in own} - _KNOWN_EVENTS.get(kind, set())
    if unknown:
        raise CalculationError(
            f"observed events {', '.join(sorted(unknown))} are not projected",
            where=reader.text("contractID"),
            fix="leave the contract out",
        )
    return [(moment_of(e["time"]), str(e["type"]), float(e.get("value") or 0.0)) for e in own]


def _refuse_terms(reader: Reader, kind: Kind) -> None:
    settled = reader.text("settlementCurrency")
    refused = {name: reader.text(name) for name in _REFUSED}
    if settled and settled != reader.text("currency"):
        refused["settlementCurrency"] = settled
    if kind is Kind.NEGATIVE_AMORTISING and not reader.text("nextPrincipalRedemptionPayment"):
        raise CalculationError(
            "nextPrincipalRedemptionPayment is not set",
            where=reader.text("contractID"),
            fix="supply the instalment: it does not follow from other terms",
        )
    for name, value in refused.items():
        if value and value not in _HARMLESS.get(name, {"0", "0.0"}):
            raise CalculationError(
                f"{name} = {value} is not projected",
                where=reader.text("contractID"),
                fix="leave the contract out",
            )


def _base_rule(reader: Reader) -> BaseRule:
    """Return the rule; NTIED follows the principal once that changes, as lam18 has it."""
    rules = {"NTL": BaseRule.LAGGED, "NTIED": BaseRule.UNTIL_CHANGE}
    return rules.get(reader.text("interestCalculationBase"), BaseRule.PRINCIPAL)


def _shift(reader: Reader) -> Shift:
    code = reader.text("businessDayConvention")
    if code in ("", "NULL", "NOS"):
        return Shift()
    convention = _CONVENTIONS.get(code[2:])
    if convention is None or code[:2] not in ("SC", "CS"):
        raise CalculationError(f"{code} is not a business-day convention", fix="use an ACTUS code")
    return Shift(convention, code[:2] == "SC", _is_open(reader.text("calendar")))


def _is_open(calendar_id: str) -> Callable[[date], bool]:
    if calendar_id in ("", "NC", "NOCALENDAR"):
        return lambda _: True
    if calendar_id == "MF":
        return lambda day: day.weekday() < 5
    raise CalculationError(f"there is no calendar {calendar_id}", fix="use NC or MF")


def _notice(reader: Reader) -> Cycle | None:
    text = reader.text("xDayNotice")
    return None if not text or text.startswith("P0") else Cycle.parse(text)


def _grids(reader: Reader, what: str) -> list[Grid]:
    """Return one grid per anchor of an array schedule; a single cycle serves all of them."""
    anchors = reader.listed(f"arrayCycleAnchorDateOf{what}")
    cycles: list[Cycle | None] = [Cycle.parse(c) for c in reader.listed(f"arrayCycleOf{what}")]
    if len(cycles) == 1:
        cycles = cycles * len(anchors)
    cycles = cycles or [None] * len(anchors)
    return [Grid(moment_of(a), cycle) for a, cycle in zip(anchors, cycles, strict=True)]


def _principal_segments(reader: Reader) -> tuple[Segment, ...]:
    grids = _grids(reader, "PrincipalRedemption")
    amounts = reader.listed("arrayNextPrincipalRedemptionPayment")
    directions = reader.listed("arrayIncreaseDecrease")
    return tuple(
        Segment(grid=grid, value=float(amount) if direction == "DEC" else -float(amount))
        for grid, amount, direction in zip(grids, amounts, directions, strict=bool(amounts))
    )


def _reset_segments(reader: Reader) -> tuple[Segment, ...]:
    grids = _grids(reader, "RateReset")
    rates, kinds = reader.listed("arrayRate"), reader.listed("arrayFixedVariable")
    return tuple(
        Segment(grid=grid, value=float(rate), is_reset_to_index=kind in ("VAR", "V"))
        for grid, rate, kind in zip(grids, rates, kinds, strict=bool(rates))
    )


def _day(moment: datetime) -> np.datetime64:
    """Return the day to which interest runs."""
    return np.datetime64(moment.date(), "D") + day_of(moment, moment)
