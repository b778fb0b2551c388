"""Contracts with schedules of their own: the same lenses, and the same numbers where grids meet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from alm_pipeline.engine.arrays import CashFlowModel, Positions, RateType
from alm_pipeline.engine.cash_flows.agenda import Action, AgendaTables, joined_agendas
from alm_pipeline.engine.cash_flows.contract import Contract, Kind
from alm_pipeline.engine.cash_flows.step import agenda_of
from alm_pipeline.engine.cash_flows.steps import steps_of
from alm_pipeline.engine.conventions.cycle import Cycle, Grid
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import years_between
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from tests.unit.engine.books import AS_OF, book, cohort, flat, on, one_bucket

STATUS = datetime.fromisoformat("2025-12-31")
END = datetime.fromisoformat("2027-12-31")
QUARTERS = Grid(datetime.fromisoformat("2026-03-31"), Cycle(months=3))
EXACT = 1e-12

GRID = {
    "payment_months": 3,
    "next_payment_offset": on("2026-03-31"),
    "maturity_offset": on("2027-12-31"),
    "is_end_of_month": True,
}


def agreed(kind: Kind, **terms: Any) -> Contract:
    """Return the contract of 100 at 5 % that pays at quarter ends until December 2027."""
    plain: dict[str, Any] = {
        "kind": kind,
        "status_date": STATUS,
        "start_date": datetime.fromisoformat("2025-01-31"),
        "maturity_date": END,
        "principal": 100.0,
        "rate": 0.05,
        "accrued_interest": 0.0,
        "interest": QUARTERS,
        "is_end_of_month": True,
        "year_fraction": lambda a, b: years_between(
            DayCount.THIRTY_E_360, np.datetime64(a.date(), "D"), np.datetime64(b.date(), "D")
        ),
    }
    return Contract(**plain | terms)


def tables(*contracts: Contract, prepays: bool = False) -> AgendaTables:
    """Return the agendas of a book of these contracts; customers prepay at each payment."""
    found = {}
    for row, contract in enumerate(contracts):
        entries, days = agenda_of(steps_of(contract), STATUS)
        if prepays:
            is_paid = (entries.action == Action.PAY_INTEREST) & (entries.day < entries.day.max())
            entries.prepayment_years = np.where(is_paid, 0.25, 0.0)
        found[row] = entries, days
    return joined_agendas(len(contracts), found)


def results(positions: Positions, agendas: AgendaTables | None, behaviour: Any = None) -> Any:
    curves = flat(0.03, 0.05)
    return simulate(
        positions,
        curves,
        behaviour or cohort(2),
        (one_bucket(),),
        SimulationOptions(as_of_date=AS_OF),
        agendas,
    )


def assert_same(one: Any, other: Any) -> None:
    assert one.present_value == pytest.approx(other.present_value, rel=EXACT)
    for months in (12, 24):
        income, expected = one.net_interest_income[months], other.net_interest_income[months]
        assert income == pytest.approx(expected, rel=1e-9)
    for item, amounts in one.principal.items():
        assert amounts == pytest.approx(other.principal[item], rel=EXACT, abs=1e-10)


@pytest.mark.parametrize(
    ("kind", "terms", "more"),
    [
        (Kind.BULLET, {}, {}),
        (
            Kind.LINEAR,
            {"model": CashFlowModel.LINEAR, "principal_months": 3, "payment_amount": 12.5},
            {"redemption": QUARTERS, "payment": 12.5},
        ),
        (
            Kind.ANNUITY,
            {"model": CashFlowModel.ANNUITY, "principal_months": 3, "payment_amount": 13.0},
            {"redemption": QUARTERS, "payment": 13.0},
        ),
        (
            Kind.BULLET,
            {
                "rate_type": RateType.FLOATING,
                "reset_months": 3,
                "next_reset_offset": on("2026-03-31"),
                "spread_rate": 0.01,
                "index_tenor": index_tenor("3M"),
            },
            {"reset": QUARTERS, "spread": 0.01, "index_cycle": Cycle(months=3)},
        ),
    ],
    ids=["bullet", "linear", "annuity", "floater"],
)
def test_an_agenda_on_a_grid_gives_what_the_grid_gives(kind, terms, more):
    positions = book(GRID | terms)
    assert_same(results(positions, tables(agreed(kind, **more))), results(positions, None))


def test_customers_prepay_along_an_agenda_as_they_do_along_a_grid():
    terms = {"model": CashFlowModel.LINEAR, "principal_months": 3, "payment_amount": 12.5}
    positions = book(GRID | terms | {"cohort": 0})
    prepaying = cohort(2, annual_prepayment_rate=(0.1, 0.2))
    contract = agreed(Kind.LINEAR, redemption=QUARTERS, payment=12.5)
    given = results(positions, tables(contract, prepays=True), prepaying)
    assert_same(given, results(positions, None, prepaying))
    assert given.principal["prepaid"].min() > 0.0


def test_interest_is_rounded_to_the_cent_and_the_last_payment_takes_the_rest():
    # 100 at 5 %, 30E/360 quarters, instalment 34.17. Quarter 1: 1.25 interest, 32.92 principal,
    # 67.08 left. Quarter 2: 0.8385 -> 0.84, 33.33, 33.75 left. Quarter 3, the last: 0.421875 ->
    # 0.42 and all that is left, 33.75.
    contract = agreed(
        Kind.ANNUITY,
        maturity_date=datetime.fromisoformat("2026-09-30"),
        redemption=QUARTERS,
        payment=34.17,
        unit=0.01,
    )
    positions = book(
        GRID
        | {"maturity_offset": on("2026-09-30"), "payment_amount": 34.17, "principal_months": 3},
        model=CashFlowModel.ANNUITY,
    )
    found = results(positions, tables(contract))
    discount = np.exp(
        -0.03 * np.array([on("2026-03-31"), on("2026-06-30"), on("2026-09-30")]) / 365
    )
    cash = np.array([34.17, 34.17, 34.17])
    assert found.present_value[0, 0] == pytest.approx(float(cash @ discount), rel=1e-12)
