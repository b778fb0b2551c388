"""The liquidity stress of a scenario: curves by day, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.figures import load_figures
from alm_pipeline.inputs.liquidity_stress import stress_relations
from alm_pipeline.inputs.scenarios import check_scenario_file
from alm_pipeline.paths import DATA_CONTRACTS

SHIPPED = ("digital_run", "stress_combined", "stress_idiosyncratic", "stress_market_wide",
           "stress_slow_burn")  # fmt: skip
TEXT = (DATA_CONTRACTS / "scenarios" / "digital_run.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def relations():
    closing = ("base", "basel_2024_parallel_up")
    return stress_relations(load_figures().scenarios, closing)


def by_day(relations, stress: str, part: str, item: str) -> dict[int, float]:
    return {
        row["flow_day"]: row["share"]
        for row in relations["stress_shares"].to_pylist()
        if (row["stress"], row["stress_part"], row["stress_item"]) == (stress, part, item)
    }


def test_five_stresses_are_shipped_and_two_take_the_rates_of_a_closing_scenario(relations):
    rows = {row["stress"]: row["rate_scenario"] for row in relations["stresses"].to_pylist()}
    assert tuple(sorted(rows)) == SHIPPED
    up = "basel_2024_parallel_up"
    assert {n: r for n, r in rows.items() if r} == {"stress_combined": up, "stress_market_wide": up}


def test_a_quarter_of_the_uninsured_deposits_leaves_in_a_day(relations):
    found = by_day(relations, "digital_run", "run_off", "uninsured")
    # 25 % on day 1, 40 % on day 7: straight in between, (1 x 40 + 5 x 25) / 6 on day 2
    assert (found[0], found[1], found[7]) == (0.0, 0.25, 0.4)
    assert found[2] == pytest.approx(0.25 + (0.40 - 0.25) / 6)
    assert len(found) == 366


def test_securities_sell_at_a_daily_pace_until_all_are_sold(relations):
    found = by_day(relations, "digital_run", "sold", "l1")
    assert [found[day] for day in (0, 1, 3, 4, 365)] == [0.0, 0.25, 0.75, 1.0, 1.0]


def test_no_facility_helps_in_the_digital_run(relations):
    parts = {
        row["stress_part"]
        for row in relations["stress_shares"].to_pylist()
        if row["stress"] == "digital_run"
    }
    assert "facility" not in parts


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{1: 0.25, 7: 0.4,", "{1: 0.25, 7: 0.2,", "below that by an earlier one"),
        ("{1: 0.25, 7: 0.4,", "{0: 0.25, 7: 0.4,", "greater than or equal to 1"),
        ("repo: 0.5", "repo: 1.5", "less than or equal to 1"),
        ("{l1: 0.25,", "{l9: 0.25,", "l9"),
        ("kind: idiosyncratic", "kind: sudden", "idiosyncratic"),
    ],
)
def test_a_stress_that_cannot_be_is_refused_with_its_line(tmp_path: Path, old, new, words):
    assert old in TEXT
    path = tmp_path / "my_run.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        check_scenario_file(path)
