"""How far zero rates move in a scenario: shapes of the Basel standard, parallel moves, floors.

Answers the shock in basis points at every tenor from a shape (coefficients) and a size (basis
points by currency), and the shocked rate after the regime's floor. Nothing is rounded. Sizes,
coefficients and floors are figures of a rule pack and come in as arguments; which pack and which
scenario belong in `inputs/`, paths over time in `ramps`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BASIS_POINT",
    "RateFloor",
    "ShockShape",
    "ShockSize",
    "floor_rates",
    "shock_bp",
    "shocked_zero_rates",
]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BASIS_POINT = 1e-4


@dataclass(frozen=True)
class ShockShape:
    """How much of each size a scenario takes, with sign.

    `decay_years` is the time in which the short shape fades to 1/e; 4 in the Basel standard.
    """

    parallel: float = 0.0
    short: float = 0.0
    long: float = 0.0
    decay_years: float = 4.0


@dataclass(frozen=True)
class ShockSize:
    """The sizes of one currency in basis points, unsigned."""

    parallel: float = 0.0
    short: float = 0.0
    long: float = 0.0


@dataclass(frozen=True)
class RateFloor:
    """The lowest zero rate a shock may lead to, rising with maturity up to zero.

    `at_zero_maturity_rate` is a decimal rate, zero or negative; `slope_rate_per_year` what the
    floor gains per year. With the override a base rate below the floor stays where it is.
    """

    at_zero_maturity_rate: float
    slope_rate_per_year: float = 0.0
    has_observed_rate_override: bool = True


def shock_bp(tenor_years: FloatArray, shape: ShockShape, size: ShockSize) -> FloatArray:
    """Return the move of every zero rate, unrounded.

    Parameters
    ----------
    tenor_years : (n_tenors,) float64 [years]
        Zero or positive.
    shape : ShockShape
        Coefficients with sign.
    size : ShockSize
        Basis points of one currency, unsigned.

    Returns
    -------
    (n_tenors,) float64 [basis points]
        Positive where rates rise.

    Notes
    -----
    ``a * P + b * S * exp(-t / d) + c * L * (1 - exp(-t / d))`` with coefficients a, b, c, sizes
    P, S, L and decay d. Source: BCBS d368, annex 2; d578, SRP31.90 to SRP31.92.

    Examples
    --------
    >>> steepener = ShockShape(short=-0.65, long=0.9)
    >>> shock_bp(np.array([3.5]), steepener, ShockSize(short=100.0, long=100.0)).round(1)
    array([25.4])
    """
    fading = np.exp(-tenor_years / shape.decay_years)
    return (
        shape.parallel * size.parallel
        + shape.short * size.short * fading
        + shape.long * size.long * (1.0 - fading)
    )


def floor_rates(tenor_years: FloatArray, floor: RateFloor) -> FloatArray:
    """Return the lowest zero rate allowed at every tenor.

    Parameters
    ----------
    tenor_years : (n_tenors,) float64 [years]
        Zero or positive.
    floor : RateFloor
        Level at zero maturity and slope.

    Returns
    -------
    (n_tenors,) float64 [decimal per year]
        Never above zero.

    Notes
    -----
    ``min(0, a + b * t)``. Source: Delegated Regulation (EU) 2024/856, article 3 (7).
    """
    return np.minimum(0.0, floor.at_zero_maturity_rate + floor.slope_rate_per_year * tenor_years)


def shocked_zero_rates(
    base_zero_rates: FloatArray,
    tenor_years: FloatArray,
    move_bp: FloatArray,
    floor: RateFloor | None = None,
) -> tuple[FloatArray, BoolArray]:
    """Return the zero rates after a shock and its floor, and where the floor decided.

    Parameters
    ----------
    base_zero_rates : (..., n_tenors) float64 [decimal per year, continuous ACT/365F]
        Rates before the shock.
    tenor_years : (n_tenors,) float64 [years]
        Tenors of the last axis.
    move_bp : (..., n_tenors) float64 [basis points]
        From `shock_bp`; positive where rates rise.
    floor : RateFloor or None
        None where the regime has no floor.

    Returns
    -------
    rates : (..., n_tenors) float64 [decimal per year, continuous ACT/365F]
    floor_applied : (..., n_tenors) bool
        True where the rate would have been lower without the floor.

    Notes
    -----
    ``max(r + d, f)`` with ``f = min(floor, r)`` when an observed rate below the floor stays. The
    floor limits a shock: a rate that does not move keeps its base value.
    """
    moved = base_zero_rates + move_bp * BASIS_POINT
    if floor is None:
        return moved, np.zeros(moved.shape, dtype=np.bool_)
    lowest = floor_rates(tenor_years, floor)
    if floor.has_observed_rate_override:
        lowest = np.minimum(lowest, base_zero_rates)
    floor_applied = moved < lowest
    return np.where(floor_applied, lowest, moved), floor_applied
