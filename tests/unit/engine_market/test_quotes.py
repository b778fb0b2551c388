"""Which payments a quote promises, and on which day a tenor ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.market.quotes import ParInstrument, par_instruments
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.errors import CalculationError, MarketDataError

MID_MONTH = np.datetime64("2026-10-15")
MONTH_END = np.datetime64("2026-02-28")


def quotes(*rows: tuple[Any, ...]) -> dict[str, np.ndarray]:
    """Quotes of one curve: instrument, tenor, quote, day count, payment frequency."""
    names = ("instrument", "tenor", "quote", "day_count", "payment_freq")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return {
        name: np.array(values, dtype=float if name == "quote" else object)
        for name, values in columns.items()
    }


def par_quote(*row: Any) -> ParInstrument:
    (found,) = par_instruments(MID_MONTH, quotes(row))
    assert isinstance(found, ParInstrument)
    return found


def test_a_deposit_pays_once_over_the_days_of_its_day_count():
    deposit = par_quote("deposit", "3M", 0.04, "act_360", None)
    # 15 October 2026 to 15 January 2027: 92 days
    assert deposit.pay_days.tolist() == [92]
    assert deposit.accrual_years.tolist() == [pytest.approx(92 / 360)]


def test_an_annual_swap_of_eighteen_months_has_its_broken_period_first():
    swap = par_quote("ois", "18M", 0.04, "act_360", "P1Y")
    # payments on 15 April 2027 (182 days) and 15 April 2028 (182 + 366 days)
    assert swap.pay_days.tolist() == [182, 548]
    np.testing.assert_allclose(swap.accrual_years, [182 / 360, 366 / 360])


def test_a_par_bond_pays_half_its_yield_every_half_year():
    bond = par_quote("bond", "2Y", 0.04, "act_act_isda", "P6M")
    assert bond.pay_days.tolist() == [182, 365, 548, 731]
    assert bond.accrual_years.tolist() == [0.5, 0.5, 0.5, 0.5]


def test_a_par_yield_of_three_months_is_simple_interest_for_a_quarter():
    bill = par_quote("bond", "3M", 0.04, "act_act_isda", "P6M")
    assert bill.pay_days.tolist() == [92]
    assert bill.accrual_years.tolist() == [0.25]


def test_quotes_are_sorted_by_maturity():
    found = par_instruments(
        MID_MONTH,
        quotes(("ois", "2Y", 0.04, "act_360", "P1Y"), ("deposit", "1W", 0.03, "act_360", "")),
    )
    assert [one.maturity_days for one in found] == [7, 731]


def test_tenors_from_a_month_end_end_on_month_ends():
    # 28 February 2026 to 31 March (31), 31 May (92) and 28 February 2027 (365)
    assert tenor_offsets(MONTH_END, ["1D", "2W", "1M", "3M", "1Y"]).tolist() == [1, 14, 31, 92, 365]


def test_a_tenor_ends_on_the_last_day_of_a_shorter_month():
    # 30 January 2026 to 28 February: 29 days
    assert tenor_offsets(np.datetime64("2026-01-30"), ["1M"]).tolist() == [29]


@pytest.mark.parametrize("text", ["ON", "", "3", "0D", "-1M"])
def test_a_text_that_is_no_tenor_is_refused(text: str):
    with pytest.raises(CalculationError, match="to fix"):
        tenor_offsets(MONTH_END, [text])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("spread", "3M", 0.04, "act_360", None), "instrument spread"),
        (("ois", "2Y", 0.04, "act_360", None), "no payment frequency"),
        (("deposit", "3M", 0.04, "act_999", None), "day count 'act_999'"),
    ],
)
def test_a_quote_that_cannot_be_read_is_refused_by_name(row: tuple[Any, ...], words: str):
    with pytest.raises(MarketDataError, match=words):
        par_instruments(MID_MONTH, quotes(row))


def test_two_quotes_for_one_maturity_are_refused():
    with pytest.raises(MarketDataError, match="same day"):
        par_instruments(
            MID_MONTH,
            quotes(
                ("deposit", "1Y", 0.04, "act_360", None), ("ois", "12M", 0.04, "act_360", "P1Y")
            ),
        )
