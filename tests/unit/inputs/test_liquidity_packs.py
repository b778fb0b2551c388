"""Packs of the liquidity ratios: the figures of BCBS 238 and BCBS 295, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.figures import load_figures, outside_dates
from alm_pipeline.inputs.liquidity_packs import liquidity_relations, packs_in_use
from alm_pipeline.paths import DATA_CONTRACTS

BASEL = ("lcr_basel", "nsfr_basel")
TEXT = (DATA_CONTRACTS / "rules" / "lcr_basel.yaml").read_text("utf-8")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TEXT
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "lcr_basel.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_levels_and_haircuts_are_those_of_the_basel_text():
    # BCBS 238, paragraphs 50, 52 and 54, annex 4
    relations = basel()
    rows = relations["hqla_rules"].to_pylist()
    haircuts = {(row["hqla_level"], row["haircut_share"]) for row in rows}
    assert haircuts == {("l1", 0.0), ("l2a", 0.15), ("l2b", 0.25), ("l2b", 0.5)}
    by_rule = {row["hqla_rule"]: row for row in rows}
    assert by_rule["mortgage_backed_aa"]["haircut_share"] == 0.25
    assert by_rule["covered_bond_aa_minus"]["paragraph"] == "52 (b)"
    (caps,) = relations["hqla_caps"].to_pylist()
    found = [caps[name] for name in ("level_2_cap_share", "level_2b_cap_share", "unwind_days")]
    assert found == [0.4, 0.15, 30]


def basel() -> dict[str, pa.Table]:
    return liquidity_relations(packs_in_use(load_figures().liquidity, BASEL))


def weights(rule: str) -> dict[str, float]:
    rows = basel()["lcr_rules"].to_pylist()
    return {r["lcr_rule"]: r["weight_share"] for r in rows if r["ratio_side"] == rule}


def test_outflows_are_those_of_the_basel_text():
    # BCBS 238, paragraphs 75 to 141 and annex 4; guarantees and revocable lines are a house choice
    assert weights("outflow") == {
        "retail_stable": 0.05, "retail_less_stable": 0.10,
        "small_business_stable": 0.05, "small_business_less_stable": 0.10,
        "operational_insured": 0.05, "operational_uninsured": 0.25,
        "non_financial_insured": 0.20, "non_financial": 0.40, "other_legal_entity": 1.0,
        "debt_issued": 1.0, "secured_level_1": 0.0, "secured_level_2a": 0.15,
        "secured_public_sector": 0.25, "secured_level_2b": 0.50, "secured_other": 1.0,
        "net_derivative_outflow": 1.0, "collateral_lookback": 1.0, "covered_bond_maturing": 1.0,
        "committed_retail": 0.05, "committed_credit_non_financial": 0.10,
        "committed_liquidity_non_financial": 0.30, "committed_bank": 0.40,
        "committed_credit_financial": 0.40, "committed_liquidity_financial": 1.0,
        "committed_other": 1.0, "other_contractual": 1.0, "contractual_interest": 1.0,
        "guarantee": 0.05, "revocable_line": 0.05,
    }  # fmt: skip


def test_inflows_are_those_of_the_basel_text():
    # BCBS 238, paragraphs 145 to 158 and annex 4
    assert weights("inflow") == {
        "secured_lending_level_1": 0.0, "secured_lending_level_2a": 0.15,
        "secured_lending_level_2b": 0.50, "secured_lending_other": 1.0, "inflow_retail": 0.50,
        "inflow_non_financial": 0.50, "inflow_financial": 1.0, "operational_placement": 0.0,
        "security_maturing": 1.0, "net_derivative_inflow": 1.0,
    }  # fmt: skip


def test_stable_funding_is_that_of_the_basel_text():
    # BCBS 295, paragraphs 21 to 43: below six months, below a year, a year and more
    rows = basel()["nsfr_rules"].to_pylist()
    bands = ("under_6m_share", "to_1y_share", "beyond_1y_share")
    found = {row["nsfr_rule"]: tuple(row[band] for band in bands) for row in rows}
    expected = {
        "regulatory_capital": (1.0, 1.0, 1.0), "stable_deposit_locked": (0.95, 0.95, 1.0),
        "stable_deposit": (0.95, 0.95, 0.95), "less_stable_deposit": (0.9, 0.9, 0.9),
        "operational_deposit": (0.5, 0.5, 1.0), "non_financial_funding": (0.5, 0.5, 1.0),
        "financial_funding": (0.0, 0.5, 1.0), "cash_and_reserves": (0.0, 0.0, 0.0),
        "level_1": (0.05, 0.05, 0.05), "level_2a": (0.15, 0.15, 0.15), "level_2b": (0.5, 0.5, 0.5),
        "loan_financial_level_1": (0.10, 0.5, 1.0), "loan_financial": (0.15, 0.5, 1.0),
        "loan": (0.5, 0.5, 0.85), "loan_weight_35": (0.5, 0.5, 0.65),
        "mortgage": (0.5, 0.5, 0.85), "mortgage_weight_35": (0.5, 0.5, 0.65),
        "security": (0.5, 0.5, 0.85), "not_performing": (1.0, 1.0, 1.0),
    }  # fmt: skip
    assert {rule: found[rule] for rule in expected} == expected


def test_a_rule_may_be_less_certain_than_its_pack():
    rows = basel()["lcr_rules"].to_pylist()
    status = {row["lcr_rule"]: row["status"] for row in rows}
    assert (status["revocable_line"], status["retail_stable"]) == ("assumed", "verified")


def test_the_first_pack_that_a_bank_names_leads():
    named = packs_in_use(load_figures().liquidity, ["lcr_us", "nsfr_basel", "lcr_basel"])
    relations = liquidity_relations(named)
    leads = {
        row["pack"]: row["is_leading"]
        for name in ("hqla_caps", "nsfr_encumbrance")
        for row in relations[name].to_pylist()
    }
    assert leads == {"lcr_us": True, "lcr_basel": False, "nsfr_basel": True}


def test_a_pack_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match="no liquidity pack lcr_mars"):
        packs_in_use(load_figures().liquidity, ["lcr_mars"])


def test_a_pack_has_the_figures_of_the_one_it_extends_but_for_its_own():
    relations = liquidity_relations(packs_in_use(load_figures().liquidity, ["lcr_us"]))
    weights = {row["lcr_rule"]: row for row in relations["lcr_rules"].to_pylist()}
    # us.md and the notes of lcr.yaml: 3 % of stable retail deposits, 10 % of others; from memory
    assert weights["retail_stable"]["weight_share"] == 0.03
    assert weights["retail_less_stable"]["weight_share"] == 0.10
    assert weights["non_financial"]["weight_share"] == 0.40  # Basel's
    assert {row["status"] for row in weights.values()} == {"unverified", "assumed"}
    assets = {row["hqla_rule"]: row for row in relations["hqla_rules"].to_pylist()}
    assert assets["mortgage_backed_aa"]["hqla_level"] == "none"
    assert assets["mortgage_backed_aa"]["reason"]
    assert assets["corporate_bbb_minus"]["haircut_share"] == 0.5


def test_a_pack_that_extends_none_there_is_told(tmp_path):
    (tmp_path / "rules").mkdir()
    text = (DATA_CONTRACTS / "rules" / "lcr_us.yaml").read_text("utf-8")
    path = tmp_path / "rules" / "lcr_us.yaml"
    path.write_text(text.replace("extends: lcr_basel", "extends: lcr_mars"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="lcr_mars"):
        load_figures(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("level_2b_share: 0.15", "level_2b_share: 0.45", "level_2b_share is above level_2_share"),
        ("level_2_share: 0.40", "level_2_share: 1.0", "level_2_share"),
        ("{level: l1, haircut_share: 0.0", "{level: l0, haircut_share: 0.0", "level"),
        ("{level: l1, haircut_share: 0.0", "{level: none, haircut_share: 0.0", "has a reason"),
        ("haircut_share: 0.25", "haircut_share: 1.0", "haircut_share"),
        (", reason: due after the thirty days}", "}", "a line out of scope has a reason"),
        ('paragraph: "75", liq1_row: 3}', 'paragraph: "75"}', "has a row of the template"),
        ("weight_share: 0.25,", "weight_share: 1.25,", "weight_share"),
    ],
)
def test_a_pack_that_cannot_be_is_refused(tmp_path, old, new, words):
    with pytest.raises(ConfigurationError, match=words):
        load_figures(changed(tmp_path, old, new))


def test_a_pack_out_of_force_is_told(tmp_path):
    figures = load_figures(changed(tmp_path, "effective_to: null", "effective_to: 2025-12-31"))
    found = outside_dates(figures, dt.date(2026, 10, 31), ["base"], BASEL)
    assert ("rule_pack", "lcr_basel") in {(one.item_kind, one.item) for one in found}
    assert "lcr_basel" not in {
        one.item for one in outside_dates(load_figures(), dt.date(2026, 10, 31), ["base"], BASEL)
    }
