"""A tie: two numbers that must agree, measured on two ways, and how far apart they may be.

What does not belong here: which ties a close has to hold (`probes`, `sample_ties`, the SQL of
`sql/95_audit`), and what happens when one does not (`validation.table_checks`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

__all__ = ["Tie", "tie_table", "worst_of"]


@dataclass(frozen=True)
class Tie:
    """One side against the other, in the unit of both."""

    invariant: str
    scope: str
    left: float
    right: float
    tolerance: float

    @property
    def strain(self) -> float:
        """Return the difference in tolerances: above 1 it does not hold; infinite with a NaN."""
        difference = abs(self.left - self.right)
        if math.isnan(difference):
            return math.inf
        if self.tolerance == 0.0:
            return math.inf if difference else 0.0
        return difference / self.tolerance


def worst_of(ties: Iterable[Tie]) -> list[Tie]:
    """Return, per invariant and scope, the tie that is furthest from holding."""
    found: dict[tuple[str, str], Tie] = {}
    for tie in ties:
        key = (tie.invariant, tie.scope)
        if key not in found or _rank(tie) > _rank(found[key]):
            found[key] = tie
    return [found[key] for key in sorted(found)]


def _rank(tie: Tie) -> tuple[float, float]:
    """Order ties by how near they are to failing, then by the amount that is tied."""
    return round(tie.strain, 6), abs(tie.left)


def tie_table(ties: Iterable[Tie], as_of_date: date) -> pa.Table:
    """Return ties as rows of a tie table of schema `audit`."""
    listed = list(ties)
    return pa.table(
        {
            "as_of_date": pa.array([as_of_date] * len(listed), pa.date32()),
            "invariant": pa.array([tie.invariant for tie in listed], pa.string()),
            "scope": pa.array([tie.scope for tie in listed], pa.string()),
            "left_value": pa.array([tie.left for tie in listed], pa.float64()),
            "right_value": pa.array([tie.right for tie in listed], pa.float64()),
            "tolerance_value": pa.array([tie.tolerance for tie in listed], pa.float64()),
        }
    )
