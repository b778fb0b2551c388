"""Callable and puttable bonds through the close: the small bank's bond S1 may be called or put.

S1 pays 5 % on 200,000 on 31 October 2027 and 2028 (30/360). The dollar curve is flat; a swaption
volatility of 1 bp leaves the rights at what they are worth along the forwards, by arithmetic.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.orchestration.explain import explain_position
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, DOWN, UP, restate, small_bank
from tests.pipeline.conftest import Closed

BOND = "BANK:security:S1"


def right(kind: str, day: str, amount: float) -> dict[str, str]:
    """Return one row of the extract schedule_event."""
    return {
        "as_of_date": DAY.isoformat(), "entity_id": "BANK", "contract_no": "S1",
        "event_date": day, "event_type": kind, "event_amount": f"{amount:.2f}", "rate": "",
    }  # fmt: skip


def closed_with(
    folder: Path, rights: list[dict[str, str]], volatility: float | None, scenarios: tuple[str, ...]
) -> Closed:
    """Close the small bank whose bond has rights, at one swaption volatility or without any."""
    bank = small_bank(folder / "bank", scenarios)
    restate(bank.landing(DAY), "schedule_event", lambda _: rights)

    def quoted(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        swaption = {"surface": "swaption", "expiry": "1Y", "tenor": "1Y", "vol": str(volatility)}
        return rows + ([rows[0] | swaption] if volatility is not None else [])

    restate(bank.landing(DAY), "vol_quote", quoted)
    return Closed(bank, bank.close())


@pytest.fixture(scope="module")
def called(tmp_path_factory) -> Closed:
    """Callable at par in a year, next to no volatility."""
    rights = [right("call", "2027-10-31", 200_000.0)]
    return closed_with(tmp_path_factory.mktemp("called"), rights, 1e-4, (BASE, UP, DOWN))


def values(closed: Closed, scenario: str) -> dict[str, Any]:
    """Return the row of the bond."""
    rows = closed.folder.rows("scenarios.position_values", scenario=scenario)
    return next(row for row in rows if row["position_id"] == BOND)


def factors(closed: Closed, scenario: str) -> tuple[float, float]:
    """Return the published discount factors of 365 and 731 days."""
    rows = closed.folder.rows("scenarios.zero_rates", scenario=scenario)
    zero = {row["tenor_days"]: row["zero_rate"] for row in rows if row["curve_id"] == "usd_ois"}
    days = sorted(zero)

    def at(day: int) -> float:
        later = next((d for d in days if d >= day), days[-1])
        earlier = max((d for d in days if d <= day), default=days[0])
        weight = 0.0 if later == earlier else (day - earlier) / (later - earlier)
        return math.exp(-(zero[earlier] + weight * (zero[later] - zero[earlier])) * day / 365)

    return at(365), at(731)


@pytest.mark.parametrize("scenario", [BASE, UP, DOWN])
def test_a_call_without_volatility_is_worth_what_the_forwards_say(called, scenario):
    # Called in a year if 210,000 a year later is worth more than 200,000 then: the bond loses
    # the difference, discounted; else nothing. With 1 bp a year of volatility the time value is
    # below 200,000 x 0.0001 x 0.4.
    first, second = factors(called, scenario)
    loss = max(210_000.0 * second - 200_000.0 * first, 0.0)
    row = values(called, scenario)
    assert row["present_value"] == pytest.approx(10_000 * first + 210_000 * second, abs=0.01)
    assert row["option_value"] == pytest.approx(-loss, abs=200_000.0 * 1e-4 * 0.4)
    assert row["option_value"] <= 0.0
    found = explain_position(called.folder.bank, BOND, Partition(DAY, scenario))
    assert found.stored_option_value == pytest.approx(found.option_value, rel=1e-12)


def test_reports_hold_the_right_and_count_the_bond_among_the_options(called):
    assert all(row["is_passed"] for row in called.folder.rows("audit.proofs"))
    rows = called.folder.rows("reports.eve_sensitivity")
    for scenario in (BASE, UP, DOWN):
        (row,) = (
            row
            for row in rows
            if (row["entity_id"], row["row_kind"], row["family"]) == ("BANK", "entity", "total")
            and row["scenario"] == scenario
        )
        lost = values(called, scenario)["option_value"]
        assert float(row["option_amount"]) == pytest.approx(lost, abs=0.01)
        assert float(row["embedded_option_amount"]) >= 200_000.0
    assert values(called, DOWN)["option_value"] < values(called, BASE)["option_value"]


def test_income_and_cash_flows_are_those_of_the_straight_bond(called, closed_small_bank):
    ours, theirs = values(called, BASE), values(closed_small_bank, BASE)
    assert ours | {"option_value": 0.0} == theirs


@pytest.mark.slow(seconds=25)
def test_without_swaptions_the_currency_stops_and_says_how_much_may_be_redeemed(tmp_path):
    rights = [right("put", "2027-10-31", 200_000.0)]
    closed = closed_with(tmp_path, rights, None, (BASE,))
    (row,) = closed.folder.rows("scenarios.stopped_currencies", scenario=BASE)
    assert row["currency"] == "USD"
    assert "1 positions that may be redeemed early, 200,000.00 USD, have no vol" in row["cause"]
    assert "deliver swaption volatilities in vol_quote" in row["cause"]
