"""What the demo bank was made with is found again in its history, within the errors claimed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from alm_pipeline.calibration.deposit_rates import PathRegression
from alm_pipeline.calibration.deposit_volumes import CohortDecay, MinimumVolume
from alm_pipeline.calibration.prepayment import RefinancingCurve
from alm_pipeline.calibration.records import Fit, until
from alm_pipeline.calibration.withdrawals import EarlyWithdrawal
from alm_pipeline.demo import history
from alm_pipeline.demo.balance_sheet import DEPOSIT_TRUTH
from tests.unit.calibration.histories import CUT, chosen, demo_cohorts, demo_month, rows_of

SEEDS = 50
Found = tuple[str, float, float, float | None]  # name, truth, estimate, standard error


@pytest.mark.slow(seconds=240)
def test_planted_parameters_are_recovered_within_two_standard_errors():
    hits: dict[str, list[bool]] = defaultdict(list)
    for seed in range(SEEDS):
        for name, truth, estimate, error in recovered(seed):
            hits[name].append(abs(estimate - truth) <= (2.0 * error if error is not None else 0.0))
    shares = {name: sum(found) / SEEDS for name, found in sorted(hits.items())}
    print(shares)
    assert len(hits) == 23
    assert {name: share for name, share in shares.items() if share < 0.9} == {}


@pytest.mark.parametrize("seed", [7, 20261031])
def test_planted_parameters_are_recovered_of_two_banks(seed):
    # of 23 parameters 21 or more within two standard errors (chance of fewer: 1 in 11 at 95 %)
    found = list(recovered(seed))
    near = [n for n, t, e, s in found if abs(e - t) <= (2.0 * s if s is not None else 0.0)]
    assert len(found) == 23
    assert len(near) >= 21


def recovered(seed: int) -> Iterator[Found]:
    """Every planted parameter of the home currency that the history can tell."""
    yield from _rates(seed)
    yield from _volumes(seed)
    yield from _others(seed)


def _rates(seed: int) -> Iterator[Found]:
    rows = rows_of(history.deposit_rates(demo_month(seed)))
    for code in ("retail_savings", "retail_money_market", "wholesale_operational"):
        truth = DEPOSIT_TRUTH[code]
        fit = PathRegression().fit(until(chosen(rows, product_code=code, currency="USD"), CUT))
        planted = {"beta": truth.beta, "adjustment": truth.adjustment,
                   "lag_months": float(truth.lag_months)}  # fmt: skip
        yield from _compared(code, fit, planted)


def _volumes(seed: int) -> Iterator[Found]:
    for code, rows in demo_cohorts(seed).items():
        truth = DEPOSIT_TRUTH[code]
        sample = until(rows, CUT)
        yield from _compared(code, CohortDecay().fit(sample), {"decay_rate": 1 / truth.life_years})
        if code in ("retail_savings", "wholesale_operational"):
            # the history's monthly wave is half of `volatility` (demo/history.py)
            planted = {"volatility": truth.volatility / 2.0}
            yield from _compared(code, MinimumVolume().fit(sample), planted)


def _others(seed: int) -> Iterator[Found]:
    month = demo_month(seed)
    code = "mortgage_fixed"
    years = range(*history._vintage_years(month.as_of))
    rows = rows_of([history._loan_cohort(month, code, 0, vintage) for vintage in years])
    names = ("turnover", "refinance", "slope", "midpoint")
    planted = {name: history.LOAN_TRUTH[code][name] for name in names}
    yield from _compared(code, RefinancingCurve().fit(until(rows, CUT)), planted)
    rows = rows_of(history.term_deposits(month))
    code = "retail_term_deposit"
    truth = history.TERM_TRUTH[code]
    sample = until(chosen(rows, product_code=code, entity_id="BANK"), CUT)
    planted = {"redemption_share": truth["base"], "sensitivity": truth["sensitivity"]}
    yield from _compared(code, EarlyWithdrawal().fit(sample), planted)


def _compared(code: str, fit: Fit | None, planted: dict[str, float]) -> Iterator[Found]:
    if fit is None:  # the history does not tell: as bad as a wrong estimate
        yield from ((f"{code} {name}", value, float("nan"), 0.0) for name, value in planted.items())
        return
    for one in fit.parameters:
        if one.name in planted:
            yield f"{code} {one.name}", planted[one.name], one.value, one.standard_error
