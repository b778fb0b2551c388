"""Scenarios: which ship, what each kind must say, and what they may refer to."""

from __future__ import annotations

from pathlib import Path

import pytest

from alm_pipeline.engine.scenarios.shocks import ShockSize
from alm_pipeline.errors import ConfigurationError, MarketDataError
from alm_pipeline.inputs.rule_packs import load_rule_packs
from alm_pipeline.inputs.scenarios import ScenarioBook, check_scenario_file, load_scenarios
from alm_pipeline.inputs.settings import Settings

SIX = {"parallel_up", "parallel_down", "steepener", "flattener", "short_up", "short_down"}


@pytest.fixture(scope="module")
def book() -> ScenarioBook:
    return load_scenarios()


def test_every_regulatory_scenario_ships(book):
    six = {f"{pack}_{shape}" for pack in ("basel_2024", "eu_2024") for shape in SIX}
    sizes = [f"{word}_{size}" for word in ("up", "down") for size in (100, 200, 300, 400)]
    us = {f"us_{size}" for size in sizes} | {f"us_ramp_{size}" for size in sizes}
    regulatory = {name for name, one in book.scenarios.items() if one.kind == "regulatory"}
    assert regulatory == six | us | {"ncua_up_300"}


def test_a_close_takes_the_thirteen_of_the_performance_set_unless_told_otherwise():
    us = {f"us_{word}_{size}" for word in ("up", "down") for size in (100, 200, 300)}
    thirteen = {"base"} | {f"basel_2024_{shape}" for shape in SIX} | us
    assert set(Settings().closing_scenarios) == thirteen
    assert len(Settings().closing_scenarios) == 13


def test_a_regulatory_scenario_names_pack_and_shape_in_its_own_name(book):
    for name, scenario in book.scenarios.items():
        if scenario.kind == "regulatory":
            assert name == f"{scenario.pack}_{scenario.shape}"


def test_nothing_moves_in_the_base_scenario(book):
    assert book.moves("base", "USD") == []
    assert book.pack_and_shape("base") is None


def test_a_currency_a_pack_does_not_list_stops_with_its_name(book):
    with pytest.raises(MarketDataError, match="basel_2024 gives no shock size for NOK") as caught:
        book.moves("basel_2024_parallel_up", "NOK")
    assert "no other size is taken" in str(caught.value)


def test_the_koruna_is_in_the_european_pack_only():
    packs = load_rule_packs()
    assert packs["eu_2024"].size("CZK", "eu_2024") == ShockSize(200.0, 250.0, 100.0)
    for name in ("basel_2016", "basel_2024", "us"):
        with pytest.raises(MarketDataError):
            packs[name].size("CZK", name)


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do(book):
    with pytest.raises(ConfigurationError, match="name one of base"):
        book.moves("nothing", "USD")


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"about: A scenario for a test.\n{text}", encoding="utf-8")
    return path


def test_an_own_scenario_is_checked_from_its_file(tmp_path: Path):
    path = written(
        tmp_path,
        "twist",
        "kind: own\nextends: base\nshocks: {short_bp: {USD: -50}, long_bp: {USD: 75}}\n",
    )
    scenario = check_scenario_file(path)
    assert scenario.shocks is not None
    assert scenario.shocks.currencies() == {"USD"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: regulatory\npack: basel_2024\n", "needs shape"),
        (
            "kind: regulatory\npack: basel_2024\nshape: steepener\n"
            "shocks: {parallel_bp: {USD: 1}}\n",
            "has no shocks",
        ),
        ("kind: own\n", "needs one of shocks"),
        ("kind: own\nextends: nothing\nshocks: {parallel_bp: {USD: 1}}\n", "does not exist"),
        ("kind: own\nextends: itself\nshocks: {parallel_bp: {USD: 1}}\n", "which extends it"),
        ("kind: own\nshocks: {parallel_bp: {dollar: 1}}\n", "dollar"),
        ("kind: own\nshocks: {parallel_bp: {USD: '1'}}\n", "number"),
        ("kind: own\nshocks: {parallel_bps: {USD: 1}}\n", "parallel_bps"),
        ("kind: regulatory\npack: basel_2030\nshape: steepener\n", "basel_2030 does not exist"),
        ("kind: base\n", "only that one"),
        ("kind: guess\n", "kind"),
    ],
)
def test_a_scenario_that_contradicts_itself_is_refused(tmp_path: Path, text: str, words: str):
    with pytest.raises(ConfigurationError, match=words):
        check_scenario_file(written(tmp_path, "itself", text))
