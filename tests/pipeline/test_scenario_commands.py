"""`alm scenario`: what it shows, what a run gives, and that a run leaves nothing behind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.scenario_commands import (
    check_lines,
    closed_day,
    list_lines,
    run_scenario,
)
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.reporting.scenario_result import ScenarioResult, result_lines
from tests.pipeline.banks import BASE, DAY, UP, Folder, restate, small_bank
from tests.pipeline.conftest import Closed

SVG = "{http://www.w3.org/2000/svg}"


def scenario(folder: Path, text: str, name: str = "own") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"about: A scenario for a test.\nkind: own\n{text}", encoding="utf-8")
    return path


def amount(result: ScenarioResult, entity: str, column: str, months: int = 0) -> float:
    """The amount of an entity over all families."""
    rows: Any = result.nii if months else result.eve
    (row,) = [
        row
        for row in rows
        if (row["entity_id"], row["scenario"], row["family"]) == (entity, result.scenario, "total")
        and row["row_kind"] != "elimination"
        and row.get("horizon_months", 0) == months
    ]
    return float(row[column])


def test_a_file_that_adds_nothing_gives_what_the_close_published(copy_of_small_bank, tmp_path):
    folder: Folder = copy_of_small_bank
    before = folder.contents()
    result = run_scenario(folder.bank, scenario(tmp_path, f"extends: {UP}\nfloor: none\n"), DAY)
    for table, found in (("reports.eve_sensitivity", result.eve),
                         ("reports.nii_sensitivity", result.nii)):  # fmt: skip
        columns = ("eve", "delta_eve") if table.startswith("reports.eve") else ("nii", "delta_nii")
        closed = [row for row in folder.rows(table) if row["scenario"] == UP]
        run = [row for row in found if row["scenario"] == "own"]
        assert len(run) == len(closed) > 0
        assert [[r[c] for c in columns] for r in run] == [[r[c] for c in columns] for r in closed]
    assert folder.contents() == before
    lines = list(result_lines(result))
    assert any(line.startswith("GROUP") and "economic value" in line for line in lines)
    assert any(line.startswith("GROUP") and "as planned, 36 months" in line for line in lines)
    planned = folder.rows("reports.nii_balance_sheets")
    assert [r["nii_dynamic"] for r in result.planned if r["scenario"] == "own"] == [
        r["nii_dynamic"] for r in planned if r["scenario"] == UP
    ]


STRESS = """liquidity:
  kind: combined
  run_off: {uninsured: {1: 0.25, 30: 0.5}, insured: {30: 0.1}}
  not_renewed: {other: 1.0}
  drawn: {committed_credit_non_financial: {30: 0.5}}
  received: {other: 1.0}
  sale_haircut: {l1: 0.05, l2a: 0.1, l2b: 0.3, none: 0.5}
  sold_per_day: {l1: 0.5, l2a: 0.1, l2b: 0.1, none: 0.1}
"""


def test_a_liquidity_stress_shows_how_long_money_lasts(copy_of_small_bank, tmp_path):
    # BANK, day 1: cash 50,000; half of 190,000 less 5 %: 90,250; a quarter of 350,000 uninsured
    # current accounts and of 50,000 of T1 leaves: -100,000; insured 1/30 of 10 % of 500,000:
    # -1,666.67; the line 1/30 of half of 10,000: -166.67. Day 30: 50,000 + 180,500 - 200,000
    # - 50,000 - 5,000 and in 4,040.07 of L2 and 2,291.67 of interest on L4
    path = scenario(tmp_path, STRESS)
    result = run_scenario(copy_of_small_bank.bank, path, DAY)
    (row,) = [
        row for row in result.survival
        if (row["stress"], row["entity_id"], row["contract_currency"]) == ("own", "BANK", "all")
    ]  # fmt: skip
    assert float(str(row["position_1d_amount"])) == pytest.approx(38_416.67, abs=0.01)
    assert float(str(row["position_30d_amount"])) == pytest.approx(-18_168.26, abs=0.01)
    assert any("BANK" in line and "money is short" in line for line in result_lines(result))


def test_weights_of_a_scenario_change_the_coverage_ratio(copy_of_small_bank, tmp_path):
    # less stable deposits at 20 %: outflows of BANK are 35,000 more
    path = scenario(tmp_path, "coverage: {retail_less_stable: 0.2}\n")
    result = run_scenario(copy_of_small_bank.bank, path, DAY)
    (row,) = [r for r in result.coverage if (r["what_if"], r["entity_id"]) == ("own", "BANK")]
    assert row["what_if_lcr_share"] == pytest.approx(240_000 / (83_500 - 3_165.87))
    assert any("coverage ratio" in line for line in result_lines(result))


def test_a_weight_of_no_rule_is_refused(copy_of_small_bank, tmp_path):
    path = scenario(tmp_path, "coverage: {retail_unstable: 0.2}\n")
    with pytest.raises(ConfigurationError, match="no pack of the coverage ratio has the rule"):
        run_scenario(copy_of_small_bank.bank, path, DAY)


def test_a_basis_move_reaches_the_loan_that_reads_the_index_and_nothing_else(
    copy_of_small_bank, tmp_path
):
    # L4: USD 500,000 reads the 1-month index on day 30 and monthly after; 1 % in its curve is
    # 500,000 x 1 % x 335 / 365 = 4,589 in the year, and up to its end on day 181
    # 500,000 x 1 % x 151 / 365 = 2,068 of value, discounted by about 0.98: 2,030. Compounding and
    # interest on interest are worth less than 2 % of either.
    result = run_scenario(
        copy_of_small_bank.bank,
        scenario(tmp_path, "shocks: {index_bp: {USD_SOFR_1M: 100}}\n"),
        DAY,
    )
    assert amount(result, "BANK", "delta_nii", 12) == pytest.approx(4_589, rel=0.02)
    assert amount(result, "BANK", "delta_eve") == pytest.approx(2_030, rel=0.02)
    assert amount(result, "EUBANK", "delta_eve") == 0.0


def test_an_exchange_rate_moves_what_is_held_in_its_currency(copy_of_small_bank, tmp_path):
    # in euro: L3 40,499.57 less T2 45,000 = -4,500.43, a tenth more at 1.10: -495.05
    result = run_scenario(copy_of_small_bank.bank, scenario(tmp_path, "fx: {EUR: 0.1}\n"), DAY)
    assert amount(result, "EUBANK", "delta_eve") == pytest.approx(-495.05, abs=0.01)
    assert amount(result, "BANK", "delta_eve") == 0.0
    assert amount(result, "GROUP", "delta_eve") == pytest.approx(-495.05, abs=0.01)


def test_a_scenario_with_a_horizon_shows_that_window_alone(copy_of_small_bank, tmp_path):
    text = "fx: {EUR: 0.1}\nhorizon: {income_months: 24}\n"
    result = run_scenario(copy_of_small_bank.bank, scenario(tmp_path, text), DAY)
    shown = "\n".join(result_lines(result))
    assert "interest, 24 months" in shown
    assert "as planned, 24 months" in shown
    for months in (12, 36):
        assert f"{months} months" not in shown


def test_the_reporting_currency_does_not_move_against_itself(closed_small_bank, tmp_path):
    file = scenario(tmp_path, "fx: {USD: 0.1}\n")
    with pytest.raises(ConfigurationError, match="USD is what others are translated into"):
        list(check_lines(closed_small_bank.folder.bank, file, None))


@pytest.fixture(scope="module")
def with_spread(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """The small bank, its bond discounted by a curve that is quoted 1 % above the dollar's."""
    folder = small_bank(tmp_path_factory.mktemp("spread") / "bank", (BASE,))
    overlay = folder.path / "contracts"
    curve = (
        "  usd_government: {about: What governments pay more, currency: USD, role: spread,"
        " over: usd_ois, interpolation: linear_zero, max_age_days: 5}\n"
    )
    curves = (DATA_CONTRACTS / "curves.yaml").read_text(encoding="utf-8")
    (overlay / "curves.yaml").write_text(curves.replace("\ncurves:\n", f"\ncurves:\n{curve}", 1))
    products = yaml.safe_load((DATA_CONTRACTS / "products.yaml").read_text(encoding="utf-8"))
    products["products"]["sovereign_bond_htm"]["discount_curve"]["USD"] = "usd_government"
    (overlay / "products.yaml").write_text(yaml.safe_dump(products, sort_keys=False))

    def quoted(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        spread = {"curve_id": "usd_government", "instrument": "spread", "quote": "0.01"}
        return [*rows, rows[0] | spread]

    restate(folder.landing(DAY), "curve_quote", quoted)
    return Closed(folder, folder.close())


def bond(spread: float) -> float:
    """S1: 5 % of 200,000 after 365 and 731 days with the principal, at 4 % simple and a spread."""
    zero = math.log(1.04) + spread
    return 10_000 * math.exp(-zero) + 210_000 * math.exp(-zero * 731 / 365)


def test_a_bond_is_discounted_with_the_spread_that_is_quoted(with_spread):
    folder = with_spread.folder
    assert with_spread.outcome.failures == ()
    values = {row["position_id"]: row["present_value"]
              for row in folder.rows("scenarios.position_values", scenario=BASE)}  # fmt: skip
    assert values["BANK:security:S1"] == pytest.approx(bond(0.01), abs=0.01)
    assert all(row["is_passed"] for row in folder.rows("audit.proofs"))


def test_a_wider_spread_moves_the_bond_and_nothing_else(with_spread, tmp_path):
    file = scenario(tmp_path, "spreads: {usd_government: 100}\n")
    result = run_scenario(with_spread.folder.bank, file, DAY)
    expected = bond(0.02) - bond(0.01)
    assert amount(result, "BANK", "delta_eve") == pytest.approx(expected, abs=0.01)
    assert amount(result, "EUBANK", "delta_eve") == 0.0


def test_a_ramp_moves_income_by_the_average_of_its_path(copy_of_small_bank, tmp_path):
    # one index moves along the path alone, so only L4 counts: from day 30 to 365 the move is
    # 1 % x u / 365, on average over the year 500,000 x 1 % x (365^2 - 30^2) / (2 x 365^2) = 2,483
    result = run_scenario(
        copy_of_small_bank.bank,
        scenario(
            tmp_path, "shocks: {index_bp: {USD_SOFR_1M: 100}}\nramp: {months: 12, expected: true}\n"
        ),
        DAY,
    )
    assert amount(result, "BANK", "delta_nii", 12) == pytest.approx(2_483, rel=0.02)


def test_a_ramp_is_refused_where_income_keeps_todays_rates(copy_of_small_bank, tmp_path):
    config = copy_of_small_bank.config
    settings = yaml.safe_load(config.read_text(encoding="utf-8")) | {"nii_base_path": "flat"}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    text = "shocks: {parallel_bp: {USD: 100, EUR: 100}}\nramp: {months: 12, expected: true}\n"
    with pytest.raises(ConfigurationError, match="set nii_base_path to forward"):
        run_scenario(copy_of_small_bank.bank, scenario(tmp_path, text), DAY)


def test_a_currency_that_is_not_named_is_shown_as_stopped(copy_of_small_bank, tmp_path):
    file = scenario(tmp_path, "shocks: {parallel_bp: {USD: 100}}\n")
    lines = list(result_lines(run_scenario(copy_of_small_bank.bank, file, DAY)))
    assert any(line.startswith("EUR is stopped") and "gives no shock for EUR" in line
               for line in lines)  # fmt: skip
    assert any(line.startswith("GROUP") and "not available" in line for line in lines)


def test_a_check_shows_base_and_moved_curve_of_the_latest_close(
    closed_small_bank, tmp_path, monkeypatch
):
    # the year's quote of 4 % is ln(1.04) = 3.922 %; 50 bp more are 4.422 %
    monkeypatch.chdir(tmp_path)
    bank = closed_small_bank.folder.bank
    file = scenario(tmp_path, "shocks: {parallel_bp: {USD: 50, EUR: 0}}\n")
    lines = list(check_lines(bank, file, None))
    assert lines[0] == "own.yaml: valid"
    usd = lines[lines.index("usd_ois (USD)") :]
    assert usd[usd.index(next(line for line in usd if line.startswith("    1Y")))].split() == [
        "1Y", "3.922", "4.422", "50.0",
    ]  # fmt: skip
    assert any("o base   * scenario" in line for line in usd)


def read_off(panel: ElementTree.Element, tenor: str) -> list[float]:
    """The rates of base and scenario above a tenor, read off the axis of a picture."""
    labels = {one.text: one for one in panel.findall(f"{SVG}text")}
    ticks = {float(str(name)[:-2]): float(one.attrib["y"]) - 4 for name, one in labels.items()
             if str(name).endswith(" %")}  # fmt: skip
    (low, at_low), (high, at_high) = min(ticks.items()), max(ticks.items())
    x, found = labels[tenor].attrib["x"], []
    for line in panel.findall(f"{SVG}polyline"):
        points = dict(point.split(",") for point in line.attrib["points"].split())
        found.append(low + (float(points[x]) - at_low) / (at_high - at_low) * (high - low))
    return found


def test_a_check_draws_base_and_scenario_of_every_currency(
    closed_small_bank, tmp_path, monkeypatch
):
    # as above: 3.922 % and 4.422 % in one year; the picture has a tenth of a point of 232 for 2 %
    file = scenario(tmp_path, "shocks: {parallel_bp: {USD: 50, EUR: 0}}\n")
    folder = tmp_path / "current"
    folder.mkdir()
    monkeypatch.chdir(folder)
    lines = list(check_lines(closed_small_bank.folder.bank, file, None))
    assert lines[-1] == "picture   own.svg"
    panels = ElementTree.parse(folder / "own.svg").getroot().findall(f"{SVG}g")
    by_title = {panel.findall(f"{SVG}text")[0].text: panel for panel in panels}
    assert set(by_title) == {"usd_ois (USD)", "eur_ois (EUR)"}
    assert read_off(by_title["usd_ois (USD)"], "1Y") == pytest.approx([3.922, 4.422], abs=0.002)
    base, moved = read_off(by_title["eur_ois (EUR)"], "10Y")
    assert base == moved


def test_a_picture_marks_where_a_floor_decides(closed_small_bank, tmp_path):
    # 5 % down from about 4 % ends below zero, so the floor of the US pack decides at every tenor
    file = scenario(tmp_path, "floor: us\nshocks: {parallel_bp: {USD: -500, EUR: 0}}\n")
    picture = tmp_path / "elsewhere.svg"
    list(check_lines(closed_small_bank.folder.bank, file, None, picture))
    panels = ElementTree.parse(picture).getroot().findall(f"{SVG}g")
    marks = {panel.findall(f"{SVG}text")[0].text: len(panel.findall(f"{SVG}path"))
             for panel in panels}  # fmt: skip
    assert marks == {"usd_ois (USD)": 13, "eur_ois (EUR)": 0}
    assert not (tmp_path / "own.svg").exists()


def test_a_check_names_the_segment_and_index_that_the_bank_does_not_have(
    closed_small_bank, tmp_path
):
    file = scenario(
        tmp_path,
        "shocks: {index_bp: {USD_LIBOR_3M: 5}}\nbehaviour: {prepayment_multiplier: {savers: 2}}\n",
    )
    with pytest.raises(ConfigurationError) as caught:
        list(check_lines(closed_small_bank.folder.bank, file, None))
    assert "own.yaml:3: there is no index USD_LIBOR_3M" in str(caught.value)
    assert "own.yaml:4: there is no segment savers" in str(caught.value)


def test_the_list_says_what_a_close_runs(closed_small_bank):
    lines = {line.split()[0]: line.split()[2] for line in list_lines(closed_small_bank.folder.bank)}
    assert (lines["base"], lines[UP], lines["replay_2022"]) == ("close", "close", "what-if")


def test_a_month_end_that_is_not_closed_is_refused(fresh_small_bank):
    with pytest.raises(ConfigurationError, match="run `alm close` first"):
        closed_day(fresh_small_bank().bank, None)
