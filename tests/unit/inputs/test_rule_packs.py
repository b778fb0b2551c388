"""Rule packs and time buckets: what they hold, when they are in force, what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.rule_packs import RulePack, load_rule_packs
from alm_pipeline.inputs.time_buckets import load_time_buckets
from alm_pipeline.paths import DATA_CONTRACTS


@pytest.fixture(scope="module")
def packs() -> dict[str, RulePack]:
    return load_rule_packs()


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """An overlay in which one text of a shipped rule file reads differently."""
    text = (DATA_CONTRACTS / "rules" / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "rules").mkdir(exist_ok=True)
    (tmp_path / "rules" / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_five_packs_ship(packs):
    assert set(packs) == {"basel_2016", "basel_2024", "eu_2024", "ncua", "us"}


@pytest.mark.parametrize(
    ("pack_name", "day", "is_in_force"),
    [
        ("basel_2016", dt.date(2025, 12, 31), True),
        ("basel_2016", dt.date(2026, 1, 1), False),
        ("basel_2024", dt.date(2025, 12, 31), False),
        ("basel_2024", dt.date(2026, 1, 1), True),
        ("eu_2024", dt.date(1993, 12, 31), False),
        ("eu_2024", dt.date(2024, 5, 14), True),
    ],
)
def test_a_pack_is_in_force_from_its_first_to_its_last_day(packs, pack_name, day, is_in_force):
    assert packs[pack_name].is_in_force(day) is is_in_force


def test_outlier_thresholds_of_each_regime(packs):
    # BCBS d368 paragraph 88 and EU 2024/856: 15 % of Tier 1; EBA opinion 2023: 5 % for income
    thresholds = {
        name: tuple(
            None if one.outlier_test is None else one.outlier_test.threshold_share
            for one in (pack.measures.eve, pack.measures.nii)
        )
        for name, pack in packs.items()
    }
    assert thresholds == {
        "basel_2016": (0.15, None),
        "basel_2024": (0.15, None),
        "eu_2024": (0.15, 0.05),
        "ncua": (None, None),
        "us": (None, None),
    }


def test_only_europe_and_the_us_pack_have_a_floor(packs):
    floors = {name: pack.rate_floor() for name, pack in packs.items()}
    assert floors["basel_2016"] is None
    assert floors["basel_2024"] is None
    assert floors["ncua"] is None
    assert floors["eu_2024"] is not None
    assert floors["us"] is not None
    assert floors["us"].at_zero_maturity_rate == 0.0


def test_caps_on_core_deposits_are_those_of_table_2(packs):
    # BCBS d368, table 2
    caps = packs["basel_2024"].deposit_caps
    assert caps is not None
    assert {k: (v.core_share, v.average_life_years) for k, v in caps.categories.items()} == {
        "retail_transactional": (0.90, 5.0),
        "retail_non_transactional": (0.70, 4.5),
        "wholesale": (0.50, 4.0),
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "    short_down: {short: -1.0}\n",
            "",
            "prepayment_multiplier and shapes differ in short_down",
        ),
        ("    long: {ARS: 300, ", "    long: {", "no size for ARS long"),
        ("threshold_share: 0.15", "threshold_share: 15", "threshold_share"),
        ("at_zero_maturity_rate: null", "at_zero_maturity_rate: 0.01", "at_zero_maturity_rate"),
        ("status: verified", "status: certain", "status"),
        ("status: verified", "status: assumed", "an assumed figure names its owner"),
    ],
)
def test_a_pack_that_contradicts_itself_is_refused(tmp_path, old, new, words):
    with pytest.raises(ConfigurationError, match=words):
        load_rule_packs(changed(tmp_path, "basel_2024.yaml", old, new))


def test_us_ramps_take_twelve_months_and_no_other_shape_takes_any(packs):
    pack = packs["us"]
    months = {name: pack.ramp_months(name) for name in pack.shapes.coefficients}
    ramps = {f"ramp_{way}_{size}" for way in ("up", "down") for size in (100, 200, 300, 400)}
    assert {name for name, n_months in months.items() if n_months == 12} == ramps
    assert {n_months for name, n_months in months.items() if name not in ramps} == {0}
    assert packs["basel_2024"].ramp_months("parallel_up") == 0


def test_a_ramp_of_a_shape_that_does_not_exist_is_refused(tmp_path):
    overlay = changed(tmp_path, "us.yaml", "    ramp_up_100: 12", "    ramp_up_150: 12")
    with pytest.raises(ConfigurationError, match="ramps name ramp_up_150, which is no shape"):
        load_rule_packs(overlay)


def test_the_credit_union_test_is_that_of_worked_example_11(packs):
    # assets 980 -> 905, shares 600, other liabilities 300 -> 291; reference example 11:
    # 980 - 0.99 * 600 - 300 = 86.00; 905 - 0.9504 * 600 - 291 = 43.76; 43.76 / 905 = 4.8354 %;
    # 1 - 43.76 / 86 = 49.1163 %: between 4 and 7 %, between 40 and 65 %, moderate twice
    test = packs["ncua"].nev_test
    assert test is not None
    base = 980 - test.share_price_base * 600 - 300
    shocked = 905 - test.share_price_shocked * 600 - 291
    assert (base, shocked) == (pytest.approx(86.0), pytest.approx(43.76))
    assert test.ratio_high < shocked / 905 < test.ratio_low
    assert test.decline_low < 1 - shocked / base < test.decline_high


def test_a_currency_in_two_blocks_of_sizes_is_refused(tmp_path):
    overlay = changed(tmp_path, "eu_2024.yaml", "parallel: {BGN: 250", "parallel: {EUR: 250")
    with pytest.raises(ConfigurationError, match="EUR stands in two blocks"):
        load_rule_packs(overlay)


def test_a_bank_adds_a_currency_in_its_overlay(tmp_path):
    overlay = changed(tmp_path, "us.yaml", "parallel: {USD: 100}", "parallel: {USD: 100, CZK: 100}")
    assert load_rule_packs(overlay)["us"].size("CZK", "us").parallel == 100.0


def test_the_19_buckets_have_the_midpoints_of_table_1():
    # BCBS d368, table 1
    buckets = load_time_buckets().bucket_sets["irrbb"].buckets
    assert [bucket.midpoint_years for bucket in buckets] == [
        0.0028, 0.0417, 0.1667, 0.375, 0.625, 0.875, 1.25, 1.75, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5,
        9.5, 12.5, 17.5, 25.0,
    ]  # fmt: skip


def test_a_bucket_set_that_leaves_a_hole_at_the_end_is_refused(tmp_path):
    overlay = changed(tmp_path, "time_buckets.yaml", "upper: null", "upper: 60Y")
    with pytest.raises(ConfigurationError, match="only the last, has the upper bound null"):
        load_time_buckets(overlay)
