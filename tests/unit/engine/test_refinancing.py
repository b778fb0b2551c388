"""What a new loan costs, how many refinance, and how that burns out: against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from alm_pipeline.engine.arrays import Curves, EventType
from alm_pipeline.engine.behaviour.refinancing import (
    burnout_factors,
    par_rates,
    refinanced_rates,
)
from tests.unit.engine.books import AS_OF, book, cohort, on
from tests.unit.engine.test_customers import MONTHLY, amounts


def flat_curves(*zeros: float) -> Curves:
    rates = np.array([[[zero, zero]] for zero in zeros])
    return Curves(
        tenor_days=np.array([365, 3650], np.int32), zero_rates=rates, base_zero_rates=rates[0]
    )


def test_a_new_loan_on_a_flat_curve_costs_what_a_year_grows_by():
    # with 365 days a year e^z - 1 a year is worth par; leap days make a year a 365th longer
    found = par_rates(flat_curves(0.03, 0.05), AS_OF, 24, 5)
    assert found.shape == (1, 24, 2)
    assert found[0, :, 0] == pytest.approx(np.full(24, math.expm1(0.03)), rel=2e-3)
    assert found[0, :, 1] == pytest.approx(np.full(24, math.expm1(0.05)), rel=2e-3)


def test_a_new_loan_in_a_year_is_priced_on_the_forwards():
    # 2 % for the first year, 4 % on average of two: the second year alone costs e^0.06 - 1
    rates = np.array([[[0.02, 0.04]]])
    curves = Curves(
        tenor_days=np.array([365, 730], np.int32), zero_rates=rates, base_zero_rates=rates[0]
    )
    assert par_rates(curves, AS_OF, 13, 1)[0, 0, 0] == pytest.approx(math.expm1(0.02))
    assert par_rates(curves, AS_OF, 13, 1)[0, 12, 0] == pytest.approx(math.expm1(0.06))


@pytest.mark.parametrize("saved", [-0.03, -0.01, 0.0, 0.011, 0.02, 0.05])
def test_the_curve_is_the_logistic_one_and_symmetric_about_its_midpoint(saved):
    found = refinanced_rates(np.array([saved, 0.022 - saved]), 0.22, 180.0, 0.011)
    # 1/(1+e^-x) = (1 + tanh(x/2)) / 2
    assert found[0] == pytest.approx(0.11 * (1.0 + math.tanh(90.0 * (saved - 0.011))), abs=1e-15)
    assert found.sum() == pytest.approx(0.22)


def test_what_could_have_been_saved_burns_out_and_losses_do_not():
    saved = np.array([0.012, -0.5, 0.024, 0.0])[:, None]
    found = burnout_factors(saved, 0.25, 100.0)[:, 0]
    # 0.012 / 12 x 100 = 0.1 burnt after the first month, 0.3 after the third
    expected = [1.0, *(0.25 + 0.75 * math.exp(-burnt) for burnt in (0.1, 0.1, 0.3))]
    assert found == pytest.approx(expected)
    assert (burnout_factors(saved, 1.0, 100.0) == 1.0).all()


def test_a_position_may_name_a_row_of_rates_beyond_those_of_cohorts():
    mortality = np.array([[0.01], [0.2]])  # of the cohort, and of the row that is named
    behaviour = replace(cohort(), annual_prepayment_rate=1.0 - (1.0 - mortality) ** 12)
    terms = MONTHLY | {"principal": 100.0, "maturity_offset": on("2026-03-31")}
    by_cohort = amounts(book(**terms), behaviour, EventType.PREPAYMENT)
    by_row = amounts(book(**terms, prepayment_row=1), behaviour, EventType.PREPAYMENT)
    assert by_cohort == pytest.approx([1.0, 0.99])
    assert by_row == pytest.approx([20.0, 16.0])


def test_half_a_year_prepays_what_its_months_do_from_the_first_rate_on():
    # paid in advance of the table: months before the as-of date have the first month's rate
    mortality = np.array([0.01, 0.02, 0.03, 0.04])
    yearly = 1.0 - (1.0 - mortality) ** 12
    behaviour = replace(cohort(), annual_prepayment_rate=yearly[None, :, None])
    terms = MONTHLY | {
        "payment_months": 6,
        "last_payment_offset": on("2025-09-30"),
        "next_payment_offset": on("2026-03-31"),
    }
    positions = book(principal=100.0, maturity_offset=on("2026-09-30"), **terms)
    kept = 0.99**4 * 0.98 * 0.97
    assert amounts(positions, behaviour, EventType.PREPAYMENT) == pytest.approx([100 * (1 - kept)])
