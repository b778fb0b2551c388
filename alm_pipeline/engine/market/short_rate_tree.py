"""The value of a fixed-rate bond that its issuer may call, or its holder may put, early.

Answers what the bond is worth with and without the right, under Hull and White's one-factor model
``dr = (theta(t) - a r) dt + sigma dW`` on a recombining trinomial tree; with ``a = 0`` the model
is Ho and Lee's. Chosen because nothing in it can fail:

- the step's mean and variance are exact and each node branches to the three nodes around its mean,
  so probabilities lie between 1/24 and 2/3 for any mean reversion, volatility and step;
- steps may differ in length, so every payment and exercise day is a day of the tree;
- the drift of each step follows in closed form from the prices of its nodes (forward induction),
  so the tree reprices the curve to rounding, without a search, also at negative rates.

A binomial Ho-Lee tree lacks mean reversion, lognormal trees (Black-Derman-Toy, Black-Karasinski)
refuse negative rates and need a search per step. The error of a value falls as steps get shorter.

Days count from the as-of date, a year has 365 of them. On an exercise day the coupon of that day
is paid first; who may exercise compares the price with what is then left. Notice periods, accrued
interest (add it to the price), credit spreads (put them into the curve), the choice of ``a`` and
``sigma``, and the sign of a position do not belong here.

Sources: Hull and White (1994), Numerical procedures for implementing term structure models I;
Ho and Lee (1986), Term structure movements and pricing interest rate contingent claims.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from alm_pipeline.engine.arrays import BoolArray, CountArray, FloatArray, IntArray
from alm_pipeline.engine.kernel import allocating_kernel
from alm_pipeline.engine.market.curve import DAYS_PER_YEAR, ZeroCurve, discount_factors
from alm_pipeline.errors import CalculationError

__all__ = ["HullWhite", "RedeemableBond", "TreeValue", "tree_value"]

_YEARS, _FACTOR, _CASH, _FLOOR, _CEILING = range(5)  # rows of a tree's days
_ONE_MONTH = 31


@dataclass(frozen=True)
class HullWhite:
    """Mean reversion [per year] and volatility [rate per root year], zero or positive."""

    mean_reversion: float
    volatility: float

    def __post_init__(self) -> None:
        """Refuse what would not be a diffusion that reverts."""
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0.0):
                raise CalculationError(
                    f"{name} of the short rate is {value}", fix="give a decimal, zero or positive"
                )


@dataclass(frozen=True)
class RedeemableBond:
    """A bond with fixed cash and the right to redeem it on given days at given prices.

    Parameters
    ----------
    pay_offsets : (m,) int32 [days]
        Days of payment, positive, increasing.
    cash_amounts : (m,) float64 [currency]
        Coupon of each day, with the principal where it is due.
    exercise_offsets : (k,) int32 [days]
        Days of exercise, positive, increasing, before the last payment; may be none.
    exercise_prices : (k,) float64 [currency]
        What redeems all that is left, beside that day's coupon; includes interest accrued.
    is_put : (k,) bool
        The holder decides; else the issuer.

    Raises
    ------
    CalculationError
        If arrays differ in length, are not finite, or days are not as above.
    """

    pay_offsets: IntArray
    cash_amounts: FloatArray
    exercise_offsets: IntArray
    exercise_prices: FloatArray
    is_put: BoolArray

    def __post_init__(self) -> None:
        """Refuse days out of order and values that are missing."""
        pay, exercise = self.pay_offsets, self.exercise_offsets
        if not (
            len(pay) == len(self.cash_amounts) > 0
            and len(exercise) == len(self.exercise_prices) == len(self.is_put)
            and np.isfinite(self.cash_amounts).all()
            and np.isfinite(self.exercise_prices).all()
        ):
            raise CalculationError(
                "a bond's payments or exercise days lack an amount",
                fix="give one finite amount per day, and at least one payment",
            )
        for days in (pay, exercise):
            if (np.diff(days, prepend=0) <= 0).any():
                raise CalculationError(
                    "a bond's days do not increase from the as-of date",
                    detail=f"days {days.tolist()}",
                    fix="sort them, leave out what is past, one exercise a day",
                )
        if len(exercise) and exercise[-1] >= pay[-1]:
            raise CalculationError(
                "a bond is redeemed early on or after its last payment",
                detail=f"day {exercise[-1]}, last payment on day {pay[-1]}",
                fix="leave out that exercise day",
            )


@dataclass(frozen=True)
class TreeValue:
    """Value with the right and without it [currency], to the holder of the bond."""

    value: float
    straight_value: float

    @property
    def option_value(self) -> float:
        """Return the right's value to the holder: negative for calls, positive for puts."""
        return self.value - self.straight_value


def tree_value(
    bond: RedeemableBond, curve: ZeroCurve, model: HullWhite, max_step_days: int = _ONE_MONTH
) -> TreeValue:
    """Return the value of a callable or puttable bond, Bermudan over its exercise days.

    Parameters
    ----------
    bond : RedeemableBond
        What is still paid and when it may be redeemed; both sides may have rights.
    curve : ZeroCurve
        Discounts the bond's cash.
    model : HullWhite
        How the short rate moves around the curve.
    max_step_days : int [days]
        Longest step between days of the bond, one or more: 31 is monthly, 184 semi-annual.

    Returns
    -------
    TreeValue
        Both values from the same tree: a callable is never worth more than the straight bond, a
        puttable never less. The straight value is the curve's, to rounding.

    Raises
    ------
    CalculationError
        If the longest step is less than a day.

    Examples
    --------
    >>> day, yes = np.array([365, 730], dtype=np.int32), np.array([True])
    >>> bond = RedeemableBond(day, np.array([5.0, 105.0]), day[:1], np.array([100.0]), ~yes)
    >>> flat = ZeroCurve(day, np.array([0.04, 0.04]))
    >>> round(tree_value(bond, flat, HullWhite(0.03, 0.0)).value, 6)  # 105 exp(-0.04)
    100.882891
    """
    if max_step_days < 1:
        raise CalculationError(f"steps of {max_step_days} days", fix="give one day or more")
    days = _tree_days(bond, max_step_days)
    rows = np.zeros((5, len(days)))
    rows[_YEARS] = days / DAYS_PER_YEAR
    rows[_FACTOR] = discount_factors(curve, days)
    rows[_CASH, np.searchsorted(days, bond.pay_offsets)] = bond.cash_amounts
    rows[_FLOOR], rows[_CEILING] = -np.inf, np.inf
    at, is_put = np.searchsorted(days, bond.exercise_offsets), bond.is_put
    rows[_FLOOR, at[is_put]] = bond.exercise_prices[is_put]
    rows[_CEILING, at[~is_put]] = bond.exercise_prices[~is_put]
    value, straight_value = _rolled_back(rows, model.mean_reversion, model.volatility)
    return TreeValue(value, straight_value)


def _tree_days(bond: RedeemableBond, max_step_days: int) -> IntArray:
    """Return the as-of date, every day of the bond, and equal steps of whole days between."""
    days = np.union1d(bond.pay_offsets, bond.exercise_offsets).astype(np.int64)
    starts, gaps = np.append(0, days[:-1]), np.diff(days, prepend=0)
    parts = [
        start + np.arange(1, n_steps + 1) * gap // n_steps
        for start, gap, n_steps in zip(starts, gaps, -(-gaps // max_step_days), strict=True)
    ]
    return np.concatenate([[0], *parts]).astype(np.int32)


@allocating_kernel
def _rolled_back(rows: FloatArray, a: float, sigma: float) -> tuple[float, float]:
    """Return the values with and without the right, from the last day back to the first."""
    spacings, widths = _nodes(rows[_YEARS], a, sigma)
    drifts = _drifts(rows, spacings, widths, a)
    last = len(drifts)
    values = np.full((2, 2 * widths[last] + 1), rows[_CASH, last])
    for step in range(last - 1, -1, -1):
        years = rows[_YEARS, step + 1] - rows[_YEARS, step]
        width, following = widths[step], widths[step + 1]
        earlier = np.empty((2, 2 * width + 1))
        for node in range(-width, width + 1):
            k, off = _branch(node, spacings[step], spacings[step + 1], math.exp(-a * years))
            factor = math.exp(-(drifts[step] + node * spacings[step]) * years)
            at = k + following
            for way in range(2):
                left = _down(off) * values[way, at - 1] + (2.0 / 3.0 - off * off) * values[way, at]
                left = factor * (left + _down(-off) * values[way, at + 1])
                if way == 0:
                    left = min(max(left, rows[_FLOOR, step]), rows[_CEILING, step])
                earlier[way, node + width] = left + rows[_CASH, step]
        values = earlier
    return values[0, 0], values[1, 0]


@allocating_kernel
def _nodes(years: FloatArray, a: float, sigma: float) -> tuple[FloatArray, CountArray]:
    """Return each day's distance between nodes, ``sqrt(3 variance)``, and nodes on either side."""
    spacings, widths = np.zeros(len(years)), np.zeros(len(years), dtype=np.int64)
    for step in range(len(years) - 1):
        span = years[step + 1] - years[step]
        variance = span if a * span < 1e-12 else -math.expm1(-2.0 * a * span) / (2.0 * a)
        spacings[step + 1] = sigma * math.sqrt(3.0 * variance)
        decay = math.exp(-a * span)
        k, _ = _branch(widths[step], spacings[step], spacings[step + 1], decay)
        widths[step + 1] = k + 1
    return spacings, widths


@allocating_kernel
def _drifts(rows: FloatArray, spacings: FloatArray, widths: CountArray, a: float) -> FloatArray:
    """Return the rate of each step's middle node, at which the tree reprices the curve.

    ``ln(sum Q_j exp(-x_j dt) / P) / dt``: Q_j is the price of one unit paid in node j, P the
    curve's factor to the end of the step.
    """
    drifts = np.empty(len(widths) - 1)
    prices = np.ones(1)
    for step in range(len(drifts)):
        span = rows[_YEARS, step + 1] - rows[_YEARS, step]
        width, following = widths[step], widths[step + 1]
        total = 0.0
        for node in range(-width, width + 1):
            prices[node + width] *= math.exp(-node * spacings[step] * span)
            total += prices[node + width]
        scale = rows[_FACTOR, step + 1] / total
        drifts[step] = -math.log(scale) / span
        later = np.zeros(2 * following + 1)
        for node in range(-width, width + 1):
            k, off = _branch(node, spacings[step], spacings[step + 1], math.exp(-a * span))
            price, at = prices[node + width] * scale, k + following
            later[at - 1] += _down(off) * price
            later[at] += (2.0 / 3.0 - off * off) * price
            later[at + 1] += _down(-off) * price
        prices = later
    return drifts


@allocating_kernel
def _branch(node: int, spacing: float, following: float, decay: float) -> tuple[int, float]:
    """Return the next day's node nearest to a node's mean, and how far the mean lies above it."""
    if following <= 0.0:
        return 0, 0.0
    mean = node * spacing * decay / following
    nearest = math.floor(mean + 0.5)
    return int(nearest), mean - nearest


@allocating_kernel
def _down(off: float) -> float:
    """Return the probability of the lower node, or of the upper one for ``-off``."""
    return 1.0 / 6.0 + 0.5 * (off * off - off)
