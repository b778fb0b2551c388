"""How the core of deposits leaves: equal parts, decay, replicating ladders; lives and caps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alm_pipeline.engine.behaviour.core_profiles import (
    average_life_years,
    exponential_profile,
    linear_profile,
    replicating_profile,
)
from alm_pipeline.engine.behaviour.deposits import run_off_ladders
from alm_pipeline.errors import CalculationError, ConfigurationError
from alm_pipeline.inputs.behaviour import behaviour_arrays, behaviour_rows
from alm_pipeline.inputs.figures import load_figures
from alm_pipeline.paths import DATA_CONTRACTS

CENT = 0.005


def savings(tmp_path: Path, *lines: str) -> Path:
    """An overlay in which retail savings (core 55 %, 72 months) say more about their core."""
    text = (DATA_CONTRACTS / "assumptions" / "deposits.yaml").read_text(encoding="utf-8")
    start = text.index("  retail_savings:")
    place = text.index("    pass_through_up", start)
    added = "".join(f"    {line}\n" for line in lines)
    (tmp_path / "assumptions").mkdir()
    path = tmp_path / "assumptions" / "deposits.yaml"
    path.write_text(text[:place] + added + text[place:], encoding="utf-8")
    return tmp_path


def share(name: str, value: float, unit: str = "share") -> str:
    return f"{name}: {{value: {value}, unit: {unit}, status: assumed}}"


def ladder(overlay: Path) -> np.ndarray:
    """What leaves of 1 unit of retail savings overnight and by month, as the engine has it."""
    figures = load_figures(overlay)
    rows = behaviour_rows(figures.assumptions, figures.scenarios, ["base"])
    segments = figures.assumptions.segments()
    arrays = behaviour_arrays(rows, segments, ["base"])
    found, n_slots = run_off_ladders(arrays)
    row = segments.index("retail_savings")
    return found[row, : n_slots[row]]


def test_equal_parts_live_as_long_as_the_worked_example_says():
    # worked example 12: 120 months 5.041667 years, 119 months 5.000000 years
    assert average_life_years(linear_profile(120)) == pytest.approx(5.041667, abs=1e-6)
    assert average_life_years(linear_profile(119)) == pytest.approx(5.0, abs=1e-12)


def test_decay_takes_the_same_share_of_what_is_left_until_the_rest_goes():
    # worked example 12: 0.2 a year is 1.652855 % a month. Left after ten years exp(-2) = 0.135335.
    # Paid at month ends the average life is (1 - exp(-2)) / 0.01652855 months
    # = 0.864665 / 0.01652855 = 52.3134 months = 4.35945 years
    profile = exponential_profile(0.2, 120)
    assert profile[0] == pytest.approx(0.01652855, abs=1e-8)
    assert profile[1] / (1.0 - profile[0]) == pytest.approx(0.01652855, abs=1e-8)
    assert profile.sum() == pytest.approx(1.0, abs=1e-12)
    # the last month: its own share and the 0.135335 that would have stayed
    assert profile[-1] == pytest.approx(np.exp(-2.0 * 119 / 120), abs=1e-12)
    assert average_life_years(profile) == pytest.approx(4.35945, abs=1e-5)


def test_a_replicating_portfolio_runs_off_ladder_by_ladder():
    # half in 2 months, half in 4: 1/4 + 1/8 twice, then 1/8 twice; average
    # (0.5 x 3/2 + 0.5 x 5/2) months = 2 months
    profile = replicating_profile({2: 0.5, 4: 0.5})
    assert profile == pytest.approx([0.375, 0.375, 0.125, 0.125], abs=1e-15)
    assert average_life_years(profile) == pytest.approx(2.0 / 12.0, abs=1e-12)
    with pytest.raises(CalculationError, match="make up the whole core"):
        replicating_profile({2: 0.5, 4: 0.4})


def test_a_decaying_core_reaches_the_engine_whole(tmp_path):
    # 45 % overnight; of 55 % core 1 - exp(-0.3 / 12) = 2.469 % leave in the first month
    found = ladder(savings(tmp_path, share("core_decay_rate", 0.3, "per year")))
    assert len(found) == 73
    assert found[0] == pytest.approx(0.45, abs=1e-12)
    assert found[1] == pytest.approx(0.55 * 0.02469009, abs=1e-8)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


def test_replicating_ladders_reach_the_engine_whole(tmp_path):
    # 30 % of the core over 12 months, 70 % over 60: 0.55 x (0.3 / 12 + 0.7 / 60) = 0.0201667
    lines = share("core_tranche_12_months", 0.3), share("core_tranche_60_months", 0.7)
    found = ladder(savings(tmp_path, *lines))
    assert len(found) == 61
    assert found[1] == found[12] == pytest.approx(0.55 * (0.3 / 12 + 0.7 / 60), abs=1e-12)
    assert found[13] == found[60] == pytest.approx(0.55 * 0.7 / 60, abs=1e-12)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


def test_the_shipped_segments_leave_in_equal_parts(tmp_path):
    (tmp_path / "assumptions").mkdir()
    found = ladder(tmp_path)
    assert found[1:] == pytest.approx(np.full(72, 0.55 / 72), abs=1e-15)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        # ladders of 120 months live 5.04 years; savings may live 4.5
        ([share("core_tranche_120_months", 1.0)], "average life 5.04 years above 4.5"),
        ([share("core_tranche_12_months", 0.4)], "the shares add up to 0.4, not to 1"),
        (
            [share("core_tranche_12_months", 1.0), share("core_decay_rate", 0.2, "per year")],
            "the core already leaves by tranches",
        ),
        ([share("core_tranche_0_months", 1.0)], "core_tranche_0_months: unknown parameter"),
        ([share("core_decay_rate", 0.2, "share")], "the unit is per year, not share"),
    ],
)
def test_a_profile_beyond_a_cap_or_in_pieces_is_refused(tmp_path, lines, words):
    with pytest.raises(ConfigurationError) as caught:
        load_figures(savings(tmp_path, *lines))
    assert words in str(caught.value)
