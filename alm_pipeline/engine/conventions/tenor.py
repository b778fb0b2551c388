"""What a tenor or frequency text means: "3M", "P3M", "1Y", "1W", "1D", "P0D".

A tenor is either months (stepped by the calendar) or days, never both. Indices exist only on the
tenors of ``INDEX_TENOR_MONTHS``; positions carry the row number.

What does not belong here: dates (``calendar``), payment grids (``schedule``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.errors import CalculationError

INDEX_TENOR_MONTHS = (0, 1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 60, 72, 84, 96, 108, 120, 180, 240, 360)
"""Tenors on which an index can be read, in months; 0 stands for overnight (one day)."""

_TEXT = re.compile(r"^P?(\d+)([DWMQHY])$")
_MONTHS = {"M": 1, "Q": 3, "H": 6, "Y": 12}
_DAYS = {"D": 1, "W": 7}


class Tenor(NamedTuple):
    """Months or days; both zero means "at maturity"."""

    months: int
    days: int


def tenor(text: str) -> Tenor:
    """Return what a tenor text means.

    Examples
    --------
    >>> tenor("P3M"), tenor("1W"), tenor("P0D")
    (Tenor(months=3, days=0), Tenor(months=0, days=7), Tenor(months=0, days=0))
    """
    match = _TEXT.match(text)
    if match is None:
        raise CalculationError(
            f"{text!r} is not a tenor", fix="write a number and D, W, M, Q, H or Y"
        )
    count, unit = int(match[1]), match[2]
    return Tenor(count * _MONTHS.get(unit, 0), count * _DAYS.get(unit, 0))


def index_tenor(text: str) -> int:
    """Return the row of ``INDEX_TENOR_MONTHS`` of an index tenor, or raise."""
    months, days = tenor(text)
    if days == 1:
        return 0
    if days or months not in INDEX_TENOR_MONTHS[1:]:
        raise CalculationError(
            f"no index has the tenor {text}",
            detail=f"tenors in months: {INDEX_TENOR_MONTHS[1:]}, or 1D",
            fix="choose one of these",
        )
    return INDEX_TENOR_MONTHS.index(months)


def nearest_index_tenor(term_months: FloatArray) -> np.ndarray:
    """Return the row of ``INDEX_TENOR_MONTHS`` nearest to each term.

    Parameters
    ----------
    term_months : (n,) float64 [months]
        Original term, zero or positive; below half a month means overnight.

    Returns
    -------
    (n,) int16
        Row number; of two equally near tenors the shorter one.
    """
    months = np.array(INDEX_TENOR_MONTHS, dtype=np.float64)
    middles = (months[1:] + months[:-1]) / 2.0
    return np.searchsorted(middles, term_months, side="left").astype(np.int16)
