"""Rights to redeem a contract early: what a call or put adds to its value, under every scenario.

The cash is that of the projection and the curve that of the scenario, so the value without the
right is the position's present value; the tree (``market.short_rate_tree``) adds what the right is
worth beside it. Margins are part of cash or of discounting exactly as in the value lens. Who holds
the right redeems all that is left for the agreed amount and the interest accrued by that day.

Notice periods do not count: the right is decided on the day of redemption. Which contracts may
have a right is the bridge's to say; volatilities come in with the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import NO_DATE, BoolArray, Curves, FloatArray, IntArray, Positions
from alm_pipeline.engine.cash_flows.records import (
    ACCRUED,
    FEE,
    INTEREST,
    INTEREST_BASE,
    PREPAID,
    SCHEDULED,
    Rows,
)
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.period import years_between
from alm_pipeline.engine.market.curve import ZeroCurve
from alm_pipeline.engine.market.short_rate_tree import HullWhite, RedeemableBond, tree_value
from alm_pipeline.engine.simulation.events import projected_rows
from alm_pipeline.engine.simulation.setting import Prepared, SimulationOptions

__all__ = ["Redeemable", "RedemptionRight", "redemption_values"]


@dataclass(frozen=True, kw_only=True)
class RedemptionRight:
    """When and for how much one position may be redeemed.

    ``row`` of the positions; ``exercise_offsets`` (k,) int32 [days], increasing, before the
    maturity; ``exercise_prices`` (k,) [position currency] without interest accrued; ``is_put``
    (k,): the lender decides, else the borrower.
    """

    row: int
    exercise_offsets: IntArray
    exercise_prices: FloatArray
    is_put: BoolArray


@dataclass(frozen=True, kw_only=True)
class Redeemable:
    """The rights of a book, one position each, and for each its model under every scenario."""

    rights: Sequence[RedemptionRight]
    models: Sequence[Sequence[HullWhite]]


def redemption_values(
    ready: Prepared, curves: Curves, options: SimulationOptions, redeemable: Redeemable
) -> FloatArray:
    """Return what the rights add to the value of their positions.

    Parameters
    ----------
    ready : Prepared
        The pass that values the positions.
    curves : Curves
        ``S`` scenarios.
    options : SimulationOptions
    redeemable : Redeemable
        ``k`` positions at fixed rates whose customers have no choice.

    Returns
    -------
    (k, S) float64 [position currency]
        Positive where the bank gains by the right; 0 for positions out of the measure.
    """

    def run(pair: tuple[RedemptionRight, Sequence[HullWhite]]) -> FloatArray:
        return _one(ready, curves, options, *pair)

    pairs = list(zip(redeemable.rights, redeemable.models, strict=True))
    with ThreadPoolExecutor(max(options.threads, 1)) as pool:
        found = list(pool.map(run, pairs))
    return np.array(found).reshape(len(pairs), curves.n_scenarios)


def _one(
    ready: Prepared,
    curves: Curves,
    options: SimulationOptions,
    right: RedemptionRight,
    models: Sequence[HullWhite],
) -> FloatArray:
    """Return what one position's right adds, (S,)."""
    positions, row = ready.positions, right.row
    if not positions.is_eve[row]:
        return np.zeros(curves.n_scenarios)
    term = ready.terms(np.array([row]))[0]
    rows, n_rows = projected_rows(term, ready.settings[0])  # alike in every scenario
    is_included = options.eve_margins == "included"
    bond = _bond(positions, options, right, _Cash(term, rows, n_rows, is_included))
    margin, sign = float(term.margin_rate) if is_included else 0.0, float(term.sign)
    zero_rates = curves.zero_rates[:, positions.discount_curve[row]] + margin
    worth = [
        tree_value(bond, ZeroCurve(curves.tenor_days, rates), model)
        for rates, model in zip(zero_rates, models, strict=True)
    ]
    return np.array([sign * one.option_value for one in worth])


class _Cash:
    """What a contract pays to its lender, day by day, as the value lens has it."""

    def __init__(self, term: Any, rows: Rows, n_rows: int, is_margin_included: bool) -> None:
        flows = rows.flows[:, :n_rows, 0]
        stripped = 0.0 if is_margin_included else float(term.margin_rate)
        self.start, self.day = rows.start[:n_rows].copy(), rows.day[:n_rows].copy()
        self.accrued, self.interest = flows[ACCRUED].copy(), flows[INTEREST].copy()
        base = flows[INTEREST_BASE] if term.margin_rate != 0.0 else np.zeros(n_rows)
        self.valued_interest = self.interest - stripped * base
        principal = flows[SCHEDULED] + (flows[PREPAID] if term.may_leave_early else 0.0)
        fees = float(term.sign) * flows[FEE] if term.has_fee else 0.0  # signed: to the bank
        self.amounts = principal + self.valued_interest + fees


def _bond(
    positions: Positions, options: SimulationOptions, right: RedemptionRight, cash: _Cash
) -> RedeemableBond:
    """Return the position as the tree takes it."""
    day_count, as_of = DayCount(int(positions.day_count[right.row])), options.as_of_date
    last = int(positions.maturity_offset[right.row])
    maturity = None if last == NO_DATE else as_of + last

    def years(start: int, end: int) -> float:
        return years_between(day_count, as_of + start, as_of + end, maturity)

    accrued = [_accrued(cash, int(day), years) for day in right.exercise_offsets]
    days, at = np.unique(cash.day, return_inverse=True)
    return RedeemableBond(
        pay_offsets=days.astype(np.int32),
        cash_amounts=np.bincount(at, weights=cash.amounts).astype(np.float64),
        exercise_offsets=right.exercise_offsets,
        exercise_prices=right.exercise_prices + np.array(accrued),
        is_put=right.is_put,
    )


def _accrued(cash: _Cash, day: int, years: Any) -> float:
    """Return the interest accrued by a day and not paid yet, as far as it is valued.

    It is the share of the next interest payment that has been earned by then.
    """
    paying = np.flatnonzero((cash.day > day) & (cash.interest != 0.0))
    if not len(paying):
        return 0.0
    next_payment, ahead = int(paying[0]), 0.0
    for row in range(next_payment, -1, -1):
        start, end = int(cash.start[row]), int(cash.day[row])
        if end <= day:
            break
        share = years(max(start, day), end) / years(start, end) if start < end else 0.0
        ahead += float(cash.accrued[row]) * share
    paid = float(cash.interest[next_payment])
    return float(cash.valued_interest[next_payment]) * (paid - ahead) / paid
