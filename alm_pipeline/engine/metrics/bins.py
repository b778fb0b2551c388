"""Stretches of days in which amounts are added up: months, or the windows made of them."""

from __future__ import annotations

from typing import NamedTuple

from alm_pipeline.engine.arrays import CountArray, IntArray


class Bins(NamedTuple):
    """Stretches of days: ``edges`` (n_bins + 1,), ``of_day`` (n_days,).

    ``n_first``, ``n_middle``: bins in the first window, and in the second.
    """

    edges: CountArray
    of_day: IntArray
    n_first: int
    n_middle: int
