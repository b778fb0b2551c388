"""Laws of value on the demo bank: what must hold of any book, whatever its numbers are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from alm_pipeline.demo import write_demo_bank
from alm_pipeline.engine.arrays import Behaviour, CashFlowModel, Curves, FloatArray, Positions
from alm_pipeline.engine.cash_flows.accepted_terms import has_option, without_options
from alm_pipeline.engine.simulation.sensitivities import Sensitivities, sensitivities
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.orchestration.customers import customers_of
from alm_pipeline.orchestration.markets import curves_of, markets_of
from alm_pipeline.orchestration.simulation import (
    month_book,
    options_of,
    pass_inputs,
    without_behaviour,
)
from alm_pipeline.reporting.explanation import KEY_TENOR_YEARS
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, write_folder

MOVE = 0.0025
DERIVATIVES = (CashFlowModel.SWAP_LEG, CashFlowModel.CAP_FLOOR)


@dataclass(frozen=True)
class Demo:
    """The book of the demo bank in the base, and how it is run."""

    book: EngineBook
    curves: Curves
    behaviour: Callable[[int], Behaviour]
    options: SimulationOptions

    def values(
        self, *moves: float, positions: Positions | None = None, is_agreed: bool = False
    ) -> FloatArray:
        """Return values with options intrinsic, (n, moves), under parallel moves of all curves."""
        rates = np.concatenate([self.curves.zero_rates + move for move in moves])
        assumed = self.behaviour(len(moves))
        made = simulate(
            self.book.positions if positions is None else positions,
            replace(self.curves, zero_rates=rates),
            without_behaviour(assumed) if is_agreed else assumed,
            (),
            self.options,
            self.book.agendas,
        )
        return made.present_value

    def sensitivities(
        self, positions: Positions | None = None, *, is_agreed: bool = False
    ) -> Sensitivities:
        return sensitivities(
            self.book.positions if positions is None else positions,
            self.curves,
            without_behaviour(self.behaviour(1)) if is_agreed else self.behaviour(1),
            self.options,
            np.array(KEY_TENOR_YEARS, dtype=np.int32) * 365,
            self.book.agendas,
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = write_folder(tmp_path_factory.mktemp("laws") / "bank", (BASE,))
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=2_000, seed=3)
    assert folder.close().failures == ()
    bank, partition = folder.bank, Partition(DAY, BASE)
    pass_inputs(bank, partition)
    markets = markets_of(bank, partition, (BASE,))
    book = month_book(bank, partition, markets)
    options = options_of(bank, partition, book, ("value",))
    curves = curves_of(markets, (BASE,))
    held = customers_of(bank, partition, book, curves, (BASE,))
    return Demo(held.book, curves, held.behaviour.repeated, options)


@pytest.mark.slow(seconds=60)
def test_key_rates_of_the_demo_bank_add_up_to_the_parallel_shift(demo: Demo):
    found = demo.sensitivities()
    gross = np.abs(found.dv01).sum()
    assert gross > 0.0
    assert abs(found.key_rate_dv01.sum() - found.dv01.sum()) <= 0.005 * gross
    assert np.abs(found.key_rate_dv01.sum(axis=1) - found.dv01).sum() <= 0.005 * gross


@pytest.mark.slow(seconds=10)
def test_a_shock_of_nothing_changes_nothing(demo: Demo):
    base, same = demo.values(0.0, 0.0).T
    assert np.array_equal(base, same)


@pytest.mark.slow(seconds=10)
def test_without_options_and_behaviour_up_and_down_leave_the_convexity(demo: Demo):
    bare = without_options(demo.book.positions)
    base, up, down = demo.values(0.0, MOVE, -MOVE, positions=bare, is_agreed=True).sum(axis=0)
    curvature = demo.sensitivities(bare, is_agreed=True).curvature.sum()
    convexity = curvature * MOVE**2
    assert (up - base) + (down - base) == pytest.approx(convexity, rel=0.01)


@pytest.mark.slow(seconds=10)
def test_duration_and_convexity_explain_25_basis_points(demo: Demo):
    bare = without_options(demo.book.positions)
    values = demo.values(0.0, MOVE, -MOVE, positions=bare, is_agreed=True)
    moved = demo.sensitivities(bare, is_agreed=True)
    is_asset = (bare.sign > 0) & ~np.isin(bare.model, DERIVATIVES)
    assets = values[is_asset, 0].sum()
    by_duration = moved.dv01.sum() * MOVE / 1e-4
    convexity = 0.5 * moved.curvature.sum() * MOVE**2
    base, up, down = values.sum(axis=0)
    assert abs(up - base - (convexity - by_duration)) <= 1e-4 * assets
    assert abs(down - base - (convexity + by_duration)) <= 1e-4 * assets
    assert abs(up - base) > 1e-3 * assets  # ten times what may be left over


@pytest.mark.slow(seconds=10)
def test_up_and_down_differ_by_what_was_switched_off_alone(demo: Demo):
    held = demo.book.positions
    bare = without_options(held)
    whole = demo.values(0.0, MOVE, -MOVE)
    off = demo.values(0.0, MOVE, -MOVE, positions=bare, is_agreed=True)
    is_plain = ~has_option(held) & (held.cohort < 0)
    assert is_plain.sum() > 100
    assert np.array_equal(whole[is_plain], off[is_plain])
    assert not np.array_equal(whole, off)
