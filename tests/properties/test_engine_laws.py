"""Laws that hold for every book: nothing lost, nothing created, no dependence on how it is cut."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alm_pipeline.engine.arrays import CashFlowModel, EventType, Positions, RateType
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.simulation import simulate as module
from alm_pipeline.engine.simulation.events import project
from alm_pipeline.engine.simulation.setting import SimulationOptions
from tests.unit.engine.books import AS_OF, book, cohort, flat, run

CURVES = flat(0.03, 0.05, 0.01)
CUSTOMERS = cohort(
    3,
    annual_prepayment_rate=[0.06, 0.05, 0.07],
    redemption_share=[0.02, 0.03, 0.01],
    core_share=0.6,
    core_run_off_months=30,
    pass_through_up=0.4,
    pass_through_down=0.5,
    lag_months=1,
    rate_floor=0.0,
)
N_EXAMPLES = int(os.environ.get("ALM_LAW_EXAMPLES", "25"))
ROUNDING = 1e-9

LOANS = [
    CashFlowModel.BULLET,
    CashFlowModel.ANNUITY,
    CashFlowModel.LINEAR,
    CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
    CashFlowModel.SWAP_LEG,
]


@st.composite
def contracts(draw):
    """Return the terms of one contract."""
    model = draw(st.sampled_from([*LOANS, CashFlowModel.NON_MATURITY]))
    if model == CashFlowModel.NON_MATURITY:
        return {"model": model, "rate_type": RateType.ADMINISTERED, "cohort": 0, "sign": -1} | {
            "coupon_rate": draw(st.floats(0.0, 0.05)),
            "principal": draw(st.floats(1.0, 1e6)),
        }
    step = draw(st.sampled_from([1, 3, 6]))
    n_payments = draw(st.integers(1, 40))
    roll = draw(st.integers(1, 28))
    first = np.datetime64("2026-01") + draw(st.integers(0, step - 1))
    days = (first.astype("datetime64[D]") + roll - 1 - AS_OF).astype(int)
    last = (first + step * (n_payments - 1)).astype("datetime64[D]") + roll - 1 - AS_OF
    before = (first - step).astype("datetime64[D]") + roll - 1 - AS_OF
    is_floating = draw(st.booleans())
    floating = {"rate_type": RateType.FLOATING, "reset_months": step, "floor_rate": 0.0}
    return {
        "model": model,
        "sign": draw(st.sampled_from([-1, 1])),
        "principal": draw(st.floats(1.0, 1e6)),
        "coupon_rate": draw(st.floats(-0.01, 0.12)),
        "margin_rate": draw(st.floats(0.0, 0.02)),
        "day_count": draw(st.integers(0, 5)),
        "payment_months": step,
        "principal_months": step,
        "roll_day": roll,
        "next_payment_offset": int(days),
        "last_payment_offset": min(int(before.astype(int)), 0),
        "maturity_offset": int(last.astype(int)),
        "cohort": draw(st.sampled_from([-1, 0])),
        "replacement_tenor": draw(st.integers(0, 12)),
        "replacement_margin": draw(st.floats(-0.01, 0.03)),
        "group": draw(st.integers(0, 2)),
    } | (floating | {"next_reset_offset": int(days)} if is_floating else {})


def books(max_size: int = 6):
    return st.lists(contracts(), min_size=1, max_size=max_size).map(lambda rows: book(*rows))


law = settings(
    max_examples=N_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@law
@given(books())
def test_principal_is_conserved(positions: Positions):
    record = run(positions, CURVES, CUSTOMERS).principal
    into = record["opening"] + record["drawn"] + record["capitalised"]
    out = record["scheduled"] + record["prepaid"] + record["written_off"] + record["remaining"]
    assert np.allclose(into, out, rtol=ROUNDING, atol=1e-6)
    assert all((amount >= 0.0).all() for amount in record.values())


@law
@given(books())
def test_a_scenario_equal_to_the_base_is_the_base(positions: Positions):
    result = run(positions, flat(0.03, 0.03), cohort(2, core_share=0.5, core_run_off_months=9))
    assert (result.present_value[:, 0] == result.present_value[:, 1]).all()
    for income in (result.net_interest_income, result.net_interest_income_other_path):
        assert all((by_window[:, 0] == by_window[:, 1]).all() for by_window in income.values())


@law
@given(books())
def test_a_scenario_alone_equals_itself_among_others(positions: Positions):
    together = run(positions, CURVES, CUSTOMERS)
    alone = run(
        positions,
        flat(0.01, base=0.03),
        cohort(
            annual_prepayment_rate=0.07,
            redemption_share=0.01,
            core_share=0.6,
            core_run_off_months=30,
            pass_through_up=0.4,
            pass_through_down=0.5,
            lag_months=1,
            rate_floor=0.0,
        ),
    )
    assert (together.present_value[:, 2] == alone.present_value[:, 0]).all()
    assert (together.net_interest_income[24][:, 2] == alone.net_interest_income[24][:, 0]).all()


@law
@given(books())
def test_sides_swapped_are_signs_swapped(positions: Positions):
    swapped = positions.take(slice(None))
    object.__setattr__(swapped, "sign", -positions.sign)
    there, back = run(positions, CURVES, CUSTOMERS), run(swapped, CURVES, CUSTOMERS)
    assert (there.present_value == -back.present_value).all()
    assert (there.net_interest_income[12] == -back.net_interest_income[12]).all()
    gap, mirrored = there.buckets["all"], back.buckets["all"]
    assert (gap.repricing_principal == -mirrored.repricing_principal).all()


@law
@given(books())
def test_zero_rates_bring_zero_interest(positions: Positions):
    idle = positions.take(slice(None))
    for name in ("coupon_rate", "margin_rate", "replacement_margin"):
        object.__setattr__(idle, name, np.zeros(len(positions)))
    result = run(idle, flat(0.0), cohort(core_share=0.5, core_run_off_months=9))
    assert (result.buckets["all"].interest == 0.0).all()
    assert (result.net_interest_income[24] == 0.0).all()


@law
@given(books())
def test_a_doubled_book_is_worth_double(positions: Positions):
    doubled = positions.take(slice(None))
    object.__setattr__(doubled, "principal", positions.principal * 2.0)
    once, twice = run(positions, CURVES, CUSTOMERS), run(doubled, CURVES, CUSTOMERS)
    assert np.allclose(once.present_value * 2.0, twice.present_value, rtol=ROUNDING)


@law
@given(books(8), st.integers(1, 3))
def test_cutting_a_book_into_chunks_and_threads_changes_nothing(positions: Positions, size: int):
    whole = run(positions, CURVES, CUSTOMERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_SIZE", size)
        one, two = (run(positions, CURVES, CUSTOMERS, threads=n) for n in (1, 2))
    assert (whole.present_value == one.present_value).all()
    assert (one.buckets["all"].interest == two.buckets["all"].interest).all()
    assert (one.monthly["replacement"] == two.monthly["replacement"]).all()
    assert np.allclose(whole.buckets["all"].interest, one.buckets["all"].interest, rtol=ROUNDING)


@law
@given(books())
def test_the_order_of_positions_is_irrelevant(positions: Positions):
    back = np.arange(len(positions))[::-1]
    there, mirrored = (
        run(positions, CURVES, CUSTOMERS),
        run(positions.take(back), CURVES, CUSTOMERS),
    )
    assert (there.present_value == mirrored.present_value[back]).all()


@law
@given(books(3))
def test_event_rows_add_up_to_the_lenses(positions: Positions):
    result = run(positions, CURVES, CUSTOMERS)
    events = project(positions, CURVES, CUSTOMERS, SimulationOptions(as_of_date=AS_OF))
    bucket = result.buckets["all"]
    for s in range(3):
        mine = events.scenario == s
        assert np.isclose(events.interest[mine].sum(), bucket.interest[:, 0, s].sum())
        assert np.isclose(events.principal[mine].sum(), bucket.principal[:, 0, s].sum())
    cash = (events.event_type != EventType.RESET) & (events.amount == 0.0)
    assert (events.principal[cash] + events.interest[cash] != 0.0).all()


@law
@given(books())
def test_the_gap_holds_principal_and_notionals(positions: Positions):
    result = run(positions, CURVES, CUSTOMERS)
    total = result.buckets["all"].repricing_principal[:, 0].sum(axis=0)
    capitalised = (positions.sign[:, None] * result.principal["capitalised"]).sum(axis=0)
    owned = (positions.sign * positions.principal).sum()
    slack = np.abs(capitalised) + 1e-6
    assert (np.abs(total - owned) <= slack).all()


def test_index_tenors_increase():
    assert list(INDEX_TENOR_MONTHS) == sorted(INDEX_TENOR_MONTHS)


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="this is the run without compilation"
)
@pytest.mark.slow(seconds=30)
def test_the_laws_hold_without_compilation_too(root: Path):
    environment = dict(os.environ, NUMBA_DISABLE_JIT="1", ALM_LAW_EXAMPLES="2")
    tests = [__file__, "tests/unit/engine/test_agendas.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
