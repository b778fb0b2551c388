"""Packs of liquid assets: the figures of BCBS 238, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.figures import load_figures, outside_dates
from alm_pipeline.inputs.liquid_assets import liquid_relations
from alm_pipeline.paths import DATA_CONTRACTS

TEXT = (DATA_CONTRACTS / "rules" / "lcr_basel.yaml").read_text("utf-8")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TEXT
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "lcr_basel.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_levels_and_haircuts_are_those_of_the_basel_text():
    # BCBS 238, paragraphs 50, 52 and 54, annex 4
    relations = liquid_relations(load_figures().liquid_assets)
    rows = relations["hqla_rules"].to_pylist()
    haircuts = {(row["hqla_level"], row["haircut_share"]) for row in rows}
    assert haircuts == {("l1", 0.0), ("l2a", 0.15), ("l2b", 0.25), ("l2b", 0.5)}
    by_rule = {row["hqla_rule"]: row for row in rows}
    assert by_rule["mortgage_backed_aa"]["haircut_share"] == 0.25
    assert by_rule["covered_bond_aa_minus"]["paragraph"] == "52 (b)"
    (caps,) = relations["hqla_caps"].to_pylist()
    found = [caps[name] for name in ("level_2_cap_share", "level_2b_cap_share", "unwind_days")]
    assert found == [0.4, 0.15, 30]


def test_run_off_is_that_of_the_basel_text():
    # BCBS 238, paragraphs 75, 79, 82, 93, 104, 107 to 109 and annex 4
    rows = liquid_relations(load_figures().liquid_assets)["deposit_rules"].to_pylist()
    found = {row["deposit_rule"]: row["run_off_share"] for row in rows}
    assert found == {
        "retail_stable": 0.05, "retail_less_stable": 0.10, "retail_term_beyond": 0.0,
        "small_business_stable": 0.05, "small_business_less_stable": 0.10,
        "small_business_term_beyond": 0.0, "operational_insured": 0.05,
        "operational_uninsured": 0.25, "non_financial_insured": 0.20, "non_financial": 0.40,
        "other_legal_entity": 1.0, "wholesale_term_beyond": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("level_2b_share: 0.15", "level_2b_share: 0.45", "level_2b_share is above level_2_share"),
        ("level_2_share: 0.40", "level_2_share: 1.0", "level_2_share"),
        ("{level: l1, haircut_share: 0.0", "{level: l0, haircut_share: 0.0", "level"),
        ("haircut_share: 0.25", "haircut_share: 1.0", "haircut_share"),
    ],
)
def test_a_pack_that_cannot_be_is_refused(tmp_path, old, new, words):
    with pytest.raises(ConfigurationError, match=words):
        load_figures(changed(tmp_path, old, new))


def test_a_pack_out_of_force_is_told(tmp_path):
    figures = load_figures(changed(tmp_path, "effective_to: null", "effective_to: 2025-12-31"))
    found = outside_dates(figures, dt.date(2026, 10, 31), ["base"])
    assert ("rule_pack", "lcr_basel") in {(one.item_kind, one.item) for one in found}
    assert "lcr_basel" not in {
        one.item for one in outside_dates(load_figures(), dt.date(2026, 10, 31), ["base"])
    }
