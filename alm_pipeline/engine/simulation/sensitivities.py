"""How much each position's value moves with rates: durations, convexity, DV01, key rates.

Central differences of full revaluations, with behaviour and margins as in the base: the book is
valued once under all shifted curves side by side. Rates are continuous zero rates, so durations
need no ``1 + y``. Effective measures let floating rates follow the shifted curve; Macaulay's keeps
the full cash flows and moves only their discounting, margin included. Key rates are hat functions
between neighbouring key tenors, flat beyond the outer ones, so that they add up to the parallel
shift.

What does not belong here: totals by product or currency, limits, duration gaps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import (
    Behaviour,
    Curves,
    FloatArray,
    IntArray,
    Positions,
)
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
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
    """

    present_value: FloatArray
    dv01: FloatArray
    curvature: FloatArray
    yield_value: FloatArray
    yield_dv01: FloatArray
    key_rate_dv01: FloatArray

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
    hats = _hats(curves.tenor_days, key_tenor_days)
    parallel = np.ones((1, len(curves.tenor_days)))
    moves = BASIS_POINT * np.concatenate([0.0 * parallel, parallel, -parallel, hats, -hats])
    value = _values(positions, _moved(curves, moves), behaviour, options, agendas)
    base, up, down = value[:, 0], value[:, 1], value[:, 2]
    key_up, key_down = np.split(value[:, 3:], 2, axis=1)
    yield_value, yield_dv01 = _by_yield(positions, curves, behaviour, options, agendas)
    return Sensitivities(
        present_value=base,
        dv01=(down - up) / 2.0,
        curvature=(up + down - 2.0 * base) / BASIS_POINT**2,
        yield_value=yield_value,
        yield_dv01=yield_dv01,
        key_rate_dv01=(key_down - key_up) / 2.0,
    )


def _whole(value: FloatArray) -> FloatArray:
    return np.where(value == 0.0, np.nan, value)


def _hats(tenor_days: IntArray, key_tenor_days: IntArray) -> FloatArray:
    """Return the weight of every node in every key rate, (n_keys, n_nodes)."""
    identity = np.eye(len(key_tenor_days))
    return np.array([np.interp(tenor_days, key_tenor_days, row) for row in identity])


def _moved(curves: Curves, moves: FloatArray) -> Curves:
    """Return one scenario per move, added to every curve; what clients remember stays."""
    shifted = curves.zero_rates[0][None, :, :] + moves[:, None, :]
    return replace(curves, zero_rates=shifted)


def _values(
    positions: Positions,
    curves: Curves,
    behaviour: Behaviour,
    options: SimulationOptions,
    agendas: AgendaTables | None,
) -> FloatArray:
    only_value = replace(options, lenses=("value",))
    same: dict[str, Any] = {
        name: np.repeat(getattr(behaviour, name), curves.n_scenarios, axis=-1)
        for name in ("annual_prepayment_rate", "redemption_share")
    }
    drawn = np.repeat(behaviour.monthly_draw_share, curves.n_scenarios, axis=-1)
    frozen = replace(behaviour, draw_profile=drawn, **same)
    return simulate(positions, curves, frozen, (), only_value, agendas).present_value


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
    included = replace(options, eve_margins="included")
    base, up, down = (
        _values(
            replace(positions, margin_rate=positions.margin_rate + move),
            curves,
            behaviour,
            included,
            agendas,
        )[:, 0]
        for move in (0.0, BASIS_POINT, -BASIS_POINT)
    )
    return base, (down - up) / 2.0
