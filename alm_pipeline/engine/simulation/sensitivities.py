"""How much each position's value and income move with rates: durations, DV01, key rates, basis.

Central differences of full revaluations, with behaviour and margins as in the base: the book is
valued once under all shifted curves side by side, its income of twelve months with it. Rates are
continuous zero rates, so durations need no ``1 + y``. Effective measures let floating rates follow
the shifted curve; Macaulay's keeps the full cash flows and moves only their discounting, margin
included. Key rates are hat functions between neighbouring key tenors, flat beyond the outer ones,
so that they add up to the parallel shift. An index alone moves what floating rates earn and no
discounting; rates that a bank sets itself are no index.

What does not belong here: totals by product or currency, limits, duration gaps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alm_pipeline.engine.arrays import (
    NO_CODE,
    Behaviour,
    Curves,
    FloatArray,
    IntArray,
    Positions,
    RateType,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.errors import CalculationError

BASIS_POINT = 1e-4


@dataclass(frozen=True, kw_only=True)
class Sensitivities:
    """Rate sensitivities of ``n`` positions, in contract currency, signed by the bank's side.

    Attributes
    ----------
    present_value : (n,) float64
    dv01 : (n,) float64
        Change in value when all zero rates fall by one basis point.
    curvature : (n,) float64
        Second derivative of the value by the parallel shift [currency per unit of rate squared].
    yield_value, yield_dv01 : (n,) float64
        The full cash flows discounted with their margin, and its change when only that discounting
        falls by one basis point.
    key_rate_dv01 : (n, n_keys) float64
        Change in value when one key rate falls by one basis point.
    index_dv01 : (n,) float64
        Change in value when the position's index alone falls by one basis point.
    nii_dv01, nii_index_dv01 : (n,) float64
    nii_key_rate_dv01 : (n, n_keys) float64
        The same of the net interest income of twelve months, along the chosen path; what amortises
        of premiums hardly moves with rates and is left out.
    """

    present_value: FloatArray
    dv01: FloatArray
    curvature: FloatArray
    yield_value: FloatArray
    yield_dv01: FloatArray
    key_rate_dv01: FloatArray
    index_dv01: FloatArray
    nii_dv01: FloatArray
    nii_index_dv01: FloatArray
    nii_key_rate_dv01: FloatArray

    @property
    def effective_duration(self) -> FloatArray:
        """Return the effective duration [years], NaN where the value is zero."""
        return self.dv01 / (BASIS_POINT * _whole(self.present_value))

    @property
    def convexity(self) -> FloatArray:
        """Return the convexity [years squared], NaN where the value is zero."""
        return self.curvature / _whole(self.present_value)

    @property
    def macaulay_duration(self) -> FloatArray:
        """Return Macaulay's duration [years], NaN where the value is zero."""
        return self.yield_dv01 / (BASIS_POINT * _whole(self.yield_value))

    @property
    def modified_duration(self) -> FloatArray:
        """Return the modified duration [years]: Macaulay's, because rates are continuous."""
        return self.macaulay_duration


def sensitivities(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    options: SimulationOptions,
    key_tenor_days: IntArray,
    agendas: AgendaTables | None = None,
) -> Sensitivities:
    """Return the sensitivities of every position on the base curves.

    Parameters
    ----------
    positions : Positions
    curves : Curves
        One scenario.
    behaviour : Behaviour
        Of that scenario; it is the same under every shift.
    options : SimulationOptions
    key_tenor_days : (n_keys,) int32 [days]
        Increasing.
    agendas : AgendaTables, optional

    Raises
    ------
    CalculationError
        If there is more than one scenario, or the key tenors do not increase.
    """
    if curves.n_scenarios != 1 or (np.diff(key_tenor_days) <= 0).any():
        raise CalculationError(
            "sensitivities need one scenario and increasing key tenors",
            detail=f"{curves.n_scenarios} scenarios, tenors {list(key_tenor_days)}",
            fix="give the base curves and sorted tenors",
        )
    own = _with_indices_apart(positions, curves.n_curves)
    moved = _moved(curves, _hats(curves.tenor_days, key_tenor_days))
    measured = replace(options.along_chosen_path(), lenses=("value", "income"))
    made = _run(own, moved, behaviour, measured, agendas)
    value, income = made.present_value, made.net_interest_income[12]
    by_value, by_income = _central(value), _central(income)
    yield_value, yield_dv01 = _by_yield(positions, curves, behaviour, options, agendas)
    return Sensitivities(
        present_value=value[:, 0],
        dv01=by_value[:, 0],
        curvature=(value[:, 1] + value[:, 2] - 2.0 * value[:, 0]) / BASIS_POINT**2,
        yield_value=yield_value,
        yield_dv01=yield_dv01,
        key_rate_dv01=by_value[:, 2:],
        index_dv01=by_value[:, 1],
        nii_dv01=by_income[:, 0],
        nii_index_dv01=by_income[:, 1],
        nii_key_rate_dv01=by_income[:, 2:],
    )


def _whole(value: FloatArray) -> FloatArray:
    return np.where(value == 0.0, np.nan, value)


def _hats(tenor_days: IntArray, key_tenor_days: IntArray) -> FloatArray:
    """Return the weight of every node in every key rate, (n_keys, n_nodes)."""
    identity = np.eye(len(key_tenor_days))
    return np.array([np.interp(tenor_days, key_tenor_days, row) for row in identity])


def _with_indices_apart(positions: Positions, n_curves: int) -> Positions:
    """Return positions whose floating rates read their index from a second set of curves."""
    is_apart = (positions.rate_type == RateType.FLOATING) & (positions.index_curve != NO_CODE)
    index_curve = positions.index_curve + is_apart * n_curves
    return replace(positions, index_curve=index_curve.astype(positions.index_curve.dtype))


def _moved(curves: Curves, hats: FloatArray) -> Curves:
    """Return the base, then pairs up and down: all rates, indices alone, each key rate.

    Every curve stands twice, the second time for indices alone; what clients remember stays.
    """
    everywhere, alone = np.ones((2, 1)), np.array([[0.0], [1.0]])
    flat = np.ones(len(curves.tenor_days))
    moves = np.array([everywhere * flat, alone * flat, *(everywhere * hat for hat in hats)])
    pairs = BASIS_POINT * np.stack([moves, -moves], axis=1).reshape(-1, *moves.shape[1:])
    every = np.concatenate([np.zeros((1, *moves.shape[1:])), pairs])
    shifted = curves.zero_rates[0][None] + every[:, :, None, :]
    return replace(
        curves,
        zero_rates=shifted.reshape(len(every), -1, len(curves.tenor_days)),
        base_zero_rates=np.concatenate([curves.base_zero_rates] * 2),
        index_year_days=np.concatenate([curves.index_year_days] * 2),
    )


def _central(amounts: FloatArray) -> FloatArray:
    """Return what each pair makes of a fall by one basis point, (n, n_pairs)."""
    return np.asarray((amounts[:, 2::2] - amounts[:, 1::2]) / 2.0)


def _run(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    options: SimulationOptions,
    agendas: AgendaTables | None,
) -> SimulationResult:
    """Return a pass in which nobody behaves otherwise than in the base."""
    frozen = behaviour.repeated(curves.n_scenarios)
    return simulate(positions, curves, frozen, (), options, agendas)


def _by_yield(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    options: SimulationOptions,
    agendas: AgendaTables | None,
) -> tuple[FloatArray, FloatArray]:
    """Return the full cash flows discounted with their margin, and its change per basis point.

    A margin moves the discounting and no cash flow: its derivative is Macaulay's.
    """
    included = replace(options, eve_margins="included", lenses=("value",))
    base, up, down = (
        _run(
            replace(positions, margin_rate=positions.margin_rate + move),
            curves,
            behaviour,
            included,
            agendas,
        ).present_value[:, 0]
        for move in (0.0, BASIS_POINT, -BASIS_POINT)
    )
    return base, (down - up) / 2.0
