"""The tail of a contract gives what the same payments give with a row each.

Seeded random annuities of every kind, run twice: as the lenses ask for, and with a row for every
payment. Events, reference and oracles check the payments themselves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import MAX_OFFSET, NO_DATE, Buckets, CashFlowModel, RateType
from alm_pipeline.engine.cash_flows.records import NEVER
from alm_pipeline.engine.cash_flows.terms import empty_terms
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation import setting
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import amounts_of_each
from tests.properties.random_loans import offset
from tests.unit.engine.books import AS_OF, book, cohort, flat, run

RELATIVE = 1e-11
N_LOANS = 400
BOUNDS = np.array([1, 31, 90, 365, 500, 731, 1096, 3650, MAX_OFFSET], dtype=np.int32)
DAYS = np.arange(-400, 20000, dtype=np.int32)
WEEKENDS = DAYS[~np.is_busday(AS_OF + DAYS)]
MOVES = (BusinessDayConvention.MODIFIED_FOLLOWING, BusinessDayConvention.PRECEDING)
ADJUSTED = {"adjustments": tuple((convention, WEEKENDS) for convention in MOVES)}
READS: dict[str, dict[str, Any]] = {
    "value": {"lenses": ("value",)},
    "income": {"lenses": ("value", "income", "repricing"), "nii_paths": ("forward",)},
    "margins": {
        "lenses": ("value", "income"),
        "nii_paths": ("forward",),
        "eve_margins": "included",
    },
    "everything": {},
}


def annuity(draws: np.random.Generator) -> dict[str, Any]:
    """Return an annuity: any step and day count, fixed or floating, some with stubs and margins."""
    step, roll = int(draws.choice([1, 1, 1, 3, 6])), int(draws.integers(1, 32))
    first, n = np.datetime64("2026-01") + int(draws.integers(0, step)), int(draws.integers(2, 80))
    is_floating = bool(draws.integers(0, 2))
    return {
        "model": CashFlowModel.ANNUITY,
        "principal": 1000.0 * float(draws.integers(1, 500)),
        "coupon_rate": float(draws.choice([0.0, 0.01, 0.04, -0.002, 0.12])),
        "day_count": int(draws.choice(list(DayCount))),
        "payment_months": step,
        "principal_months": step,
        "roll_day": roll,
        "next_payment_offset": offset(first, roll),
        "last_payment_offset": offset(first - step, roll) - int(draws.choice([0, 0, 17])),
        "maturity_offset": offset(first + step * (n - 1), roll) + int(draws.choice([0, 0, 1, 11])),
        "rate_type": RateType.FLOATING if is_floating else RateType.FIXED,
        "reset_months": int(draws.choice([3, 6, 12, 60])) if is_floating else 0,
        "next_reset_offset": offset(first + int(draws.integers(0, 3)), roll)
        + int(draws.choice([0, 9])),
        "index_tenor": index_tenor("3M"),
        "floor_rate": float(draws.choice([-np.inf, 0.0])),
        "margin_rate": float(draws.choice([0.0, 0.01])),
        "replacement_margin": float(draws.choice([0.0, 0.02])),
        "payment_amount": float(draws.choice([0.0, 0.0, 0.0, 50.0, 900.0])),
        "balloon_amount": float(draws.choice([0.0, 300.0])),
        "sign": int(draws.choice([-1, 1])),
        "cohort": int(draws.choice([-1, 0])),
        "is_prepayable": bool(draws.integers(0, 2)),
        "is_redeemable": bool(draws.integers(0, 2)),
        "is_term_shortened": bool(draws.integers(0, 2)),
        "date_adjustment": int(draws.choice([0, 0, 1, 2])),
        "is_eve": bool(draws.integers(0, 5)),
    }


def of_another_kind(draws: np.random.Generator, terms: dict[str, Any]) -> dict[str, Any]:
    """Return the same dates with principal repaid another way, or none of it; or a swap leg."""
    kind = int(draws.integers(0, 8))
    if kind == 0:
        return terms | {"model": CashFlowModel.LINEAR}
    if kind == 1:
        return terms | {"model": CashFlowModel.BULLET, "principal_months": 0}
    if kind == 2:
        months = int(draws.integers(0, 60))
        end = terms["next_payment_offset"] + 30 * months
        model = CashFlowModel.INTEREST_ONLY_THEN_ANNUITY
        return terms | {"model": model, "interest_only_end_offset": end}
    if kind == 3:
        nobody = {"is_prepayable": False, "is_redeemable": False, "cohort": -1}
        leg = {"model": CashFlowModel.SWAP_LEG, "principal_months": 0, "is_term_shortened": False}
        return terms | nobody | leg
    if kind == 4:
        return terms | {"payment_months": 1, "principal_months": 3}
    return terms


def with_exceptions(draws: np.random.Generator, terms: dict[str, Any]) -> dict[str, Any]:
    """Return an annuity, half of the time with what forbids or delays a tail.

    A penalty, a lockout that has not passed, a rate fixed already, a payout in the future, no end.
    """
    kind = int(draws.integers(0, 10))
    amount = 0.0 if terms["is_term_shortened"] else float(draws.choice([0.0, 5.0]))
    start = int(draws.choice([45, 400]))
    exceptions: dict[int, dict[str, Any]] = {
        0: {"penalty_rate": 0.01, "penalty_amount": amount},
        1: {"penalty_months": 3.0, "lockout_offset": int(draws.integers(0, 900))},
        2: {"lockout_offset": int(draws.integers(0, 3000))},
        3: {"next_index_rate": float(draws.choice([0.0, 0.07]))},
        4: {
            "model": CashFlowModel.COMMITMENT,
            "start_offset": start,
            "last_payment_offset": NO_DATE,
            "next_payment_offset": terms["next_payment_offset"] + start,
            "maturity_offset": terms["maturity_offset"] + start,
            "next_reset_offset": terms["next_reset_offset"] + start,
        },
        5: {"model": CashFlowModel.BULLET, "principal_months": 0, "maturity_offset": NO_DATE},
    }
    return terms | exceptions.get(kind, {})


def line(draws: np.random.Generator) -> dict[str, Any]:
    """Return an undrawn line that the cohort draws, more of it where rates are low."""
    return {
        "model": CashFlowModel.COMMITMENT,
        "principal": 1000.0 * float(draws.integers(1, 50)),
        "maturity_offset": int(draws.integers(30, 800)),
        "cohort": 0,
    }


def long_floater(draws: np.random.Generator) -> dict[str, Any]:
    """Return an annuity over up to fifty years, whose instalment is hardly more than interest."""
    n_payments = int(draws.integers(360, 600))
    return annuity(draws) | {
        "day_count": DayCount.ACT_360,
        "payment_months": 1,
        "principal_months": 1,
        "roll_day": 28,
        "next_payment_offset": offset(np.datetime64("2026-01"), 28),
        "last_payment_offset": offset(np.datetime64("2025-12"), 28),
        "maturity_offset": offset(np.datetime64("2026-01") + n_payments, 28),
        "rate_type": RateType.FLOATING,
        "reset_months": 12,
        "next_reset_offset": offset(np.datetime64("2026-01"), 28),
        "is_prepayable": False,
        "is_term_shortened": False,
    }


def close(found: np.ndarray, wanted: np.ndarray) -> None:
    """Check that amounts agree, relative to the largest of them."""
    assert found.shape == wanted.shape
    if found.size:
        assert np.abs(found - wanted).max() <= RELATIVE * max(np.abs(wanted).max(), 1.0)


@pytest.mark.parametrize("read", READS)
def test_a_tail_gives_the_same_as_rows(read, monkeypatch):
    draws = np.random.default_rng(7)
    loans = [with_exceptions(draws, of_another_kind(draws, annuity(draws))) for _ in range(N_LOANS)]
    lines = [line(draws) for _ in range(N_LOANS // 10)]
    order = draws.permutation(len(loans) + len(lines))
    positions = book(*((loans + lines)[k] for k in order))
    behaviour = replace(
        cohort(3, annual_prepayment_rate=(0.0, 0.06, 0.2), redemption_share=0.05),
        draw_profile=np.array([[[0.1, 0.0, 0.3], [0.2, 0.1, 0.0], [0.0, 0.0, 0.4]]]),
    )
    check_tails(positions, flat(0.02, 0.05, -0.01), behaviour, read, monkeypatch)


@pytest.mark.parametrize("read", READS)
def test_an_instalment_below_the_interest_of_a_long_month_is_the_same_as_rows(read, monkeypatch):
    # at 25 % over 30 years and more a twelfth of a year is covered, 31 days of 360 are not
    draws = np.random.default_rng(5)
    positions = book(*(long_floater(draws) for _ in range(N_LOANS // 20)))
    check_tails(positions, flat(0.02, 0.25, -0.01), cohort(3), read, monkeypatch)


@pytest.mark.parametrize("read", READS)
def test_a_payment_that_moves_beyond_the_maturity_is_the_same_as_rows(read, monkeypatch):
    # the last roll day is a Saturday, the maturity the Sunday after it: Monday would be too late
    draws, months = np.random.default_rng(9), np.arange("2028-01", "2032-01", dtype="datetime64[M]")
    saturdays = [(one, roll) for one in months for roll in range(1, 28) if is_saturday(one, roll)]
    positions = book(*(until_a_sunday(draws, *one) for one in saturdays[:60]))
    check_tails(positions, flat(0.02, 0.05, -0.01), cohort(3), read, monkeypatch)


def is_saturday(month: np.datetime64, roll: int) -> bool:
    """Say whether a roll day is a Saturday; 3 January 1970 was one."""
    return int((AS_OF + offset(month, roll)).astype("datetime64[D]").astype(int) - 2) % 7 == 0


def until_a_sunday(draws: np.random.Generator, month: np.datetime64, roll: int) -> dict[str, Any]:
    """Return a monthly annuity whose last roll day is followed by the maturity."""
    return annuity(draws) | {
        "payment_months": 1,
        "principal_months": 1,
        "roll_day": roll,
        "next_payment_offset": offset(np.datetime64("2026-01"), roll),
        "last_payment_offset": offset(np.datetime64("2025-12"), roll),
        "maturity_offset": offset(month, roll) + 1,
        "rate_type": RateType.FIXED,
        "payment_amount": 0.0,
        "is_prepayable": False,
        "is_term_shortened": False,
        "date_adjustment": 1,
    }


def check_tails(positions, curves, behaviour, read, monkeypatch):
    """Run with and without tails and compare every lens."""
    buckets = (Buckets(name="bounds", upper_offset=BOUNDS),)
    together = run(positions, curves, behaviour, buckets, **ADJUSTED, **READS[read])
    tails = setting._tails
    monkeypatch.setattr(
        setting, "_tails", lambda *given: tails(*given)._replace(from_day=int(NEVER))
    )
    single = run(positions, curves, behaviour, buckets, **ADJUSTED, **READS[read])
    close(together.present_value, single.present_value)
    for months, income in single.net_interest_income.items():
        close(together.net_interest_income[months], income)
    for name in ("principal", "interest", "present_value", "repricing_principal"):
        ours = getattr(together.buckets["bounds"], name)
        close(ours, getattr(single.buckets["bounds"], name))
    for name, amounts in single.principal.items():
        close(together.principal[name], amounts)
    for name, amounts in single.monthly.items():
        close(together.monthly[name], amounts)


@pytest.mark.parametrize("read", READS)
def test_a_loan_paid_out_later_is_the_same_after_a_line_that_was_drawn(read):
    # rows are reused: what the line drew must not be left in the rows of the loan
    draws = np.random.default_rng(3)
    drawn = line(draws) | {"maturity_offset": 800}
    loan = {
        "model": CashFlowModel.COMMITMENT,
        "start_offset": 20,
        "payment_months": 1,
        "principal_months": 1,
        "next_payment_offset": 59,
        "maturity_offset": 2000,
        "roll_day": 28,
    }
    behaviour = replace(cohort(1), draw_profile=np.full((1, 20), 0.05))
    buckets = (Buckets(name="bounds", upper_offset=BOUNDS),)
    alone = run(book(loan), flat(0.02), behaviour, buckets, **READS[read])
    after = run(book(drawn, loan, group=0), flat(0.02), behaviour, buckets, **READS[read])
    close(after.present_value[1:], alone.present_value)
    for months, income in alone.net_interest_income.items():
        close(after.net_interest_income[months][..., 1:, :], income)


def test_what_each_position_adds_is_what_it_has_as_a_group_of_its_own():
    draws = np.random.default_rng(13)
    loans = [of_another_kind(draws, annuity(draws)) for _ in range(40)]
    alone = book(*(loan | {"group": k} for k, loan in enumerate(loans)))
    together = book(*(loan | {"group": k // 7} for k, loan in enumerate(loans)))
    curves, behaviour = flat(0.02, 0.05), cohort(2, annual_prepayment_rate=0.1)
    buckets = (Buckets(name="bounds", upper_offset=BOUNDS),)
    wanted = run(alone, curves, behaviour, buckets, **ADJUSTED)
    options = SimulationOptions(as_of_date=AS_OF, adjustments=ADJUSTED["adjustments"])
    ((first, found),) = amounts_of_each(together, curves, behaviour, buckets, options)
    assert first == 0
    for name in ("principal", "interest", "present_value", "repricing_principal"):
        close(getattr(found.buckets["bounds"], name), getattr(wanted.buckets["bounds"], name))
    assert found.monthly.keys() == wanted.monthly.keys()
    for name, amounts in wanted.monthly.items():
        close(found.monthly[name], amounts)


def test_records_that_held_other_terms_keep_nothing_of_them():
    # the records of a thread are overwritten chunk after chunk
    draws = np.random.default_rng(11)
    loans = [with_exceptions(draws, of_another_kind(draws, annuity(draws))) for _ in range(60)]
    positions, options = (
        book(*loans, line(draws)),
        SimulationOptions(as_of_date=AS_OF, adjustments=ADJUSTED["adjustments"]),
    )
    behaviour = replace(cohort(1), draw_profile=np.full((1, 20), 0.05))
    ready = setting.prepared(positions, flat(0.02), behaviour, (), options)
    rows = np.arange(len(positions))
    used = empty_terms(len(rows))
    used.view(np.uint8)[:] = 1
    again, fresh = ready.terms(rows, used), ready.terms(rows)
    for name in fresh.dtype.names:
        assert (again[name] == fresh[name]).all(), name
