"""Shocks and floors against the worked examples, number by number."""

from __future__ import annotations

import datetime as dt
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from alm_pipeline.engine.scenarios.shocks import (
    RateFloor,
    ShockShape,
    ShockSize,
    floor_rates,
    shock_bp,
    shocked_zero_rates,
)
from alm_pipeline.inputs.rule_packs import RulePack, load_rule_packs

HALF_A_PRINTED_DIGIT = 0.00005
PACK_OF_EXAMPLE = {"bcbs_2016": "basel_2016", "bcbs_2024": "basel_2024"}
SHAPES = ("parallel_up", "parallel_down", "steepener", "flattener", "short_up", "short_down")


@pytest.fixture(scope="module")
def packs() -> dict[str, RulePack]:
    return load_rule_packs()


@pytest.fixture(scope="module")
def examples(shared: Path) -> dict[str, dict[str, Any]]:
    text = (shared / "reference" / "worked_examples.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
    return {str(block["example"]): block for block in blocks if "example" in block}


@pytest.mark.parametrize(("calibration", "pack_name"), PACK_OF_EXAMPLE.items())
def test_dollar_shocks_are_those_of_worked_example_1(examples, packs, calibration, pack_name):
    pack = packs[pack_name]
    rows = examples["1"]["usd"][calibration]
    assert len(rows) == 3
    for row in rows:
        for name in SHAPES:
            tenor = np.array([float(row["t"])])
            move = shock_bp(tenor, pack.shape(name), pack.size("USD", pack_name))
            assert move[0] == pytest.approx(row[name], abs=HALF_A_PRINTED_DIGIT)


@pytest.mark.parametrize(("calibration", "pack_name"), PACK_OF_EXAMPLE.items())
def test_dollar_shocks_at_all_19_midpoints_are_those_of_worked_example_1b(
    examples, packs, calibration, pack_name
):
    pack, size = packs[pack_name], packs[pack_name].size("USD", pack_name)
    rows = np.array(examples["1b"][calibration])
    assert rows.shape == (19, 4)
    for column, name in enumerate(("short_up", "steepener", "flattener"), start=1):
        moves = shock_bp(rows[:, 0], pack.shape(name), size)
        np.testing.assert_allclose(moves, rows[:, column], rtol=0, atol=HALF_A_PRINTED_DIGIT)


def test_the_official_check_of_the_standard_at_three_and_a_half_years(packs):
    # BCBS d368, annex 2: exp(-3.5/4) = 0.417, with 100 bp short and long: 41.7, 25.4, -1.6
    size, tenor = ShockSize(100.0, 100.0, 100.0), np.array([3.5])
    printed = {"short_up": 41.7, "steepener": 25.4, "flattener": -1.6}
    for name, expected in printed.items():
        move = shock_bp(tenor, packs["basel_2024"].shape(name), size)
        assert round(float(move[0]), 1) == expected


@pytest.mark.parametrize(("pack_name", "total"), [("basel_2016", 17700), ("basel_2024", 19075)])
def test_the_63_printed_sizes_add_up_to_their_checksum(packs, pack_name, total):
    (block,) = packs[pack_name].shock_size_bp
    cells = [*block.parallel.values(), *block.short.values(), *block.long.values()]
    assert len(cells) == 63
    assert sum(cells) == total


@pytest.fixture(scope="module")
def regulation(shared: Path) -> dict[str, Any]:
    text = (shared / "reference" / "irrbb.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.mark.parametrize(
    ("calibration", "pack_name", "n_currencies"),
    [
        ("bcbs_2016", "basel_2016", 21),
        ("bcbs_2024", "basel_2024", 21),
        ("eu_2024_856", "eu_2024", 27),
    ],
)
def test_every_currency_moves_as_regulated_at_all_19_midpoints(
    regulation, packs, calibration, pack_name, n_currencies
):
    """Six shapes of every currency, sizes and coefficients of the reference, tenor by tenor."""
    table = regulation["shock_calibrations"]
    sizes = table[table[calibration].get("inherits", calibration)]["shocks_bp"]
    sizes = sizes | table[calibration]["shocks_bp"]
    midpoints = [row["midpoint_years"] for row in regulation["time_buckets"]["rows"]]
    pack = packs[pack_name]
    listed = [currency for block in pack.shock_size_bp for currency in block.parallel]
    assert (sorted(listed), len(listed)) == (sorted(sizes), n_currencies)
    assert len(midpoints) == 19
    for currency, size in sizes.items():
        for rule in regulation["scenarios"]["rows"]:
            expected = [
                rule["parallel_coef"] * size["parallel"]
                + rule["short_coef"] * size["short"] * math.exp(-t / 4)
                + rule["long_coef"] * size["long"] * (1 - math.exp(-t / 4))
                for t in midpoints
            ]
            found = shock_bp(
                np.array(midpoints), pack.shape(rule["id"]), pack.size(currency, pack_name)
            )
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_european_sizes_of_six_more_currencies(packs):
    # Delegated Regulation (EU) 2024/856, annex A: parallel, short, long
    printed = {
        "BGN": (250, 350, 150),
        "CZK": (200, 250, 100),
        "DKK": (200, 250, 150),
        "HUF": (300, 450, 200),
        "PLN": (250, 350, 150),
        "RON": (350, 500, 250),
    }
    for currency, sizes in printed.items():
        assert packs["eu_2024"].size(currency, "eu_2024") == ShockSize(*map(float, sizes))


def test_the_european_pack_still_carries_the_sizes_of_2016(packs):
    for currency in packs["basel_2016"].shock_size_bp[0].parallel:
        of_2016 = packs["basel_2016"].size(currency, "basel_2016")
        assert packs["eu_2024"].size(currency, "eu_2024") == of_2016


def test_the_european_floor_is_that_of_worked_example_2(examples, packs):
    floor = packs["eu_2024"].rate_floor()
    assert floor is not None
    for row in examples["2"]["floor"]:
        level = floor_rates(np.array([float(row["t"])]), floor)
        assert level[0] == pytest.approx(row["value"], abs=1e-15)


def test_floored_rates_are_those_of_worked_example_2(examples, packs):
    floor = packs["eu_2024"].rate_floor()
    for case in examples["2"]["cases"]:
        rates, floor_applied = shocked_zero_rates(
            np.array([case["r0"]]),
            np.array([float(case["t"])]),
            np.array([case["shock"] * 1e4]),
            floor,
        )
        assert rates[0] == pytest.approx(case["result"], abs=1e-15), case["why"]
        assert bool(floor_applied[0]) == ("does not bind" not in case["why"])


def test_currencies_of_worked_example_3b_add_up_with_the_weights_of_each_pack(examples, packs):
    # Basel counts losses only: -40 - 10 = -50. EU counts half of a gain: -40 - 10 + 30 / 2 = -35
    changes = examples["3b"]["changes"]

    def weighted(pack_name: str) -> float:
        weights = packs[pack_name].measures.eve.aggregation
        total = sum(
            change * (weights.gain_weight if change > 0 else weights.loss_weight)
            for change in changes.values()
        )
        return float(total)

    assert weighted("basel_2024") == -examples["3b"]["basel_standardised_loss"]
    assert weighted("eu_2024") == examples["3b"]["eu_weighted_change"]


def test_the_krone_alone_is_in_a_narrow_band_around_the_euro(regulation, packs):
    # ERM II: DKK +/-2.25 % since 1999; BGN had the standard +/-15 % until it became the euro
    weights = {
        row["regime"]: row["gain_weight"] for row in regulation["currency_aggregation"]["rows"]
    }
    for measure in (packs["eu_2024"].measures.eve, packs["eu_2024"].measures.nii):
        band = measure.aggregation.narrow_band
        assert band is not None
        assert (band.anchor, set(band.currencies)) == ("EUR", {"DKK"})
        assert band.currencies["DKK"].is_in_force(dt.date(1999, 1, 1))
        assert not band.currencies["DKK"].is_in_force(dt.date(1998, 12, 31))
        assert band.gain_weight == weights["eu_erm2_narrow_band"]
        assert measure.aggregation.gain_weight == weights["eu"]
    for name in ("basel_2016", "basel_2024"):
        losses_only = packs[name].measures.eve.aggregation
        assert (losses_only.gain_weight, losses_only.loss_weight) == (0.0, 1.0)
        assert losses_only.gain_weight == weights["bcbs_standardised"]
        assert losses_only.narrow_band is None


def test_multipliers_of_prepayment_and_redemption_are_not_inverses(packs):
    # BCBS d368, tables 3 and 4, in the order of SHAPES
    behaviour = packs["basel_2024"].behaviour
    prepayment = [behaviour.prepayment_multiplier.by_shape[name] for name in SHAPES]
    redemption = [behaviour.early_withdrawal_multiplier.by_shape[name] for name in SHAPES]
    assert prepayment == [0.8, 1.2, 0.8, 1.2, 0.8, 1.2]
    assert redemption == [1.2, 0.8, 0.8, 1.2, 1.2, 0.8]


def test_us_shapes_move_every_tenor_by_the_size_in_their_name(packs):
    tenors, pack = np.array([0.0028, 1.0, 30.0]), packs["us"]
    for sign, word in ((1.0, "up"), (-1.0, "down")):
        for size in (100, 200, 300, 400):
            moves = shock_bp(tenors, pack.shape(f"{word}_{size}"), pack.size("USD", "us"))
            np.testing.assert_allclose(moves, sign * size, rtol=0, atol=1e-12)


def test_a_floor_without_override_raises_a_rate_that_was_already_below():
    # flat floor of -2 %: -3 % moved by +50 bp is -2.5 %, lifted to -2 %
    floor = RateFloor(-0.02, has_observed_rate_override=False)
    rates, floor_applied = shocked_zero_rates(
        np.array([-0.03]), np.array([1.0]), np.array([50.0]), floor
    )
    assert rates[0] == -0.02
    assert floor_applied.all()


def test_a_zero_shock_gives_the_base_back_bit_for_bit(packs):
    base, years = np.array([[-0.03, 0.001, 0.05]]), np.array([0.25, 2.0, 30.0])
    moves = shock_bp(years, ShockShape(), ShockSize(200.0, 300.0, 225.0))
    for pack in packs.values():
        rates, _ = shocked_zero_rates(base, years, moves, pack.rate_floor())
        assert (rates == base).all()
