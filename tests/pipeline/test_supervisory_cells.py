"""Reports of United States practice on the small bank: worked out by hand, and every cell opens.

The test of credit unions moves dollar rates only: it has an answer for BANK, and for EUBANK,
which holds euros, the reason why it has none.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from alm_pipeline.audit.trace import Tracer
from alm_pipeline.orchestration.trace import closed_bank
from tests.pipeline.banks import BASE, OF_OTHER_PACKS, Folder, small_bank
from tests.pipeline.test_trace import cells_of, rows_of, untied_sums

US, NCUA = "us_up_200", "ncua_up_300"
PACKS = ["lcr_basel", "lcr_us", "nsfr_basel"]
OF_PACKS = ("reports.hqla_register", "reports.hqla_stock", "reports.lcr", "reports.lcr_lines")
CENT = 0.01


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Folder:
    path = tmp_path_factory.mktemp("us_bank") / "bank"
    made = small_bank(path, (BASE, US, NCUA), liquidity_packs=PACKS)
    outcome = made.close()
    assert outcome.failures == ()
    return made


@pytest.fixture(scope="module")
def tracer(folder) -> Tracer:
    return Tracer(closed_bank(folder.bank))


@pytest.mark.parametrize("table", [*sorted(OF_OTHER_PACKS), *OF_PACKS])
def test_every_cell_opens(tracer, table):
    closed = tracer.closed
    n_cells, untied = untied_sums(closed, tracer.contributions, table)
    assert untied == []
    n_footers = 0 if table == "reports.hqla_register" else 2
    assert n_cells >= n_footers * len(rows_of(closed, table))
    assert rows_of(closed, table)
    opened = [tracer.open(c) for c in cells_of(closed, table) if c.rule.kind != "sum"]
    assert [(o.cell.column, o.cell.keys) for o in opened if not o.is_tied] == []
    assert any(o.cell.stored is not None for o in opened)


def test_stable_deposits_run_off_by_three_per_cent_in_the_united_states(folder):
    def of(table: str, **keys: object) -> dict[str, dict[str, Any]]:
        wanted = {"entity_id": "BANK", "row_kind": "entity", "contract_currency": "all", **keys}
        rows = folder.rows(table)
        return {r["pack"]: r for r in rows if all(r[k] == v for k, v in wanted.items())}

    lines = of("reports.lcr_lines", lcr_rule="retail_stable")
    amount = float(lines["lcr_us"]["unweighted_line_amount"])
    assert amount > 0
    assert float(lines["lcr_us"]["weighted_line_amount"]) == pytest.approx(0.03 * amount, abs=CENT)
    totals = of("reports.lcr")
    less = totals["lcr_basel"]["total_outflow_amount"] - totals["lcr_us"]["total_outflow_amount"]
    assert float(less) == pytest.approx(0.02 * amount, abs=2 * CENT)


def test_the_net_economic_value_of_the_bank_is_worked_out(folder):
    # Book of shares N1: 600,000. Base 0.99 * 600,000 = 594,000; +300 bp 0.9504 * 600,000 = 570,240.
    # L1 is worth 1,000,000 * e^-0.03 after the shock; cash counts as booked.
    rows = {row["entity_id"]: row for row in folder.rows("reports.ncua_nev")}
    bank = rows["BANK"]
    assert float(bank["shares_value_base"]) == pytest.approx(-594_000.00, abs=CENT)
    assert float(bank["shares_value"]) == pytest.approx(-570_240.00, abs=CENT)
    values = {
        r["position_id"]: r["present_value"]
        for r in folder.rows("scenarios.position_values", scenario=NCUA)
    }
    year = math.exp(-0.03)
    assert values["BANK:loan:L1"] == pytest.approx(1_000_000 * year, abs=CENT)
    held = [k for k in values if (k.startswith("BANK:") and ":loan:" in k) or ":security:" in k]
    assets = sum(values[k] for k in held) + 50_000.00
    assert float(bank["assets_value"]) == pytest.approx(assets, abs=CENT)
    # B1 and T1 as modelled, and what the swap's two legs add
    rest = [k for k in values if k.startswith("BANK:") and k not in held and "nmd" not in k]
    nev = assets - 570_240.00 + sum(values[k] for k in rest)
    assert float(bank["nev"]) == pytest.approx(nev, abs=CENT)
    assert bank["nev_ratio_share"] == pytest.approx(nev / assets, abs=1e-7)
    assert bank["ratio_risk_level"] == "low"  # 30 % of assets, far above 7 %


def test_euros_have_no_test_of_credit_unions_and_the_row_says_so(folder):
    rows = {row["entity_id"]: row for row in folder.rows("reports.ncua_nev")}
    assert rows["EUBANK"]["nev"] is None
    assert "EUR" in rows["EUBANK"]["availability"]
    assert rows["GROUP"]["nev"] is None


def test_two_hundred_basis_points_take_what_they_take_of_the_bank(folder):
    # 2 * 100 bp; L1 pays once, in a year: 1,000,000 * (e^-0.02 - 1)
    (row,) = [r for r in folder.rows("reports.us_rate_shocks") if r["entity_id"] == "BANK"]
    assert (row["shock_bp"], row["shock_factor"], row["unit_shock_bp"]) == (200.0, 2.0, 100.0)
    base, shocked = (
        {r["position_id"]: r["present_value"] + r["option_value"]
         for r in folder.rows("scenarios.position_values", scenario=s)}
        for s in (BASE, US)
    )  # fmt: skip
    moved = sum(shocked[k] - base[k] for k in base if k.startswith("BANK:"))
    assert float(row["delta_eve"]) == pytest.approx(moved, abs=CENT)
    assert shocked["BANK:loan:L1"] - base["BANK:loan:L1"] == pytest.approx(
        1_000_000 * (math.exp(-0.02) - 1), abs=CENT
    )
