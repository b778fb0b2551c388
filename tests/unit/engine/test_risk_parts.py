"""Moves of curves taken apart, on moves whose parts are known."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.engine.scenarios.risk_parts import risk_parts
from alm_pipeline.engine.scenarios.shocks import ShockShape, ShockSize, shock_bp

TENORS = np.array([1, 91, 365, 1825, 3650, 10950])
LEVELS = np.array([1.0, 365.0, 1825.0, 3650.0])
MAIN = np.array([0, 0, 2])


def test_a_parallel_move_is_parallel_and_nothing_else():
    moves = np.full((1, 3, 6), 0.02)
    parts = risk_parts(moves, MAIN, TENORS, LEVELS)
    assert (parts.parallel == moves).all()
    assert (parts.shape == 0.0).all()
    assert (parts.basis == 0.0).all()


def test_the_level_is_the_average_at_the_levels_and_the_rest_is_shape():
    # 4, 2, 0 and -2 at the four levels: 1 on average
    curve = np.array([4.0, 3.0, 2.0, 0.0, -2.0, -2.0]) / 100.0
    parts = risk_parts(np.array([[curve] * 3]), MAIN, TENORS, LEVELS)
    assert parts.parallel[0, 0] == pytest.approx(np.full(6, 0.01))
    assert parts.shape[0, 0] == pytest.approx(curve - 0.01)
    assert np.interp(LEVELS, TENORS, parts.shape[0, 0]).mean() == pytest.approx(0.0, abs=1e-17)


def test_what_a_curve_does_beside_its_main_curve_is_basis():
    moves = np.zeros((1, 3, 6))
    moves[0, 0], moves[0, 1] = 0.01, 0.013
    parts = risk_parts(moves, MAIN, TENORS, LEVELS)
    assert parts.basis[0, 1] == pytest.approx(np.full(6, 0.003))
    assert parts.parallel[0, 1] == pytest.approx(np.full(6, 0.01))
    assert (parts.parallel[0, 2] == 0.0).all()


def test_parts_add_up_to_the_move():
    random = np.random.default_rng(7)
    moves = random.normal(0.0, 0.01, (5, 3, 6))
    assert sum(risk_parts(moves, MAIN, TENORS, LEVELS)) == pytest.approx(moves, abs=1e-15)


def test_the_steepener_tilts_around_its_average():
    # -0.65 |short| + 0.9 |long| of 300 and 150: falls at the short end, rises at the long one
    years = TENORS / 365.0
    shape = ShockShape(short=-0.65, long=0.9)
    bp = shock_bp(years, shape, ShockSize(parallel=200.0, short=300.0, long=150.0))
    parts = risk_parts(bp[None, None] / 1e4, np.array([0]), TENORS, LEVELS)
    assert parts.shape[0, 0, 0] < 0.0 < parts.shape[0, 0, -1]
