"""The volatility of Hull and White's short rate at which a swaption costs what is quoted.

Answers one question: given the mean reversion, which ``sigma`` gives the at-the-money swaption its
normal volatility. The model's price is exact (Jamshidian: an option on a bond is a sum of options
on zero bonds, decided at one level of the rate), so the fit leaves no error but rounding. Swaps
pay fixed once a year, counted back from their last payment, ACT/365F, on one curve.

Which swaption stands for a bond, interpolation between quotes and the choice of the mean reversion
do not belong here.

Source: Jamshidian (1989), An exact bond option formula, Journal of Finance 44.
"""

from __future__ import annotations

import math

import numpy as np

from alm_pipeline.engine.arrays import FloatArray, IntArray
from alm_pipeline.engine.market.curve import DAYS_PER_YEAR, ZeroCurve, discount_factors
from alm_pipeline.engine.market.short_rate_tree import HullWhite
from alm_pipeline.errors import CalculationError

__all__ = ["fitted_model", "forward_swap_rate", "swap_days"]

_YEAR_DAYS = 365
_MAX_STEPS = 60
_ENOUGH = 1e-13


def swap_days(first_day: int, last_day: int) -> IntArray:
    """Return the payment days of a swap, (m,) int32: yearly back from the last one."""
    return np.arange(last_day, first_day, -_YEAR_DAYS, dtype=np.int32)[::-1]


def forward_swap_rate(curve: ZeroCurve, first_day: int, last_day: int) -> float:
    """Return the fixed rate at which a swap between two days is worth nothing [per year]."""
    factors, years = _swap(curve, first_day, last_day)
    return float((factors[0] - factors[-1]) / (factors[1:] @ years))


def fitted_model(
    curve: ZeroCurve,
    first_day: int,
    last_day: int,
    normal_volatility: float,
    mean_reversion: float,
) -> HullWhite:
    """Return the model that prices the swaption at the money as quoted.

    Parameters
    ----------
    curve : ZeroCurve
        Discounts and projects.
    first_day, last_day : int [days]
        Expiry, which starts the swap, and the swap's last payment; positive, in order.
    normal_volatility : float [decimal per year and root year]
        Of the forward swap rate, zero or positive.
    mean_reversion : float [per year]
        Zero or positive.

    Raises
    ------
    CalculationError
        If days are out of order, or no volatility of the short rate gives the price.

    Notes
    -----
    At the money the quoted price per unit is ``A v sqrt(T / 2 pi)``, A the annuity.

    Examples
    --------
    >>> flat = ZeroCurve(np.array([365], dtype=np.int32), np.array([0.03]))
    >>> round(fitted_model(flat, 1825, 3650, 0.008, 0.03).volatility, 6)
    0.008981
    """
    if not 0 < first_day < last_day:
        raise CalculationError(
            f"a swaption expires on day {first_day} and ends on day {last_day}",
            fix="give days after the as-of date, the end after the expiry",
        )
    factors, years = _swap(curve, first_day, last_day)
    expiry = first_day / DAYS_PER_YEAR
    annuity = float(factors[1:] @ years)
    target = annuity * normal_volatility * math.sqrt(expiry / (2.0 * math.pi))
    if target == 0.0:
        return HullWhite(mean_reversion, 0.0)
    coupons = (factors[0] - factors[-1]) / annuity * years
    coupons[-1] += 1.0
    worth = coupons * factors[1:] / factors[0]
    ends = np.append(0.0, np.cumsum(years))[1:]
    moves = ends if mean_reversion == 0.0 else -np.expm1(-mean_reversion * ends) / mean_reversion
    deviation = _deviation(worth, moves, target / float(factors[0]))
    grown = 2.0 * mean_reversion * expiry
    variance = expiry if grown == 0.0 else -math.expm1(-grown) / (2.0 * mean_reversion)
    return HullWhite(mean_reversion, deviation / math.sqrt(variance))


def _swap(curve: ZeroCurve, first_day: int, last_day: int) -> tuple[FloatArray, FloatArray]:
    """Return the factors of start and payments (m + 1,), and the years of each payment (m,)."""
    days = np.append(np.int32(first_day), swap_days(first_day, last_day))
    return discount_factors(curve, days), np.diff(days) / DAYS_PER_YEAR


def _deviation(worth: FloatArray, moves: FloatArray, target: float) -> float:
    """Return the deviation of the rate at expiry at which the payer swaption is worth a target.

    The price rises with the deviation, nearly in proportion: secant steps.
    """
    before, gap_before = 0.0, -target
    guess = target * math.sqrt(2.0 * math.pi) / float(worth @ moves)
    for _ in range(_MAX_STEPS):
        gap = _payer_price(worth, moves, guess) - target
        if abs(gap) <= _ENOUGH * target or gap == gap_before:
            return guess
        step = gap * (guess - before) / (gap - gap_before)
        before, gap_before, guess = guess, gap, max(guess - step, guess / 2.0)
    raise CalculationError(
        f"no volatility of the short rate gives a swaption price of {target:.6f} of notional",
        fix="correct the quote",
    )


def _payer_price(worth: FloatArray, moves: FloatArray, deviation: float) -> float:
    """Return the swaption's price on delivery, per unit.

    In the measure of the expiry each payment's forward value is ``worth exp(-G x - G^2 s^2 / 2)``
    with x normal of deviation s; the swap is taken where their sum is below 1, x above a level.
    """
    drifted = worth * np.exp(-0.5 * (moves * deviation) ** 2)
    level = 0.0
    for _ in range(_MAX_STEPS):  # the sum falls with x and is convex: Newton cannot miss
        parts = drifted * np.exp(-moves * level)
        step = float((parts.sum() - 1.0) / (parts @ moves))
        level += step
        if abs(step) <= 1e-16 + _ENOUGH * abs(level):
            break
    taken = _above(level / deviation)
    shares = [_above(level / deviation + move * deviation) for move in moves]
    return float(taken - worth @ np.array(shares))


def _above(level: float) -> float:
    """Return the probability that a standard normal lies above a level."""
    return 0.5 * math.erfc(level / math.sqrt(2.0))
