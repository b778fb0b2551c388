"""What a scenario file may say, and what each word does to curves, volatilities and behaviour."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.curves import load_curves
from alm_pipeline.inputs.figures import load_figures
from alm_pipeline.inputs.relations import scenario_fx
from alm_pipeline.inputs.scenarios import ScenarioBook, VolatilityMove, load_scenarios
from alm_pipeline.inputs.zero_rates import (
    BaseZeroRates,
    ScenarioZeroRates,
    flat_base,
    scenario_zero_rates,
    with_index_curves,
    zero_rate_table,
)
from alm_pipeline.paths import DATA_CONTRACTS

AS_OF = dt.date(2026, 10, 31)
ONE_YEAR, TWO_YEARS, TEN_YEARS = 365, 731, 3653  # 2028 is a leap year; so are 2032 and 2036


def written(folder: Path, **files: str) -> Path:
    """An overlay with scenario files of these texts."""
    (folder / "scenarios").mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / "scenarios" / f"{name}.yaml"
        path.write_text(f"about: A scenario for a test.\nkind: own\n{text}", encoding="utf-8")
    return folder


def base_at(rate: float) -> BaseZeroRates:
    return flat_base(load_curves(), AS_OF, {"USD", "EUR"}, rate)


def moved(folder: Path, text: str, base: BaseZeroRates) -> ScenarioZeroRates:
    return scenario_zero_rates(base, "own", load_scenarios(written(folder, own=text)))


def move_bp(folder: Path, text: str, days: int, currency: str = "USD") -> float:
    base = base_at(0.03)
    found = moved(folder, text, base)
    row, node = base.currencies.index(currency), base.tenor_days.tolist().index(days)
    return float((found.zero_rates - base.zero_rates)[row, node] * 1e4)


@pytest.mark.parametrize(
    ("shocks", "expected"),
    [
        ("parallel_bp: {USD: 40, EUR: 0}", (40.0, 40.0)),
        # exp(-1/4) and exp(-3653/365/4) of 100 bp: 77.8801 and 8.19165
        ("short_bp: {USD: 100, EUR: 0}", (77.8801, 8.19165)),
        ("long_bp: {USD: 100, EUR: 0}", (22.1199, 91.80835)),
        # between 1Y and 3Y (365 and 1096 days) 2Y is 366/731 of the way; flat beyond 3Y
        ("nodes_bp: {USD: {1Y: 50, 3Y: -50}, EUR: {1Y: 0}}", (50.0, -50.0)),
        ("key_rates_bp: {USD: {10Y: 30}, EUR: {10Y: 0}}", (0.0, 30.0)),
        ("zero_rates: {USD: {1M: 0.02, 30Y: 0.02}, EUR: {1Y: 0.03}}", (-100.0, -100.0)),
    ],
)
def test_each_kind_of_move_at_one_and_at_ten_years(tmp_path, shocks, expected):
    text = f"shocks: {{{shocks}}}\n"
    found = move_bp(tmp_path, text, ONE_YEAR), move_bp(tmp_path, text, TEN_YEARS)
    assert found == pytest.approx(expected, abs=5e-5)


def test_between_the_nodes_of_a_twist_the_move_is_a_straight_line_in_days(tmp_path):
    # 1Y and 3Y are 365 and 1096 days; 731 days are 366 / 731 of the way from 50 to -50
    text = "shocks: {nodes_bp: {USD: {1Y: 50, 3Y: -50}, EUR: {1Y: 0}}}\n"
    assert move_bp(tmp_path, text, TWO_YEARS) == pytest.approx(50 - 100 * 366 / 731, abs=1e-9)


def test_all_key_rates_together_are_a_parallel_move(tmp_path):
    names = ("1D", "1M", "3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "15Y", "20Y", "30Y")
    every = ", ".join(f"{name}: 10" for name in names)
    base = base_at(0.03)
    found = moved(tmp_path, f"shocks: {{key_rates_bp: {{USD: {{{every}}}, EUR: {{1D: 0}}}}}}", base)
    usd = base.currencies.index("USD")
    np.testing.assert_allclose(found.shock_bp[usd], 10.0, rtol=0, atol=1e-9)


def test_moves_of_one_file_and_of_those_it_extends_are_added_and_a_curve_replaces(tmp_path):
    overlay = written(
        tmp_path,
        first="shocks: {parallel_bp: {USD: 100, EUR: 0}}\n",
        second="extends: first\nshocks: {parallel_bp: {USD: 20, EUR: 0}}\n",
        third="extends: second\nshocks: {zero_rates: {USD: {1Y: 0.01}, EUR: {1Y: 0.03}},"
        " parallel_bp: {USD: 5}}\n",
    )
    base, book = base_at(0.03), load_scenarios(overlay)
    usd = base.currencies.index("USD")
    for name, level in (("second", 0.042), ("third", 0.0105)):
        rates = scenario_zero_rates(base, name, book).zero_rates[usd]
        np.testing.assert_allclose(rates, level, rtol=0, atol=1e-15)


def test_a_move_of_history_is_that_of_the_quotes(tmp_path):
    # one payment: 1Y par yields pay semi-annually, so take the 6M bill: continuous rates of
    # 1 / (1 + 0.0019 / 2) over 181 days and 1 / (1 + 0.0476 / 2) over 182 days from each date:
    # ln(1.0238) * 365 / 182 - ln(1.00095) * 365 / 181 = 4.717194 % - 0.191480 % = 452.57 bp
    text = (
        "shocks:\n  history:\n    USD: {quotes: us_treasury_par, from_date: 2021-12-31,"
        " to_date: 2022-12-30}\n  parallel_bp: {EUR: 0}\n"
    )
    was = np.log1p(0.0019 / 2) * 365 / 181
    now = np.log1p(0.0476 / 2) * 365 / 182
    # the grid's six-month node is 181 days away, where the later curve is between 4M and 6M
    four = np.log1p(0.0469 / 3) * 365 / 121
    later = now + (four - now) * (182 - 181) / (182 - 121)
    assert move_bp(tmp_path, text, 181) == pytest.approx((later - was) * 1e4, abs=1e-6)


def test_a_ramp_of_an_own_scenario_builds_up(tmp_path):
    # half of the move on average over the ramp's own length
    text = "shocks: {parallel_bp: {USD: 200, EUR: 0}}\nramp: {months: 12, expected: true}\n"
    assert move_bp(tmp_path, text, ONE_YEAR) == pytest.approx(100.0, abs=1e-9)


@pytest.mark.parametrize(
    ("floor", "lowest"), [("", -0.01), ("floor: us\n", 0.0), ("floor: none\n", -0.01)]
)
def test_a_floor_is_the_one_that_is_named(tmp_path, floor, lowest):
    base = base_at(0.01)
    text = f"{floor}shocks: {{parallel_bp: {{USD: -200, EUR: -200}}}}\n"
    assert moved(tmp_path, text, base).zero_rates.min() == pytest.approx(lowest, abs=1e-15)


def test_an_own_scenario_keeps_the_floor_of_what_it_extends_unless_it_says_none(tmp_path):
    overlay = written(
        tmp_path,
        kept="extends: us_down_200\nshocks: {parallel_bp: {USD: -100, EUR: 0}}\n",
        lifted="extends: us_down_200\nfloor: none\n",
    )
    base, book = base_at(0.01), load_scenarios(overlay)
    usd = base.currencies.index("USD")
    assert scenario_zero_rates(base, "kept", book).zero_rates[usd].max() == 0.0
    lifted = scenario_zero_rates(base, "lifted", book).zero_rates[usd]
    np.testing.assert_allclose(lifted, -0.01, rtol=0, atol=1e-15)


def test_a_basis_move_touches_the_index_alone(tmp_path):
    overlay = written(tmp_path, own="shocks: {index_bp: {USD_SOFR_3M: 25}}\n")
    book, curves = load_scenarios(overlay), load_curves()
    plain = base_at(0.03)
    base = with_index_curves(plain, curves, ["base", "own"], book)
    assert base.curve_ids == (*plain.curve_ids, "USD_SOFR_3M")
    found = scenario_zero_rates(base, "own", book)
    np.testing.assert_allclose(found.shock_bp[-1], 25.0, rtol=0, atol=1e-12)
    assert not found.shock_bp[:-1].any()
    named = set(zero_rate_table(base, found)["curve_id"].to_pylist())
    assert named == {*plain.curve_ids, "USD_SOFR_3M"}
    untouched = zero_rate_table(base, scenario_zero_rates(base, "base", book))
    assert set(untouched["curve_id"].to_pylist()) == set(plain.curve_ids)


def test_volatilities_are_scaled_and_shifted(tmp_path):
    overlay = written(
        tmp_path,
        one="shocks: {volatility_factor: {USD: 1.5}}\n",
        two="extends: one\nshocks: {volatility_factor: {USD: 2.0}, volatility_bp: {USD: 10}}\n",
    )
    book = load_scenarios(overlay)
    assert book.volatility_move("two", "USD") == VolatilityMove(3.0, 10.0)
    assert book.volatility_move("two", "EUR") == VolatilityMove()
    assert book.moves("two", "CHF") == []  # a move of volatilities stops no currency's curve


def test_exchange_rates_are_multiplied_along_what_a_scenario_extends(tmp_path):
    # 10 % up, then 5 % down on top: 1.1 x 0.95 = 1.045
    overlay = written(
        tmp_path,
        one="fx: {EUR: 0.1}\n",
        two="extends: one\nfx: {EUR: -0.05, GBP: 0.2}\n",
    )
    book = load_scenarios(overlay)
    assert book.translation_factors("two") == pytest.approx({"EUR": 1.045, "GBP": 1.2})
    assert book.translation_factors("base") == {}
    assert book.moves("one", "EUR") == []  # no curve moves, and none is stopped
    rows = scenario_fx(book, ["base", "one"], "USD").to_pylist()
    assert rows == [{"scenario": "one", "currency": "EUR", "translation_factor": 1.1}]
    with pytest.raises(ConfigurationError, match="moves EUR, the reporting currency"):
        scenario_fx(book, ["one"], "EUR")


def spread_base(folder: Path) -> BaseZeroRates:
    """The dollar at 3 %, and a corporate curve on top of it."""
    text = (DATA_CONTRACTS / "curves.yaml").read_text(encoding="utf-8")
    entry = (
        "  usd_corporate: {about: Bonds of companies, currency: USD, role: spread, over: usd_ois,"
        " interpolation: linear_zero, max_age_days: 5}\n"
    )
    changed = text.replace("\ncurves:\n", f"\ncurves:\n{entry}", 1)
    (folder / "curves.yaml").write_text(changed, encoding="utf-8")
    return flat_base(load_curves(folder), AS_OF, {"USD"}, 0.03)


def test_a_spread_moves_its_own_curve_and_rates_move_both(tmp_path):
    base = spread_base(tmp_path)
    more = "spreads: {usd_corporate: 20}\nshocks: {parallel_bp: {USD: 50}}\n"
    book = load_scenarios(
        written(
            tmp_path,
            wider="spreads: {usd_corporate: 80}\n",
            both=f"extends: wider\n{more}",
        )
    )
    for name, corporate, overnight in (("wider", 80.0, 0.0), ("both", 150.0, 50.0)):
        found = scenario_zero_rates(base, name, book)
        move = dict(zip(base.curve_ids, found.shock_bp, strict=True))
        np.testing.assert_allclose(move["usd_corporate"], corporate, rtol=0, atol=1e-9)
        np.testing.assert_allclose(move["usd_ois"], overnight, rtol=0, atol=1e-9)


def test_a_spread_of_a_currency_that_nobody_holds_moves_nothing(tmp_path):
    book = load_scenarios(written(tmp_path, own="spreads: {gbp_corporate: 80}\n"))
    base = base_at(0.03)
    assert (scenario_zero_rates(base, "own", book).zero_rates == base.zero_rates).all()


def test_behaviour_is_multiplied_on_top_of_the_pack(tmp_path):
    book = load_scenarios(
        written(
            tmp_path,
            own="extends: us_up_200\nbehaviour:\n  prepayment_multiplier: 1.5\n"
            "  pass_through_up_multiplier: {retail_savings: 1.2}\n",
        )
    )
    assert book.behaviour_factor("own", "prepayment_multiplier", "any") == 1.5
    assert book.behaviour_factor("own", "pass_through_up_multiplier", "retail_savings") == 1.2
    assert book.behaviour_factor("own", "pass_through_up_multiplier", "any") == 1.0
    assert book.pack_and_shape("own") == ("us", "up_200")


def problems_of(overlay: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_scenarios(overlay)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("horizon: 36\n", "horizon: .*valid dict"),
        ("horizon: {income_months: 18}\n", "horizon.income_months: .*12, 24 or 36"),
        ("ramp: {months: 12, expected: false}\n", "ramp.expected: .*write true"),
        ("ramp: {months: 12}\n", "ramp.expected: Field required"),
    ],
)
def test_words_that_nothing_calculates_are_refused_by_name_with_what_to_do(tmp_path, text, words):
    overlay = written(tmp_path, own=f"shocks: {{parallel_bp: {{USD: 1}}}}\n{text}")
    with pytest.raises(ConfigurationError, match=words):
        load_scenarios(overlay)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("balance_sheet: dynamic\n", "balance_sheet: .*valid dict"),
        ("balance_sheet: {}\n", "balance_sheet: .*names no segment"),
        ("balance_sheet: {annual_growth_rate: {sme: 0.9}}\n", "sme: .*less than or equal to 0.5"),
        ("balance_sheet: {annual_growth_rate: {moon: 0.1}}\n", "there is no segment moon"),
        ("balance_sheet: {migration_share: {sme: 0.1}}\n", "depositors of sme move nowhere"),
        ("deposit_run: {moon: 0.1}\n", "there is no segment moon"),
        ("deposit_run: {sme: 1.1}\n", "deposit_run.sme: .*less than or equal to 1"),
    ],
)
def test_a_plan_that_says_nothing_or_too_much_is_refused(tmp_path, text, words):
    overlay = written(tmp_path, own=text)
    with pytest.raises(ConfigurationError, match=words):
        load_figures(overlay)


def test_a_plan_of_a_scenario_takes_the_place_of_the_banks(tmp_path):
    text = "balance_sheet: {annual_growth_rate: {sme: -0.1}, replacement_share: {sme: 0.5}}\n"
    book = load_scenarios(written(tmp_path, own=text))
    assert book.planned("own", "annual_growth_rate", "sme", 0.02) == -0.1
    assert book.planned("own", "annual_growth_rate", "mortgage", 0.04) == 0.04
    assert book.planned("base", "replacement_share", "sme", 1.0) == 1.0


def test_the_plan_of_a_scenario_counts_before_that_of_the_one_it_extends(tmp_path):
    first = (
        "balance_sheet: {annual_growth_rate: {sme: -0.1, mortgage: 0.2}}\ndeposit_run: {sme: 0.3}\n"
    )
    second = "extends: first\nbalance_sheet: {annual_growth_rate: {sme: 0.1}}\n"
    book = load_scenarios(written(tmp_path, first=first, second=second))
    assert book.planned("second", "annual_growth_rate", "sme", 0.0) == 0.1
    assert book.planned("second", "annual_growth_rate", "mortgage", 0.0) == 0.2
    assert book.planned("first", "annual_growth_rate", "sme", 0.0) == -0.1
    assert [book.run_share(name, "sme") for name in ("base", "first", "second")] == [0.0, 0.3, 0.3]
    assert book.run_share("second", "mortgage") == 0.0


def test_a_scenario_is_seen_over_its_own_window_or_that_of_the_one_it_extends(tmp_path):
    overlay = written(
        tmp_path,
        first="fx: {EUR: 0.1}\nhorizon: {income_months: 24}\n",
        second="extends: first\nfx: {EUR: 0.2}\n",
        third="extends: first\nfx: {EUR: 0.2}\nhorizon: {income_months: 36}\n",
    )
    book = load_scenarios(overlay)
    found = [book.income_months(name) for name in ("base", "first", "second", "third")]
    assert found == [None, 24, 24, 36]


def test_every_problem_of_a_file_is_told_at_once_with_its_line(tmp_path):
    found = problems_of(
        written(
            tmp_path,
            own="shocks:\n  parallel_bp: {dollar: 1}\n  key_rates_bp:\n    USD: {4Y: 10}\n"
            "horizon: 36\nramp: {months: 0, expected: true}\n",
        )
    )
    # lines 1 and 2 are about and kind
    for place in ("own.yaml:4: shocks.parallel_bp", "own.yaml:6: shocks.key_rates_bp",
                  "own.yaml:7: horizon", "own.yaml:8: ramp.months"):  # fmt: skip
        assert place in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("floor: basel_2030\nshocks: {parallel_bp: {USD: 1}}\n", "own.yaml:3: the pack basel_2030"),
        (
            "shocks: {history: {USD: {quotes: gilts, from_date: 2021-12-31,"
            " to_date: 2022-12-30}}}\n",
            "there are no quotes gilts; there are us_treasury_par",
        ),
        (
            "shocks: {history: {USD: {quotes: us_treasury_par, from_date: 2021-12-31,"
            " to_date: 2023-12-30}}}\n",
            "us_treasury_par has no quotes of 2023-12-30",
        ),
        ("shocks: {nodes_bp: {USD: {}}}\n", "nodes_bp.USD names no tenor"),
        ("shocks: {parallel_bp: {USD: 1}}\nstatus: assumed\n", "names its owner and approver"),
    ],
)
def test_what_a_file_names_must_exist(tmp_path, text, words):
    assert words in problems_of(written(tmp_path, own=text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("behaviour: {prepayment_multiplier: {savers: 2}}\n", "there is no segment savers"),
        ("shocks: {index_bp: {USD_LIBOR_3M: 5}}\n", "there is no index USD_LIBOR_3M"),
        ("spreads: {usd_ois: 5}\n", "there is no curve usd_ois of role spread; there are none"),
    ],
)
def test_segments_and_indices_are_those_of_the_bank(tmp_path, text, words):
    with pytest.raises(ConfigurationError, match=words):
        load_figures(written(tmp_path, own=text))


def test_what_decides_the_curves_is_in_the_definition_and_remarks_are_not():
    book: ScenarioBook = load_scenarios()
    assert "0.0476" in book.definition("replay_2022")
    assert "proxy" not in book.definition("replay_2022")
    assert "ramp_up_100" in book.definition("us_ramp_up_100")


def test_what_ifs_of_the_house_ship_and_move_what_they_say():
    figures = load_figures()
    book = figures.scenarios
    own = {name for name, scenario in book.scenarios.items() if scenario.kind == "own"}
    assert own == {
        "replay_2022", "curve_inversion", "betas_rise_with_rates", "fast_prepayment",
        "basis_widening", "low_for_long", "volatility_spike", "slow_rise",
        "digital_run", "stress_combined", "stress_idiosyncratic", "stress_market_wide",
        "stress_slow_burn", "stricter_run_off",
    }  # fmt: skip
    base = with_index_curves(base_at(0.03), figures.curves, own, book)
    for name in own:
        found = scenario_zero_rates(base, name, book)
        assert found.errors == {}
        assert np.isfinite(found.zero_rates).all()
