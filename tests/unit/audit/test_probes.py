"""Probes: the engine prices them as plain arithmetic says, and a wrong engine is found out."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from alm_pipeline.audit import probes
from alm_pipeline.audit.probes import ProbeMarket, probe_ties
from alm_pipeline.audit.ties import Tie, tie_table, worst_of
from alm_pipeline.engine.arrays import Curves, Volatilities
from alm_pipeline.engine.scenarios.shocks import shock_bp
from alm_pipeline.engine.simulation.simulate import simulate

DAY = date(2026, 10, 31)
TENORS = np.array([30, 365, 1826, 3650], dtype=np.int32)
UPWARD = np.array([[0.02, 0.025, 0.03, 0.035], [-0.004, -0.002, 0.001, 0.01]])


def market(*, has_volatilities: bool = True) -> ProbeMarket:
    """Return an upward curve and one below zero, as they are and two hundred points higher."""
    rates = np.stack([UPWARD, UPWARD + 0.02])
    volatilities = Volatilities(
        expiry_days=np.array([365, 3650], dtype=np.int32),
        normal_volatilities=np.full((2, 2, 2), 0.009),
        is_quoted=np.array([True, True]),
    )
    curves = Curves(tenor_days=TENORS, zero_rates=rates, base_zero_rates=UPWARD)
    return ProbeMarket(DAY, ["usd", "eur"], curves, volatilities if has_volatilities else None)


def broken(monkeypatch: pytest.MonkeyPatch, change: Any) -> set[str]:
    """Return what fails when every result of the engine is changed."""
    engine = simulate
    monkeypatch.setattr(probes, "simulate", lambda *a, **k: change(engine(*a, **k)))
    return {tie.invariant for tie in probe_ties(market()) if tie.strain > 1.0}


@pytest.mark.parametrize("day", [DAY, date(2027, 2, 28), date(2028, 2, 29), date(2026, 4, 30)])
@pytest.mark.parametrize("has_volatilities", [True, False])
def test_every_tie_holds_at_any_month_end_and_below_zero(day, has_volatilities):
    found = probe_ties(replace(market(has_volatilities=has_volatilities), as_of=day))
    assert {tie.scope for tie in found} == {"usd", "eur"}
    assert [tie for tie in found if tie.strain > 1.0] == []


def test_a_floater_is_worth_its_notional_on_the_next_reset():
    # Reset on 31 January 2027, after 92 days: between 2 % at 30 and 2.5 % at 365 days lies
    # 0.02 + 0.005 * 62 / 335 = 0.0209254.
    zero = 0.02 + 0.005 * 62 / 335
    found = {t.scope: t for t in probe_ties(market()) if t.invariant.startswith("a floater")}
    at_base = 1e6 * math.exp(-zero * 92 / 365)
    risen = 1e6 * math.exp(-(zero + 0.02) * 92 / 365)
    assert min(abs(found["usd"].left - value) for value in (at_base, risen)) < 0.01


def test_a_value_that_is_a_ten_thousandth_too_high_trips_what_is_known_in_money(monkeypatch):
    failed = broken(monkeypatch, lambda r: replace(r, present_value=r.present_value * 1.0001))
    assert "a floater is worth par on its reset" in failed
    assert "discount factors are those of the published zero rates" in failed
    assert "an annuity repays itself at its rate" in failed
    assert "a deposit ladder is its core and the rest" in failed
    assert "a swap is a bond less a floater" not in failed  # both sides are too high


def test_option_value_of_caps_alone_trips_their_parity(monkeypatch):
    def only_caps(result: Any) -> Any:
        value = np.array(result.option_value)
        value[6::17] += 1.0  # the seventh probe of each curve
        return replace(result, option_value=value) if len(value) else result

    assert broken(monkeypatch, only_caps) == {"a cap less a floor is a swap"}


def test_twelve_months_of_income_one_dollar_off_are_seen(monkeypatch):
    def more(result: Any) -> Any:
        if not result.net_interest_income:
            return result
        return replace(result, net_interest_income={12: result.net_interest_income[12] + 1.0})

    known = {"income is the loan's and its replacement's", "a leg is not replaced"}
    assert broken(monkeypatch, more) == known


def test_a_shock_without_size_that_moves_rates_is_seen(monkeypatch):
    monkeypatch.setattr(probes, "shock_bp", lambda *a: shock_bp(*a) + 1.0)
    failed = {tie.invariant for tie in probe_ties(market()) if tie.strain > 1.0}
    assert failed == {"a shock of nothing changes nothing"}


def test_a_rise_that_lowers_rates_is_seen(monkeypatch):
    monkeypatch.setattr(probes, "shock_bp", lambda *a: -shock_bp(*a))
    failed = {tie.invariant for tie in probe_ties(market()) if tie.strain > 1.0}
    assert failed == {"rates up, fixed claims down"}


def test_the_worst_tie_is_kept_and_a_missing_number_is_worse_than_any():
    near, far = Tie("a", "s", 1.0, 1.005, 0.01), Tie("a", "s", 1.0, 1.05, 0.01)
    missing = Tie("a", "s", math.nan, 1.0, 0.01)
    assert worst_of([near, far]) == [far]
    assert math.isnan(worst_of([missing, far])[0].left)
    assert Tie("count", "s", 1.0, 0.0, 0.0).strain == math.inf
    assert Tie("count", "s", 0.0, 0.0, 0.0).strain == 0.0


def test_ties_become_rows():
    (row,) = tie_table([Tie("a", "s", 2.0, 1.0, 0.5)], DAY).to_pylist()
    assert row == {"as_of_date": DAY, "invariant": "a", "scope": "s", "left_value": 2.0,
                   "right_value": 1.0, "tolerance_value": 0.5}  # fmt: skip
