"""Curves of an as-of date: what stops a currency, what a scenario adds, what goes to the engine."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.curves import CurveBook, load_curves
from alm_pipeline.inputs.scenarios import ScenarioBook, load_scenarios
from alm_pipeline.inputs.zero_rates import (
    BaseZeroRates,
    base_zero_rates,
    engine_curves,
    scenario_zero_rates,
    zero_rate_table,
)
from alm_pipeline.paths import DATA_CONTRACTS

AS_OF = dt.date(2026, 10, 31)


def flat_quotes(levels: dict[str, float], quote_date: str = "2026-10-30") -> dict[str, np.ndarray]:
    """A 1-year deposit and a 10-year par bond per curve, both at the same rate."""
    ids = [name for name in levels for _ in range(2)]
    n_curves = len(levels)
    return {
        "curve_id": np.array(ids, dtype=object),
        "instrument": np.array(["deposit", "bond"] * n_curves, dtype=object),
        "tenor": np.array(["1Y", "10Y"] * n_curves, dtype=object),
        "quote": np.array([levels[name] for name in ids]),
        "quote_date": np.array([quote_date] * len(ids), dtype="datetime64[D]"),
        "day_count": np.array(["act_365f"] * len(ids), dtype=object),
        "payment_freq": np.array([None, "P1Y"] * n_curves, dtype=object),
        "start_date": np.array(["2026-10-31"] * len(ids), dtype="datetime64[D]"),
        "convexity_adjustment_rate": np.full(len(ids), np.nan),
    }


@pytest.fixture(scope="module")
def curves() -> CurveBook:
    return load_curves()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> ScenarioBook:
    overlay: Path = tmp_path_factory.mktemp("overlay")
    (overlay / "scenarios").mkdir()
    (overlay / "scenarios" / "dollar_only.yaml").write_text(
        "about: The dollar rises alone.\nkind: own\nshocks: {parallel_bp: {USD: 25}}\n"
    )
    (overlay / "scenarios" / "up_and_more.yaml").write_text(
        "about: The Basel rise and 50 more in the dollar.\nkind: own\n"
        "extends: basel_2024_parallel_up\nshocks: {parallel_bp: {USD: 50, EUR: 0}}\n"
    )
    return load_scenarios(overlay)


def base_of(curves: CurveBook, **levels: float) -> BaseZeroRates:
    return base_zero_rates(flat_quotes(levels), curves, AS_OF, ["USD", "EUR"])


def test_both_currencies_share_one_grid_with_every_quoted_tenor(curves):
    base = base_of(curves, usd_ois=0.04, eur_ois=0.02)
    assert base.errors == {}
    assert base.curve_ids == ("usd_ois", "eur_ois")
    assert base.zero_rates.shape == (2, len(base.tenor_days))
    assert (np.diff(base.tenor_days) > 0).all()
    # 31 October 2026 to 31 October 2027: 365 days; ln 1.04 = 0.0392207
    one_year = int(np.flatnonzero(base.tenor_days == 365)[0])
    assert base.zero_rates[0, one_year] == pytest.approx(0.0392207, abs=5e-8)


def test_a_curve_without_quotes_stops_its_currency_only(curves):
    base = base_of(curves, usd_ois=0.04)
    assert base.currencies == ("USD",)
    assert str(base.errors["EUR"]).startswith("a curve has no quotes | curve eur_ois (EUR)")


def test_stale_quotes_stop_their_currency_and_say_how_old_they_are(curves):
    quotes = flat_quotes({"usd_ois": 0.04, "eur_ois": 0.02})
    quotes["quote_date"][0] = np.datetime64("2026-09-30")
    base = base_zero_rates(quotes, curves, AS_OF, ["USD", "EUR"])
    assert base.currencies == ("EUR",)
    message = str(base.errors["USD"])
    # 30 September to 31 October: 31 days
    assert "1 quote is stale" in message
    assert "curve usd_ois (USD)" in message
    assert "quote date 2026-09-30, 31 days old, allowed 5" in message


@pytest.mark.parametrize(
    ("quote_date", "is_stopped"), [("2026-10-26", False), ("2026-10-25", True)]
)
def test_a_quote_may_be_exactly_as_old_as_allowed(curves, quote_date, is_stopped):
    quotes = flat_quotes({"usd_ois": 0.04}, quote_date)
    assert ("USD" in base_zero_rates(quotes, curves, AS_OF, ["USD"]).errors) is is_stopped


def test_quotes_from_after_the_as_of_date_stop_their_currency(curves):
    quotes = flat_quotes({"usd_ois": 0.04}, "2026-11-02")
    error = base_zero_rates(quotes, curves, AS_OF, ["USD"]).errors["USD"]
    assert "dated after the as-of date" in str(error)


def test_a_currency_without_a_curve_is_stopped(curves):
    error = base_zero_rates(flat_quotes({"usd_ois": 0.04}), curves, AS_OF, ["CHF"]).errors["CHF"]
    assert "no curve for CHF" in str(error)


def test_a_quote_that_cannot_be_read_names_its_curve(curves):
    quotes = flat_quotes({"usd_ois": 0.04})
    quotes["instrument"][0] = "spread"
    error = base_zero_rates(quotes, curves, AS_OF, ["USD"]).errors["USD"]
    assert "instrument spread" in str(error)
    assert "curve usd_ois" in str(error)


def test_the_koruna_has_a_declared_proxy_and_sizes_in_the_european_pack_alone(curves, book):
    quotes = flat_quotes({"czk_proxy": 0.05})
    base = base_zero_rates(quotes, curves, AS_OF, ["CZK"])
    assert base.errors == {}
    # 2024/856 annex A: 200 bp
    assert (scenario_zero_rates(base, "eu_2024_parallel_up", book).shock_bp == 200.0).all()
    assert "CZK" in scenario_zero_rates(base, "basel_2024_parallel_up", book).errors


def test_the_base_scenario_gives_the_base_back_bit_for_bit(curves, book):
    base = base_of(curves, usd_ois=0.04, eur_ois=-0.01)
    same = scenario_zero_rates(base, "base", book)
    assert (same.zero_rates == base.zero_rates).all()
    assert not same.shock_bp.any()
    assert not same.floor_applied.any()


def test_a_regulatory_scenario_moves_each_currency_by_its_own_size(curves, book):
    base = base_of(curves, usd_ois=0.04, eur_ois=0.02)
    moved = scenario_zero_rates(base, "basel_2024_parallel_up", book)
    # BCBS d578: USD 200, EUR 225
    assert (moved.shock_bp[0] == 200.0).all()
    assert (moved.shock_bp[1] == 225.0).all()
    change_bp = (moved.zero_rates - base.zero_rates) * 1e4
    np.testing.assert_allclose(change_bp, moved.shock_bp, rtol=0, atol=1e-9)


def test_the_floor_of_the_european_pack_shows_where_it_decides(curves, book):
    # EUR 2016 parallel 200 bp from 0 %: -2 % is below -1.5 % + 0.0003 t up to 50 years
    base = base_of(curves, usd_ois=0.04, eur_ois=0.0)
    moved = scenario_zero_rates(base, "eu_2024_parallel_down", book)
    assert not moved.floor_applied[0].any()
    assert moved.floor_applied[1].all()
    ten_years = int(np.flatnonzero(base.tenor_days == 3653)[0])
    # -0.015 + 0.0003 * 3653 / 365 = -0.0119975
    assert moved.zero_rates[1, ten_years] == pytest.approx(-0.0119975, abs=5e-8)


def test_an_own_scenario_adds_to_the_one_it_extends(curves, book):
    base = base_of(curves, usd_ois=0.04, eur_ois=0.02)
    moved = scenario_zero_rates(base, "up_and_more", book)
    assert (moved.shock_bp[0] == 250.0).all()
    assert (moved.shock_bp[1] == 225.0).all()


def test_a_scenario_that_does_not_name_a_currency_stops_it_alone(curves, book):
    base = base_of(curves, usd_ois=0.04, eur_ois=0.02)
    moved = scenario_zero_rates(base, "dollar_only", book)
    assert list(moved.errors) == ["EUR"]
    assert "no shock for EUR" in str(moved.errors["EUR"])
    ids, for_engine = engine_curves(base, [scenario_zero_rates(base, "base", book), moved])
    assert ids == ("usd_ois",)
    assert for_engine.zero_rates.shape == (2, 1, len(base.tenor_days))
    assert zero_rate_table(base, moved)["currency"].unique().to_pylist() == ["USD"]


def test_the_table_has_one_row_per_curve_and_tenor(curves, book):
    base = base_of(curves, usd_ois=0.04, eur_ois=0.02)
    rows = zero_rate_table(base, scenario_zero_rates(base, "us_down_300", book))
    assert rows.num_rows == 2 * len(base.tenor_days)
    keys = set(zip(rows["curve_id"].to_pylist(), rows["tenor_days"].to_pylist(), strict=True))
    assert len(keys) == rows.num_rows
    # 4 % - 300 bp stays above 0; 2 % - 300 bp is floored at 0 in the US pack
    floored = {
        currency
        for currency, hit in zip(
            rows["currency"].to_pylist(), rows["floor_applied"].to_pylist(), strict=True
        )
        if hit
    }
    assert floored == {"EUR"}


@pytest.mark.parametrize("removed", sorted(load_curves().curves))
def test_removing_any_curve_stops_its_currency_and_no_other(curves, removed):
    every = {name: curve.currency for name, curve in curves.curves.items()}
    levels = {name: 0.03 for name in every if name != removed}
    whole = base_zero_rates(flat_quotes(dict.fromkeys(every, 0.03)), curves, AS_OF, every.values())
    found = base_zero_rates(flat_quotes(levels), curves, AS_OF, every.values())
    assert set(found.errors) == {every[removed]}
    cause = str(found.errors[every[removed]])
    assert cause == (
        f"a curve has no quotes | curve {removed} ({every[removed]}) 2026-10-31"
        " | to fix: deliver its quotes in curve_quote"
    )
    kept = [row for row, name in enumerate(whole.curve_ids) if name in found.curve_ids]
    assert (whole.zero_rates[kept] == found.zero_rates).all()


FALLBACK = {
    "curve": "usd_ois", "reason": "the euro source is down", "owner": "jane", "approver": "john",
    "effective_from": "2026-10-01", "expires": "2026-10-31",
}  # fmt: skip


def with_fallback(folder: Path, **changes: str) -> CurveBook:
    text = (DATA_CONTRACTS / "curves.yaml").read_text(encoding="utf-8")
    fields = ", ".join(f"{k}: {v}" for k, v in (FALLBACK | changes).items())
    entry = "    currency: EUR\n    role: discount\n"
    assert text.count(entry) == 1
    changed = text.replace(entry, f"{entry}    fallback: {{{fields}}}\n")
    (folder / "curves.yaml").write_text(changed, encoding="utf-8")
    return load_curves(folder)


def test_an_approved_fallback_stands_in_for_missing_quotes_and_is_named(tmp_path):
    base = base_of(with_fallback(tmp_path), usd_ois=0.04)
    assert base.errors == {}
    assert (base.curve_ids, base.quoted_curve_ids) == (
        ("usd_ois", "eur_ois"),
        ("usd_ois", "usd_ois"),
    )
    assert (base.zero_rates[0] == base.zero_rates[1]).all()


def test_a_fallback_does_not_stand_in_for_quotes_that_are_there(tmp_path):
    base = base_of(with_fallback(tmp_path), usd_ois=0.04, eur_ois=0.02)
    assert base.quoted_curve_ids == ("usd_ois", "eur_ois")


def test_a_fallback_that_has_expired_stands_in_for_nothing(tmp_path):
    base = base_of(with_fallback(tmp_path, expires="2026-10-30"), usd_ois=0.04)
    assert set(base.errors) == {"EUR"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"approver": "Jane"}, "cannot approve"),
        ({"curve": "gbp_sonia"}, "which is unknown"),
        ({"curve": "eur_ois"}, "no curve of its own"),
    ],
)
def test_a_fallback_that_is_none_is_refused(tmp_path, changes, why):
    with pytest.raises(ConfigurationError, match=why):
        with_fallback(tmp_path, **changes)


def test_a_ramp_of_a_pack_reaches_half_of_its_size_in_the_one_year_zero_rate(curves, book):
    # forwards rise in a straight line to 100 bp after 12 months: on average 50 bp over the year,
    # and over ten years all but half a year of it, 100 x (1 - 0.5 / 10) = 95 bp (365 of 3653 days)
    base = base_of(curves, usd_ois=0.04, eur_ois=0.02)
    moved = scenario_zero_rates(base, "us_ramp_up_100", book)
    days = base.tenor_days.tolist()
    change_bp = (moved.zero_rates - base.zero_rates) * 1e4
    assert change_bp[:, days.index(365)] == pytest.approx([50.0, 50.0], abs=1e-9)
    assert change_bp[:, days.index(3653)] == pytest.approx(100 * (1 - 182.5 / 3653), abs=1e-9)
    np.testing.assert_allclose(moved.shock_bp, change_bp, rtol=0, atol=1e-9)
    assert not moved.floor_applied.any()


def test_a_ramp_down_stops_at_the_floor_of_its_pack(curves, book):
    # 1 % and 300 bp down with a floor of zero: after the ramp forwards are zero, not -2 %
    base = base_of(curves, usd_ois=0.01, eur_ois=0.01)
    moved = scenario_zero_rates(base, "us_ramp_down_300", book)
    assert moved.floor_applied.all()
    assert (moved.zero_rates > base.zero_rates + moved.shock_bp * 1e-4).all()
    growth = moved.zero_rates[0] * base.tenor_days
    later = base.tenor_days >= 365
    np.testing.assert_allclose(np.diff(growth[later]), 0.0, rtol=0, atol=1e-9)


@pytest.mark.parametrize("interpolation", ["log_linear", "monotone_convex"])
def test_a_curve_built_otherwise_gives_its_quotes_back(curves, tmp_path, interpolation):
    text = (DATA_CONTRACTS / "curves.yaml").read_text(encoding="utf-8")
    chosen = f"{interpolation}\n    extrapolation: flat_forward"
    (tmp_path / "curves.yaml").write_text(text.replace("linear_zero\n", f"{chosen}\n"))
    base = base_zero_rates(flat_quotes({"usd_ois": 0.04}), load_curves(tmp_path), AS_OF, ["USD"])
    # every yearly payment of the ten-year quote is a node: 4 % x sum of factors + last factor = 1
    days = base.tenor_days.tolist()
    pays = [(dt.date(2026 + n, 10, 31) - AS_OF).days for n in range(1, 11)]
    factors = [np.exp(-base.zero_rates[0, days.index(day)] * day / 365) for day in pays]
    assert 0.04 * sum(factors) + factors[-1] == pytest.approx(1.0, abs=1e-12)
    # the forward of the last year goes on: 20 years are 10 more years of it
    at_10, at_20 = (base.zero_rates[0, days.index(day)] * day for day in (pays[-1], 7305))
    beyond = base.zero_rates[0, days.index(10958)] * 10958
    assert (at_20 - at_10) / (7305 - pays[-1]) == pytest.approx(
        (beyond - at_20) / (10958 - 7305), abs=1e-15
    )


def with_curves(folder: Path, **definitions: str) -> CurveBook:
    """The shipped curves and more, each a line of YAML."""
    text = (DATA_CONTRACTS / "curves.yaml").read_text(encoding="utf-8")
    common = "about: A curve for a test, currency: USD, interpolation: linear_zero, max_age_days: 5"
    entries = "".join(f"  {k}: {{{common}, {words}}}\n" for k, words in definitions.items())
    changed = text.replace("\ncurves:\n", f"\ncurves:\n{entries}", 1)
    (folder / "curves.yaml").write_text(changed, encoding="utf-8")
    return load_curves(folder)


SOFR_3M = "role: projection, discounted_by: usd_ois, index_tenor: 3M"
CORPORATE = "role: spread, over: usd_ois"


def test_a_projection_curve_is_found_with_the_other_one_discounting(tmp_path):
    # one-year swap at 4 % a year (ACT/365F): sum of (P(s)/P(e) - 1) D(e) over four periods of three
    # months, D flat at ln 1.03; days to 31 January, 30 April, 31 July and 31 October 2027
    book = with_curves(tmp_path, usd_sofr_3m=SOFR_3M)
    quotes = flat_quotes({"usd_ois": 0.03, "usd_sofr_3m": 0.04})
    own = quotes["curve_id"] == "usd_sofr_3m"
    quotes["instrument"][own] = "irs"
    quotes["payment_freq"][own] = "P1Y"
    base = base_zero_rates(quotes, book, AS_OF, ["USD"])
    assert base.errors == {}
    rates = base.zero_rates[base.curve_ids.index("usd_sofr_3m")]
    days = np.array([0, 92, 181, 273, 365])
    growth = np.interp(days, base.tenor_days, rates) * days / 365
    discount = np.exp(-np.log(1.03) * days[1:] / 365)
    assert (np.expm1(np.diff(growth)) * discount).sum() == pytest.approx(0.04 / 1.03, abs=1e-12)
    ois = base.zero_rates[base.curve_ids.index("usd_ois")]
    assert (rates > ois).all()


def test_a_spread_curve_lies_by_its_quotes_above_the_one_below(tmp_path):
    book = with_curves(tmp_path, usd_corporate=CORPORATE)
    quotes = flat_quotes({"usd_ois": 0.03, "usd_corporate": 0.012})
    quotes["instrument"][quotes["curve_id"] == "usd_corporate"] = "spread"
    base = base_zero_rates(quotes, book, AS_OF, ["USD"])
    assert base.errors == {}
    apart = (
        base.zero_rates[base.curve_ids.index("usd_corporate")]
        - (base.zero_rates[base.curve_ids.index("usd_ois")])
    )
    np.testing.assert_allclose(apart, 0.012, rtol=0, atol=1e-15)


@pytest.mark.parametrize("role", [SOFR_3M, CORPORATE])
def test_a_curve_that_stands_on_another_stops_with_it(tmp_path, role):
    book = with_curves(tmp_path, usd_other=role)
    quotes = flat_quotes({"usd_other": 0.03})
    quotes["instrument"][:] = "spread" if "spread" in role else "deposit"
    quotes["tenor"][1] = "2Y"
    assert set(base_zero_rates(quotes, book, AS_OF, ["USD"]).errors) == {"USD"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("role: projection, discounted_by: usd_ois", "discounted_by and index_tenor stand"),
        ("role: discount, discounted_by: usd_ois, index_tenor: 3M", "discount has no discounted"),
        ("role: spread", "a spread, and only a spread, stands over another curve"),
        ("role: deposit_offer, over: usd_ois", "a spread, and only a spread"),
        ("role: spread, over: gbp_sonia", "which is unknown"),
        ("role: spread, over: eur_ois", "which is in another currency"),
        ("role: spread, over: usd_other", "no curve of its own quotes"),
    ],
)
def test_what_a_curve_stands_on_has_to_fit(tmp_path, words, why):
    with pytest.raises(ConfigurationError, match=why):
        with_curves(tmp_path, usd_other=words)


def test_what_is_offered_on_deposits_is_a_curve_of_its_own(tmp_path):
    book = with_curves(tmp_path, usd_deposit_offer="role: deposit_offer")
    quotes = flat_quotes({"usd_ois": 0.03, "usd_deposit_offer": 0.025})
    base = base_zero_rates(quotes, book, AS_OF, ["USD"])
    assert set(base.curve_ids) == {"usd_ois", "usd_deposit_offer"}
