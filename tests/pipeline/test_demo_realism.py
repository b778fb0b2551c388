"""The demo bank looks like a mid-size bank, whatever its seed: ratios from its own reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from alm_pipeline.demo import DEFAULT_SEED, write_demo_bank
from tests.pipeline.banks import BASE, DAY, DOWN, UP, Folder, write_folder

SHAPES = tuple(
    f"basel_2024_{shape}" for shape in ("steepener", "flattener", "short_up", "short_down")
)
N_POSITIONS = 4_000


@pytest.fixture(scope="module", params=[DEFAULT_SEED, 7])
def scorecard(request, tmp_path_factory) -> dict[str, float]:
    """The group's scorecard by metric, of one seed."""
    return closed(tmp_path_factory.mktemp("demo"), request.param)


def closed(path: Path, seed: int) -> dict[str, float]:
    folder: Folder = write_folder(path / "bank", (BASE, UP, DOWN, *SHAPES))
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=N_POSITIONS, seed=seed)
    outcome = folder.close()
    assert outcome.failures == ()
    return {
        row["metric"]: row["value"]
        for row in folder.rows("reports.scorecard")
        if row["row_kind"] == "group"
    }


@pytest.mark.slow(seconds=60)
def test_the_ratios_of_the_demo_bank_are_believable(scorecard):
    assert 0.08 <= scorecard["equity"] <= 0.11
    assert 0.75 <= scorecard["loan_to_deposit"] <= 0.95
    assert 0.02 <= scorecard["net_interest_margin"] <= 0.035
    assert -0.14 <= scorecard["delta_eve"] <= -0.04
    assert -0.045 <= scorecard["delta_nii_12m"] <= -0.005
