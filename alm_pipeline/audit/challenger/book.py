"""From a row of `book.positions` to the challenger's own contract, or the reason why there is none.

Reads the same published columns as the engine's bridge and shares no code with it.

What does not belong here: the arithmetic (`contracts`), which positions are chosen
(`sql/95_audit/challenger_sample.sql`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from alm_pipeline.audit.challenger.contracts import Cohort, Held
from alm_pipeline.inputs.behaviour import BehaviourRow
from alm_pipeline.inputs.calendars import closed_offsets
from alm_pipeline.inputs.curves import CurveBook
from alm_pipeline.inputs.products import ProductMap

__all__ = ["ChallengedBook", "frequency", "held_of", "why_not"]

Row = Mapping[str, Any]

_KINDS = {
    "bullet": "bullet",
    "perpetual": "bullet",
    "annuity": "annuity",
    "balloon": "annuity",
    "linear": "linear",
    "interest_only_then_annuity": "interest only",
}
_FIXED_KINDS = {
    "non_maturity": "non-maturity",
    "revolving": "revolving",
    "swap_leg": "swap leg",
    "commitment": "undrawn",
    "non_performing": "non-performing",
    "balance_only": "balance",
}
_STEP = re.compile(r"P(\d+)([DWMY])")
_NEAR_DAYS = 4
_BACK_DAYS, _AHEAD_DAYS = 400, 60 * 366


@dataclass(frozen=True)
class ChallengedBook:
    """What rows mean: curves, products, behaviour by scenario, positions with agreed schedules."""

    as_of: date
    curve_ids: Sequence[str]
    curves: CurveBook
    products: ProductMap
    behaviour: Sequence[BehaviourRow]
    scenarios: Sequence[str]
    agreed: frozenset[str] = frozenset()
    _calendars: dict[str, frozenset[date]] = field(default_factory=dict)

    def cohort(self, segment: str | None) -> Cohort | None:
        """Return what the customers of a segment do, scenario by scenario."""
        by_scenario = {
            row.scenario: row for row in self.behaviour if row.behaviour_segment == segment
        }
        if segment in (None, "none") or not by_scenario:
            return None
        rows = [by_scenario[name] for name in self.scenarios]
        first = rows[0]
        return Cohort(
            prepayment=tuple(row.annual_prepayment_rate for row in rows),
            redemption=tuple(row.redemption_share for row in rows),
            core_share=first.core_share,
            core_months=len(first.core_profile) or first.core_run_off_months,
            core_profile=first.core_profile,
            up=tuple(row.pass_through_up for row in rows),
            down=tuple(row.pass_through_down for row in rows),
            lag=first.lag_months,
            floor=first.rate_floor,
            drawn=tuple(row.drawn_share for row in rows),
            draw_months=first.draw_months,
            prepayment_terms=tuple(row.prepayment_terms for row in rows),
        )

    def curve(self, role: str, product_code: str, currency: str) -> int:
        """Return the row of the curve a product uses; -1 where it names none."""
        curve_id = (getattr(self.products.products[product_code], role) or {}).get(currency)
        return list(self.curve_ids).index(str(curve_id)) if curve_id in self.curve_ids else -1

    def closed(self, calendar_id: str) -> frozenset[date]:
        """Return the closed days of a calendar."""
        if calendar_id not in self._calendars:
            offsets = closed_offsets(calendar_id, self.as_of, -_BACK_DAYS, _AHEAD_DAYS)
            days = (self.as_of + timedelta(days=int(day)) for day in offsets)
            self._calendars[calendar_id] = frozenset(days)
        return self._calendars[calendar_id]


def why_not(row: Row, book: ChallengedBook) -> str:
    """Return why the challenger cannot value a position; empty when it can."""
    steps = [frequency(row[f"{name}_freq"]) for name in ("interest", "principal")]
    months = [m for m, _ in steps if m]
    reset_days = frequency(row["reset_freq"])[1]
    is_apart = len(months) == 2 and max(months) % min(months) > 0
    has_flows = row["cash_flow_model"] not in ("non_performing", "balance_only")
    reasons = {
        "its schedule is agreed date by date": row["position_id"] in book.agreed
        or row["amortisation_type"] == "schedule",
        "it is in arrears": (row["past_due_principal_amount"] or row["past_due_interest_amount"])
        > 0,
        "it pays every few days": any(days for _, days in steps) or reset_days > 1,
        "interest and principal fall on different grids": is_apart,
        "it steps to an index": row["rate_type"] == "step",
        "a leg of it amortises": row["cash_flow_model"] == "swap_leg" and bool(steps[1][0]),
        "its curve is stopped": book.curve("discount_curve", row["product_code"], row["currency"])
        < 0,
    }
    return next((reason for reason, holds in reasons.items() if holds and has_flows), "")


def held_of(row: Row, book: ChallengedBook) -> Held:
    """Return the terms of a position the challenger can value (`why_not` is empty)."""
    kind = _kind(row)
    is_notional = kind in ("swap leg", "cap", "floor", "undrawn", "commitment")
    principal = row["notional_amount"] if is_notional else row["outstanding_principal"]
    principal_months = frequency(row["principal_freq"])[0]
    n_payments = (
        -(-(row["amortisation_months"] or 0) // principal_months) if principal_months else 0
    )
    return Held(
        kind=kind,
        principal=float(principal),
        sign=row["direction"],
        rate=0.0 if row["rate_type"] == "zero" else row["coupon_rate"],
        spread=row["spread_rate"],
        multiplier=row["rate_multiplier"],
        margin=row["margin_rate"],
        day_count=row["day_count"],
        payment_months=frequency(row["interest_freq"])[0],
        principal_months=principal_months,
        payment=float(row["payment_amount"] or 0.0),
        n_amortisation=n_payments,
        balloon=float(row["balloon_amount"] or 0.0),
        accrued=float(row["accrued_interest"]),
        impairment=float(row["impairment_amount"]),
        strike=row["strike_rate"] or 0.0,
        cohort=_cohort(row, book),
        closed=book.closed(row["calendar_id"]),
        discount_curve=book.curve("discount_curve", row["product_code"], row["currency"]),
        **_early_exit(row),
        **_dates(row, kind),
        **_bounds(row),
        **_index(row, book),
    )


def _kind(row: Row) -> str:
    model: str = row["cash_flow_model"]
    if model == "cap_floor":
        return str(row["option_type"])
    if model in _FIXED_KINDS:
        return _FIXED_KINDS[model]
    is_offer = row["expected_close_date"] is not None
    return "commitment" if is_offer else _KINDS[row["amortisation_type"]]


def _dates(row: Row, kind: str) -> dict[str, Any]:
    """Return the dates of a contract; an offer starts when it is paid out."""
    return {
        "start": row["expected_close_date"] if kind == "commitment" else row["start_date"],
        "last_payment": row["last_payment_date"],
        "next_payment": row["next_payment_date"],
        "maturity": row["maturity_date"],
        "interest_only_end": row["interest_only_end_date"],
        "recovery": row["expected_recovery_date"],
        "roll_day": _roll_day(row),
        "convention": row["business_day_convention"],
        "is_end_of_month": row["is_end_of_month"],
    }


def _early_exit(row: Row) -> dict[str, Any]:
    """Return what leaving early costs and changes, and until when nobody may prepay."""
    months = (row["prepayment_penalty_months"], row["withdrawal_penalty_months"])
    return {
        "penalty_share": row["prepayment_penalty_share"] or 0.0,
        "penalty_months": sum(one or 0.0 for one in months),
        "penalty_amount": float(row["prepayment_penalty_amount"] or 0.0),
        "free_amount": float(row["free_prepayment_amount"] or 0.0),
        "lockout": row["prepayment_lockout_end_date"],
        "is_term_shortened": row["prepayment_effect"] == "shorter_term",
    }


def _bounds(row: Row) -> dict[str, Any]:
    given = {
        "cap": row["cap_rate"],
        "floor": row["floor_rate"],
        "period_cap": row["period_cap_rate"],
        "period_floor": row["period_floor_rate"],
    }
    return {name: float(value) for name, value in given.items() if value is not None}


def _cohort(row: Row, book: ChallengedBook) -> Cohort | None:
    """Return the behaviour that the position's own flags let through."""
    cohort = book.cohort(row["behaviour_segment"])
    if cohort is None:
        return None
    nothing = (0.0,) * len(book.scenarios)
    return replace(
        cohort,
        prepayment=cohort.prepayment if row["is_prepayable"] else nothing,
        prepayment_terms=cohort.prepayment_terms if row["is_prepayable"] else (),
        redemption=cohort.redemption if row["is_redeemable"] else nothing,
    )


def _index(row: Row, book: ChallengedBook) -> dict[str, Any]:
    """Return the index of a rate and when it is read.

    A rate compounded daily earns its period's forward; one set by the bank without dates of its
    own is looked at on every payment.
    """
    months, days = frequency(row["reset_freq"])
    pays = frequency(row["interest_freq"])[0]
    fallback = book.curve("projection_curve", row["product_code"], row["currency"])
    found: dict[str, Any] = {"rate_type": "fixed", "index_curve": max(fallback, 0)}
    if row["rate_type"] not in ("floating", "administered"):
        return found
    found |= {
        "rate_type": row["rate_type"],
        "reset_months": months,
        "next_reset": row["next_reset_date"],
    }
    if row["index_id"] is not None:
        index = book.curves.indices[row["index_id"]]
        found["index_curve"] = list(book.curve_ids).index(index.curve)
        found["index_months"] = frequency(f"P{index.tenor}")[0]
    is_daily = row["rate_type"] == "floating" and days == 1 and row["maturity_date"] and pays
    is_followed = row["rate_type"] == "administered" and row["next_reset_date"] is None
    if is_daily or is_followed:
        found |= {"reset_months": pays, "next_reset": row["next_payment_date"]}
    if is_daily:
        found["index_months"] = pays
    if days != 1 and row["rate_type"] == "floating" and row["next_reset_date"] is not None:
        found["next_index"] = _known_index(row, book.as_of)
    return found


def _known_index(row: Row, as_of: date) -> float | None:
    """Return the index of the next reset where it was fixed by the as-of date."""
    reset, fixing = row["next_reset_date"], row["next_fixing_rate"]
    is_read = reset - timedelta(days=row["fixing_lag_days"]) <= as_of < reset
    return float(fixing) if is_read and fixing is not None else None


def frequency(text: str | None) -> tuple[int, int]:
    """Return the months and the days of a frequency; none of either where it never repeats."""
    found = _STEP.fullmatch(text or "P0D")
    if found is None:
        raise ValueError(f"{text} is no frequency")
    count, unit = int(found[1]), found[2]
    months = count * {"M": 1, "Y": 12}.get(unit, 0)
    return months, count * {"D": 1, "W": 7}.get(unit, 0)


def _roll_day(row: Row) -> int:
    """Return the day of the month a contract pays on.

    The maturity's, else the start's, where the next payment lies so near to it that a short month
    or a closed day explains it; else the next payment's own.
    """
    paid: date | None = row["next_payment_date"]
    if paid is None:
        return 31
    for name in ("maturity_date", "start_date"):
        day = row[name]
        if day is not None and abs(day.day - paid.day) <= _NEAR_DAYS:
            return int(day.day)
    return paid.day
