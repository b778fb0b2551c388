"""Caps and floors through the close: the small bank with a floor in its floating loan L4."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from alm_pipeline.orchestration.explain import explain_position
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, UP, restate
from tests.pipeline.conftest import Closed

FLOOR_RATE = 0.06
LOAN = "BANK:loan:L4"


def floored(folder: Path, scenarios: tuple[str, ...], surface: str = "cap") -> Closed:
    """Close the small bank whose loan of 500,000 at 1M + 2 % pays at least 6 %."""
    from tests.pipeline.banks import small_bank

    bank = small_bank(folder / "bank", scenarios)

    def with_floor(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["loan_no"] == "L4":
                row["floor_rate"] = str(FLOOR_RATE)
        return rows

    def on_surface(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [row | {"surface": surface} for row in rows]

    restate(bank.landing(DAY), "loan", with_floor)
    restate(bank.landing(DAY), "vol_quote", on_surface)
    return Closed(bank, bank.close())


@pytest.fixture(scope="module")
def with_floor(tmp_path_factory) -> Closed:
    """Cap volatilities of the dollar at 100 bp, as the small bank delivers them."""
    return floored(tmp_path_factory.mktemp("floor"), (BASE, UP))


@pytest.fixture(scope="module")
def without_volatilities(tmp_path_factory) -> Closed:
    """The only volatility quoted is that of swaptions."""
    return floored(tmp_path_factory.mktemp("unquoted"), (BASE,), surface="swaption")


def normal_time_value(distance: float, deviation: float) -> float:
    """Return deviation x (n(x) - x N(-x)), by hand."""
    x = distance / deviation
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return deviation * (density - x * math.erfc(x / math.sqrt(2)) / 2)


@pytest.mark.parametrize("scenario", [BASE, UP])
def test_the_floor_is_worth_its_floorlets_date_by_date(with_floor, scenario):
    # Each date's interest is 500,000 x years x rate; its floorlet adds the time value at the
    # distance of forward + 2 % from 6 %, deviation 0.01 x sqrt(day of the reset / 365).
    found = explain_position(with_floor.folder.bank, LOAN, Partition(DAY, scenario))
    assert found.option_value > 0.0
    assert found.dates[0].option_value == 0.0
    above = [one for one in found.dates[1:] if one.rate > FLOOR_RATE + 1e-12]
    assert len(above) > 0 or scenario == BASE
    for one in above:  # above the floor the rate is the forward itself
        deviation = 0.01 * math.sqrt(one.start_offset / 365)
        gain = normal_time_value(one.rate - FLOOR_RATE, deviation)
        worth = gain * one.balance * one.years * one.discount_factor
        assert one.option_value == pytest.approx(worth, rel=1e-9)
    assert found.stored_option_value == pytest.approx(found.option_value, rel=1e-12)


def test_the_published_value_shows_the_options_and_holds_them(with_floor):
    for scenario in (BASE, UP):
        rows = with_floor.folder.rows("scenarios.position_values", scenario=scenario)
        values = {row["position_id"]: row["option_value"] for row in rows}
        assert [name for name, value in values.items() if value != 0.0] == [LOAN]
        parts = with_floor.folder.rows("metrics.eve", scenario=scenario)
        bank = [part for part in parts if part["entity_id"] == "BANK"]
        assert sum(part["option_value"] for part in bank) == pytest.approx(values[LOAN])
        total = sum(part["present_value"] + part["option_value"] for part in bank)
        (row,) = (
            row
            for row in with_floor.folder.rows("reports.eve_sensitivity")
            if (row["entity_id"], row["row_kind"], row["family"]) == ("BANK", "entity", "total")
            and row["scenario"] == scenario
        )
        assert float(row["option_amount"]) == pytest.approx(values[LOAN], abs=0.01)
        assert float(row["eve"]) == pytest.approx(total, abs=0.01)
        change = float(row["eve"]) - float(row["eve_base"])
        assert float(row["delta_eve"]) == pytest.approx(change, abs=0.011)
    assert all(row["is_passed"] for row in with_floor.folder.rows("audit.proofs"))


def test_without_volatilities_the_currency_stops_and_names_what_it_holds(without_volatilities):
    (row,) = without_volatilities.folder.rows("scenarios.stopped_currencies", scenario=BASE)
    assert row["currency"] == "USD"
    assert "1 positions with a cap or floor, 500,000.00 USD, have no volatility" in row["cause"]
    assert "deliver cap volatilities in vol_quote" in row["cause"]
    rows = without_volatilities.folder.rows("scenarios.position_values", scenario=BASE)
    assert {row["currency"] for row in rows} == {"EUR"}
    ledger = without_volatilities.folder.rows("audit.exception_ledger")
    assert [row for row in ledger if "500,000.00 USD" in row["reason"]] != []
