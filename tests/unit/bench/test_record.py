"""The record of one measurement: its form, and its checks against other arithmetic."""

from __future__ import annotations

import json
import math
from dataclasses import fields

import numpy as np
import pytest

from alm_pipeline import __version__
from alm_pipeline.bench.__main__ import main
from alm_pipeline.bench.measure import checks, prepared_work
from alm_pipeline.bench.positions import accrued_interest, as_positions, next_reset_offsets
from alm_pipeline.bench.work_item import AS_OF_MONTH, Book, Kind, make_book
from alm_pipeline.engine.arrays import NO_DATE
from tests.unit.bench.day_by_day import slow_checks

OF_OTHER_ARITHMETIC = 1e-10  # relative; two orders of additions differ by less
KEYS = ["tool", "version", "task", "threads", "n", "rows", "seconds_median", "seconds"]
KEYS += ["contracts_per_s", "rows_per_s", "checks", "sha"]

# A deposit of 1,000 at 3 % over twelve months, made on the as-of date; ACT/365F; spread 1 %.
DEPOSIT = {
    "number": 0,
    "kind": Kind.TERM_DEPOSIT,
    "sign": -1,
    "day_count": 2,
    "roll_day": 31,
    "payment_months": 12,
    "reset_months": 0,
    "issue_month": AS_OF_MONTH,
    "term_months": 12,
    "elapsed_months": 0,
    "last_payment_month": AS_OF_MONTH,
    "payments_left": 1,
    "principal": 1000.0,
    "coupon_rate": 0.03,
    "spread_rate": 0.01,
}


def one_contract(**terms: float) -> Book:
    return Book(**{item.name: np.array([(DEPOSIT | terms)[item.name]]) for item in fields(Book)})


@pytest.fixture(scope="module")
def fast_and_slow():
    work = prepared_work(make_book(60))
    return checks(work, work.run()), slow_checks(work.book)


@pytest.mark.parametrize("name", ["sum_pv", "eve", "cf_bucket", "nii12", "nii24"])
def test_checks_are_those_of_a_loop_over_dates(fast_and_slow, name):
    fast, slow = fast_and_slow
    assert fast[name] == pytest.approx(slow[name], rel=OF_OTHER_ARITHMETIC)


def test_a_deposit_by_hand():
    # Paid on 31 December 2026, day 365: 1,000 + 30. Zero rates 2.12 % at one year, 2.20 % at two.
    work = prepared_work(one_contract())
    found = checks(work, work.run())
    value = 1030.0 * math.exp(-0.0212)
    assert found["eve"][0] == pytest.approx(-value, abs=1e-9)
    assert found["sum_pv"][0] == pytest.approx(value, abs=1e-9)
    assert found["cf_bucket"] == [0.0, 0.0, 0.0, 0.0]
    assert found["nii12"][0] == pytest.approx(-30.0, abs=1e-9)


def test_the_second_year_of_a_deposit_by_hand():
    work = prepared_work(one_contract())
    found = checks(work, work.run())
    # second year: the forward from 365 to 730 days, exp(0.044 - 0.0212) - 1, and the spread of 10
    second = 1000.0 * (math.exp(0.0440 - 0.0212) - 1.0) + 10.0
    assert found["nii24"][0] == pytest.approx(-30.0 - second, abs=1e-9)


def test_interest_of_the_days_gone_is_accrued_by_actual_days():
    # Made on 31 March 2025 for a year: 275 of 365 days are gone, of interest 30.
    book = one_contract(issue_month=AS_OF_MONTH - 9, last_payment_month=AS_OF_MONTH - 9)
    position = as_positions(book)
    assert position.accrued_interest[0] == pytest.approx(30.0 * 275 / 365, abs=1e-12)
    start, end = np.array([-275], dtype=np.int32), np.array([90], dtype=np.int32)
    assert accrued_interest(book, start, end)[0] == position.accrued_interest[0]


def test_resets_step_from_the_month_of_issue_and_end_before_the_maturity():
    # Issued in August 2025 on the 15th: the third month after is November, the next February 2026.
    loan = {"kind": Kind.FLOATING_LOAN, "payment_months": 1, "reset_months": 3, "roll_day": 15}
    loan |= {"issue_month": AS_OF_MONTH - 4, "last_payment_month": AS_OF_MONTH}
    assert next_reset_offsets(one_contract(**loan, term_months=60)).tolist() == [46]
    assert next_reset_offsets(one_contract(**loan, term_months=6)).tolist() == [NO_DATE]


def test_a_replacement_margin_earns_the_spread_over_365_days():
    margin = as_positions(one_contract()).replacement_margin[0]
    assert margin / 360.0 == pytest.approx(0.01 / 365.0, rel=1e-15)


def test_standard_output_is_one_record_and_nothing_else(capsys):
    main(["--n", "50", "--threads", "2", "--repeat", "3"])
    (record,) = json.loads(capsys.readouterr().out)
    assert list(record) == KEYS
    said = {name: record[name] for name in ("tool", "version", "task", "threads", "n")}
    assert said == {
        "tool": "ALM Pipeline", "version": __version__, "task": "BCD", "threads": 2, "n": 50
    }  # fmt: skip
    book = make_book(50)
    assert record["rows"] == int(book.payments_left.sum())
    assert record["sha"] == book.fingerprint
    assert {name: len(numbers) for name, numbers in record["checks"].items()} == {
        "sum_pv": 7, "eve": 7, "cf_bucket": 4, "nii12": 7, "nii24": 7
    }  # fmt: skip


def test_rates_follow_from_the_median_of_the_repetitions(capsys):
    main(["--n", "50", "--repeat", "3"])
    (record,) = json.loads(capsys.readouterr().out)
    assert len(record["seconds"]) == 3
    median = sorted(record["seconds"])[1]
    assert record["seconds_median"] == pytest.approx(median, abs=1e-6)  # printed to the microsecond
    assert record["contracts_per_s"] * record["seconds_median"] == pytest.approx(50)
    assert record["rows_per_s"] * record["seconds_median"] == pytest.approx(record["rows"])


@pytest.mark.parametrize("given", [["--n", "0"], ["--n", "50", "--close"], ["--repeat", "-1"]])
def test_what_cannot_be_measured_is_refused(given, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(given)
    assert refusal.value.code == 2
    assert capsys.readouterr().out == ""
