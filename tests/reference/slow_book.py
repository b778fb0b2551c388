"""Random positions of every kind, for the slow reference and the engine alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from alm_pipeline.audit.challenger.contracts import Cohort, Held
from alm_pipeline.audit.challenger.market import in_month

N_SCENARIOS = 4
TENORS = (0, 1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 60)
DAY_COUNTS = ("act_360", "act_365f", "act_act_isda", "30e_360", "28e_336", "30_360", "30e_360_isda")


@dataclass
class Draw:
    """A source of terms as of a date."""

    random: Random
    as_of: date

    def between(self, low: float, high: float) -> float:
        return round(self.random.uniform(low, high), 6)

    def cohort(self, **figures: Any) -> Cohort:
        nothing = (0.0,) * N_SCENARIOS
        return Cohort(**{"prepayment": nothing, "redemption": nothing} | figures)

    def by_scenario(self, low: float, high: float) -> tuple[float, ...]:
        return tuple(self.between(low, high) for _ in range(N_SCENARIOS))

    def plain(self, kind: str, **terms: Any) -> Held:
        """Return a position with a random amount, rate, margin and replacement."""
        r = self.random
        chosen: dict[str, Any] = {
            "principal": round(r.uniform(100.0, 1e6), 2),
            "sign": r.choice([-1, 1]),
            "rate": 0.0 if r.random() < 0.05 else self.between(-0.002, 0.09),
            "margin": self.between(0.0, 0.015),
            "day_count": r.choice(DAY_COUNTS),
            "discount_curve": r.randrange(2),
            "index_curve": r.randrange(2),
            "replacement_months": r.choice(TENORS),
            "replacement_margin": self.between(-0.01, 0.03),
        }
        return Held(kind=kind, **chosen | terms)

    def scheduled(self, kind: str, step: int, **terms: Any) -> Held:
        """Return a seasoned position: a running period, regular or not, and interest booked."""
        r, roll = self.random, self.random.randint(1, 31)
        ahead = in_month(self.as_of, r.randrange(step + 1), roll)
        next_payment = ahead if ahead > self.as_of else in_month(ahead, step, roll)
        last = in_month(next_payment, -step, roll)
        if last > self.as_of or r.random() < 0.25:
            last = self.as_of - timedelta(days=r.randrange(0, 200))
        maturity = in_month(next_payment, step * r.randint(1, min(40, 120 // step)), roll)
        if r.random() < 0.3:
            maturity += timedelta(days=r.randint(1, 25 * step))
        held = self.plain(
            kind, payment_months=step, roll_day=roll, next_payment=next_payment,
            last_payment=last, maturity=maturity, **terms,
        )  # fmt: skip
        booked = held.principal * held.rate * (self.as_of - last).days / 365.0
        return replace(held, accrued=round(booked * r.choice([0.0, 1.0, 1.0, 0.9]), 2))

    def floating(self, held: Held, **terms: Any) -> Held:
        """Return the position with an index; it resets on payment dates or between them."""
        r = self.random
        assert held.next_payment is not None
        reset = r.choice([1, 3, 6, 12])
        first = in_month(held.next_payment, r.randrange(0, 3), held.roll_day)
        if r.random() < 0.2:
            first += timedelta(days=5)
        index = reset if r.random() < 0.6 else r.choice([0, 1, 3, 6, 12, 60])
        return replace(
            held, rate_type="floating", next_reset=first, reset_months=r.choice([reset, reset, 0]),
            index_months=index, spread=self.between(-0.01, 0.04),
            multiplier=r.choice([1.0, 1.0, 0.8, 1.3]), **self.limits(), **terms,
        )  # fmt: skip

    def limits(self) -> dict[str, Any]:
        """Return none, some or all of the bounds of a reset."""
        r = self.random
        ranges = {
            "cap": (0.04, 0.08),
            "floor": (-0.005, 0.03),
            "period_cap": (0.001, 0.01),
            "period_floor": (0.001, 0.01),
        }
        return {name: self.between(*ends) for name, ends in ranges.items() if r.random() < 0.4}

    def prepaying(self) -> Cohort:
        return self.cohort(prepayment=self.by_scenario(0.0, 0.3))

    def following(self) -> dict[str, Any]:
        """Return pass-through, lag and floor of an administered rate."""
        r = self.random
        return {
            "up": self.by_scenario(0.1, 1.0),
            "down": self.by_scenario(0.1, 1.0),
            "lag": r.choice([0, 1, 2, 4]),
            "floor": r.choice([-1.0, 0.0, 0.01]),
        }


def repaid_by_annuity(draw: Draw) -> Held:
    step = draw.random.choice([1, 1, 3, 6])
    held = draw.scheduled("annuity", step, principal_months=step)
    return replace(held, cohort=draw.random.choice([None, draw.prepaying()]))


def annuity_fixed_anew(draw: Draw) -> Held:
    return draw.floating(repaid_by_annuity(draw))


def interest_only(draw: Draw) -> Held:
    held = replace(repaid_by_annuity(draw), kind="interest only")
    until = draw.as_of + timedelta(days=draw.random.randint(-50, 900))
    held = replace(held, interest_only_end=until)
    return draw.floating(held) if draw.random.random() < 0.4 else held


def balloon(draw: Draw) -> Held:
    held = repaid_by_annuity(draw)
    if draw.random.random() < 0.5:
        held = replace(held, balloon=held.principal * draw.between(0.1, 0.6))
    if draw.random.random() < 0.6:
        held = replace(held, n_amortisation=draw.random.randint(30, 360))
    return draw.floating(held) if draw.random.random() < 0.3 else held


def negative_amortisation(draw: Draw) -> Held:
    held = replace(repaid_by_annuity(draw), rate=draw.between(0.05, 0.12), margin=0.0)
    due = held.principal * held.rate * held.payment_months / 12
    held = replace(held, payment=round(due * draw.between(0.6, 1.05), 2))
    return draw.floating(held) if draw.random.random() < 0.3 else held


def linear(draw: Draw) -> Held:
    r, step = draw.random, draw.random.choice([1, 3])
    held = draw.scheduled("linear", step, principal_months=step * r.choice([1, 1, 2, 4]))
    held = replace(held, cohort=r.choice([None, draw.prepaying()]))
    if r.random() < 0.3:
        held = replace(held, payment=round(held.principal * draw.between(0.02, 0.3), 2))
    elif r.random() < 0.3:
        held = replace(held, balloon=0.25 * held.principal)
    return draw.floating(held) if r.random() < 0.4 else held


def bullet(draw: Draw) -> Held:
    held = draw.scheduled("bullet", draw.random.choice([1, 3, 6, 12]))
    held = replace(held, cohort=draw.random.choice([None, draw.prepaying()]))
    return draw.floating(held) if draw.random.random() < 0.7 else held


def administered(draw: Draw) -> Held:
    r, figures = draw.random, draw.following()
    figures |= {"prepayment": draw.by_scenario(0.0, 0.2)} if r.random() < 0.5 else {}
    held = r.choice([repaid_by_annuity, linear, bullet])(draw)
    held = draw.floating(held, cohort=draw.cohort(**figures))
    no_bounds: dict[str, Any] = {"period_cap": math.inf, "period_floor": math.inf}
    return replace(held, rate_type="administered", **no_bounds)


def term_deposit(draw: Draw) -> Held:
    """Broken overnight in part; interest at maturity or on the way."""
    leaving = draw.cohort(redemption=draw.by_scenario(0.01, 0.4))
    if draw.random.random() < 0.5:
        held = draw.scheduled(draw.random.choice(["bullet", "linear"]), 3, sign=-1)
        is_linear = held.kind == "linear"
        return replace(held, cohort=leaving, principal_months=3 if is_linear else 0)
    maturity = draw.as_of + timedelta(days=draw.random.randint(1, 1500))
    started = draw.as_of - timedelta(days=draw.random.randint(0, 300))
    return draw.plain("bullet", sign=-1, last_payment=started, maturity=maturity, cohort=leaving)


def account(draw: Draw) -> Held:
    r = draw.random
    cohort = draw.cohort(
        core_share=draw.between(0.0, 0.95), core_months=r.randint(0, 80), **draw.following()
    )
    kind = r.choice(["non-maturity", "non-maturity", "revolving"])
    held = draw.plain(kind, cohort=cohort, rate_type=r.choice(["administered", "fixed"]))
    if r.random() < 0.4:
        soon = in_month(draw.as_of, r.randrange(1, 8), r.randint(1, 28))
        held = draw.floating(replace(held, next_payment=soon), next_payment=None)
    return held


def bad_loan(draw: Draw) -> Held:
    recovery = draw.as_of + timedelta(days=draw.random.randint(1, 1500))
    held = draw.plain("non-performing", recovery=recovery)
    return replace(held, impairment=round(held.principal * draw.between(0.0, 1.2), 2))


def offer(draw: Draw) -> Held:
    """A loan that is paid out later."""
    r, step = draw.random, draw.random.choice([1, 3, 6])
    start = draw.as_of + timedelta(days=r.randint(1, 200))
    roll = r.choice([start.day, r.randint(1, 31)])
    first = in_month(start, step, roll)
    held = draw.plain(
        "commitment", start=start, last_payment=start, next_payment=first, roll_day=roll,
        maturity=in_month(first, step * r.randint(1, 30), roll), payment_months=step,
        principal_months=step, cohort=r.choice([None, draw.prepaying()]),
    )  # fmt: skip
    return draw.floating(held) if r.random() < 0.3 else held


def leg(draw: Draw) -> Held:
    kind = draw.random.choice(["swap leg", "cap", "floor"])
    held = draw.scheduled(kind, draw.random.choice([1, 3, 6]), strike=draw.between(0.0, 0.06))
    floating = draw.floating(held)
    if kind == "swap leg":
        return floating
    bounds: dict[str, Any] = dict.fromkeys(("cap", "period_cap", "period_floor"), math.inf)
    return replace(floating, floor=-math.inf, **bounds)


def without_flows(draw: Draw) -> Held:
    kind = draw.random.choice(
        ["balance", "undrawn", "bullet"]
    )  # a bullet without dates: call money
    return draw.plain(kind)


def left_early(draw: Draw) -> Held:
    """A loan or deposit that it costs something to leave, or whose term it shortens."""
    r = draw.random
    held = r.choice([annuity_fixed_anew, balloon, interest_only, linear, bullet, term_deposit])(
        draw
    )
    is_deposit = held.cohort is not None and any(held.cohort.redemption)
    held = held if is_deposit else replace(held, cohort=draw.prepaying())
    costs: dict[str, Any] = r.choice(
        [
            {},
            {"penalty_share": draw.between(0.001, 0.03)},
            {"penalty_months": float(r.randint(1, 9))},
            {"penalty_amount": held.principal * draw.between(0.001, 0.02)},
        ]
    )
    until = draw.as_of + timedelta(days=r.randint(0, 900))
    is_shortened = r.random() < 0.5 and "penalty_amount" not in costs
    return replace(
        held, lockout=r.choice([None, until]), is_term_shortened=is_shortened, **costs
    )  # fmt: skip


def fixed_already(draw: Draw) -> Held:
    """A loan, leg, cap or floor whose next index is known."""
    held = draw.random.choice([annuity_fixed_anew, leg])(draw)
    return replace(held, next_index=draw.between(-0.005, 0.08))


def line(draw: Draw) -> Held:
    """An undrawn line that customers draw, at a fixed rate or one that follows an index."""
    r, as_of = draw.random, draw.as_of
    cohort = draw.cohort(drawn=draw.by_scenario(0.0, 1.0), draw_months=r.randint(1, 30))
    maturity = as_of + timedelta(days=r.randint(20, 1500))
    held = draw.plain("undrawn", maturity=maturity, cohort=cohort, roll_day=r.randint(1, 31))
    if r.random() < 0.5:
        return held
    soon = in_month(as_of, r.randrange(1, 4), held.roll_day)
    return replace(draw.floating(replace(held, next_payment=soon)), next_payment=None)


KINDS: dict[Callable[[Draw], Held], int] = {
    repaid_by_annuity: 10,
    annuity_fixed_anew: 12,
    interest_only: 10,
    balloon: 10,
    negative_amortisation: 8,
    linear: 10,
    bullet: 10,
    administered: 12,
    term_deposit: 10,
    account: 16,
    bad_loan: 5,
    offer: 8,
    leg: 8,
    without_flows: 6,
    left_early: 24,
    fixed_already: 10,
    line: 10,
}
"""How many of each a book holds."""
