"""What kind of risk a change comes from, in scenarios that move one kind alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from alm_pipeline.demo import write_demo_bank
from tests.pipeline.banks import BASE, DAY, UP, write_folder

PARTS = ("gap_risk_amount", "curve_risk_amount", "basis_risk_amount", "interaction_amount",
         "automatic_option_amount", "behaviour_amount")  # fmt: skip
CENT = 0.01
Found = Mapping[tuple[str, str], Mapping[str, Any]]


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Rows of a whole demo bank by scenario and measure."""
    names = (BASE, UP, "basis_widening", "betas_rise_with_rates", "volatility_spike")
    folder = write_folder(tmp_path_factory.mktemp("split") / "bank", names)
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=2_000, seed=3)
    assert folder.close().failures == ()
    rows = folder.rows("reports.risk_split")
    whole = [r for r in rows if (r["row_kind"], r["contract_currency"]) == ("group", "all")]
    return {(r["scenario"], r["risk_measure"]): r for r in whole}


def parts_of(row: Mapping[str, Any]) -> set[str]:
    """Return the parts of a change that are not nothing."""
    return {part for part in PARTS if abs(row[part]) > CENT}


@pytest.mark.slow(seconds=40)
@pytest.mark.parametrize("measure", ["eve", "nii_12m"])
def test_indices_that_move_alone_are_basis_risk_and_their_options(split: Found, measure: str):
    row = split["basis_widening", measure]
    assert abs(row["basis_risk_amount"]) > 1.0
    assert parts_of(row) <= {"basis_risk_amount", "automatic_option_amount"}


@pytest.mark.slow(seconds=1)
def test_volatility_alone_is_option_risk_and_no_income(split: Found):
    assert parts_of(split["volatility_spike", "eve"]) == {"automatic_option_amount"}
    assert parts_of(split["volatility_spike", "nii_12m"]) == set()


@pytest.mark.slow(seconds=1)
def test_savers_who_ask_for_more_are_behaviour_beside_the_same_move(split: Found):
    # betas_rise_with_rates: the moves of another scenario, and higher betas
    row = split["betas_rise_with_rates", "nii_12m"]
    assert row["behaviour_amount"] < -CENT
    assert "curve_risk_amount" not in parts_of(row)


@pytest.mark.slow(seconds=1)
def test_a_parallel_rise_is_gap_risk_options_and_behaviour(split: Found):
    row = split[UP, "eve"]
    assert abs(row["gap_risk_amount"]) > 1.0
    assert not {"curve_risk_amount", "basis_risk_amount", "interaction_amount"} & parts_of(row)
