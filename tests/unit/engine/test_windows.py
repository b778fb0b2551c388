"""Income windows: two or three, of any length, made of the same months."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alm_pipeline.engine.arrays import RateType
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.errors import CalculationError
from tests.unit.engine.books import AS_OF, book, cohort, flat, on

OPTIONS = SimulationOptions(as_of_date=AS_OF)
BOOK = book(
    {"maturity_offset": on("2027-06-30"), "next_payment_offset": on("2026-06-30"),
     "payment_months": 6},
    {"rate_type": RateType.FLOATING, "payment_months": 3, "reset_months": 3,
     "next_payment_offset": on("2026-03-31"), "next_reset_offset": on("2026-03-31"),
     "maturity_offset": on("2030-12-31"), "index_tenor": index_tenor("3M")},
)  # fmt: skip


def test_three_windows_hold_what_two_hold_and_the_months_of_both_are_the_same():
    two = simulate(BOOK, flat(0.03, 0.05), cohort(2), (), OPTIONS)
    longer = replace(OPTIONS, window_months=(12, 24, 36))
    three = simulate(BOOK, flat(0.03, 0.05), cohort(2), (), longer)
    for months in (12, 24):
        assert np.array_equal(two.net_interest_income[months], three.net_interest_income[months])
    assert np.array_equal(two.monthly["interest"], three.monthly["interest"][:, :24])
    by_month = (three.monthly["interest"] + three.monthly["replacement"]).sum(axis=1)
    whole = three.net_interest_income[36].sum(axis=0)
    assert by_month.sum(axis=0) == pytest.approx(whole, abs=1e-9)
    assert (whole > three.net_interest_income[24].sum(axis=0)).all()


@pytest.mark.parametrize("windows", [(12,), (24, 12), (0, 12), (1, 3), (6, 12, 18, 24)])
def test_windows_that_do_not_increase_or_are_too_many_or_too_short_are_refused(windows):
    with pytest.raises(CalculationError, match="window"):
        replace(OPTIONS, window_months=windows)
