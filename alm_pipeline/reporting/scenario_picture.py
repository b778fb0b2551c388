"""A curve before and after a scenario, in characters: a table of tenors and a picture.

The same as a file to look at is `curve_picture`. What the scenario does to a bank does not belong
here (`scenario_result`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.engine.market.curve import daily_zero_rates

__all__ = ["TENORS", "ShownCurve", "curve_lines"]

TENORS = {
    "1D": 1, "1M": 30, "3M": 91, "6M": 182, "1Y": 365, "2Y": 730, "3Y": 1095, "5Y": 1826,
    "7Y": 2556, "10Y": 3652, "15Y": 5479, "20Y": 7305, "30Y": 10957,
}  # fmt: skip
_HEIGHT, _STEP = 11, 5
_BASE, _MOVED, _BOTH = "o", "*", "@"


@dataclass(frozen=True)
class ShownCurve:
    """One curve: nodes (m,) [days], zero rates (m,) before and after, where a floor decided."""

    title: str
    tenor_days: NDArray[np.int32]
    base: NDArray[np.float64]
    moved: NDArray[np.float64]
    floor_applied: NDArray[np.bool_]

    def rates_pct(self, days: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the rates before and after on every day, (n,) each [per cent]."""
        base, moved = (
            100.0 * daily_zero_rates(self.tenor_days, rates, days)
            for rates in (self.base, self.moved)
        )
        return base, moved

    def is_floored(self, days: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Say on which days a floor decides at one of the nodes around, (n,)."""
        held = np.interp(days, self.tenor_days, self.floor_applied.astype(np.float64))
        return np.asarray(held > 0.0)


def curve_lines(curve: ShownCurve) -> Iterator[str]:
    """Yield the table and the picture of a curve, line by line; rates in per cent."""
    days = np.array(list(TENORS.values()), dtype=np.int32)
    before, after = curve.rates_pct(days)
    yield ""
    yield curve.title
    yield f"{'tenor':>6} {'base %':>9} {'scenario %':>11} {'move bp':>9}  floor"
    for name, low, high, is_held in zip(TENORS, before, after, curve.is_floored(days), strict=True):
        word = "decides" if is_held else ""
        yield f"{name:>6} {low:>9.3f} {high:>11.3f} {100.0 * (high - low):>9.1f}  {word}".rstrip()
    yield ""
    yield from _picture(before, after)


def _picture(before: NDArray[np.float64], after: NDArray[np.float64]) -> Iterator[str]:
    """Yield a picture whose columns are the tenors of the table, evenly spaced."""
    top, bottom = max(before.max(), after.max()), min(before.min(), after.min())
    height = max(top - bottom, 0.1)
    columns = np.arange(_STEP * (len(before) - 1) + 1)
    at = columns / _STEP
    tenors = np.arange(len(before))
    rows = [
        np.rint((np.interp(at, tenors, one) - bottom) / height * (_HEIGHT - 1)).astype(int)
        for one in (before, after)
    ]
    for level in range(_HEIGHT - 1, -1, -1):
        drawn = "".join(
            _mark(base == level, moved == level) for base, moved in zip(*rows, strict=True)
        )
        yield f"{bottom + height * level / (_HEIGHT - 1):>8.2f} |{drawn}".rstrip()
    yield " " * 9 + "+" + "-" * len(columns)
    yield " " * 10 + "".join(f"{name:<{_STEP}}" for name in TENORS).rstrip()
    yield f"{'':>10}{_BASE} base   {_MOVED} scenario   {_BOTH} both"


def _mark(is_base: bool, is_moved: bool) -> str:
    if is_base and is_moved:
        return _BOTH
    return _BASE if is_base else _MOVED if is_moved else " "
