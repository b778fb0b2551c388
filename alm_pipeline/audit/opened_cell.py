"""What opening a cell gives: the records, and whether they lead to the number that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from alm_pipeline.inputs.cell_rules import CellRule

HALF_A_CENT = 0.005
_RELATIVE = 1e-6
_MICRO = 1e-6


@dataclass(frozen=True)
class Cell:
    """One number of one row of a table of a close.

    Attributes
    ----------
    keys : mapping
        The row's key, as-of date left out.
    row : mapping
        All its columns.
    """

    table: str
    column: str
    keys: Mapping[str, Any]
    row: Mapping[str, Any]
    rule: CellRule
    is_money: bool = False

    @property
    def stored(self) -> float | None:
        """The number as stored, None where it is not available."""
        value = self.row[self.column]
        return None if value is None else float(value)


@dataclass(frozen=True)
class Part:
    """A cell, candidate or figure that another cell is made from.

    Attributes
    ----------
    place : str
        Table with keys, or file with line.
    """

    name: str
    place: str
    value: Any
    is_winner: bool = False


@dataclass(frozen=True)
class OpenedCell:
    """A cell and what it opens to.

    Attributes
    ----------
    recomputed : float or None
        Sum, formula, winner or figure as found behind the cell.
    unrounded : float or None
        Of a sum, the report's own value before it is rounded.
    contributions : pyarrow.Table or None
        Of a sum: ``traced_id``, ``amount``, largest first.
    cause : str
        Why there is no number.
    only : str
        The position to which contributions are narrowed; then they are a part of the number.
    """

    cell: Cell
    recomputed: float | None = None
    unrounded: float | None = None
    contributions: pa.Table | None = None
    parts: tuple[Part, ...] = field(default_factory=tuple)
    cause: str = ""
    only: str = ""

    @property
    def tolerance(self) -> float:
        """How far the recomputed value may be from the report's own, unrounded one.

        One part in a million; SQL adds doubles up in millionths of a unit, so each contribution
        may bring half of one.
        """
        reference = self.unrounded if self.unrounded is not None else self.cell.stored
        n = 0 if self.contributions is None else self.contributions.num_rows
        return _RELATIVE * abs(reference or 0.0) + (_MICRO * (n + 1) if n else 0.0)

    @property
    def is_tied(self) -> bool:
        """Whether what was found behind the cell is what it holds, or a cause stands there."""
        stored = self.cell.stored
        if stored is None or self.only:
            return bool(self.cause or self.only)
        if self.recomputed is None:
            return False
        if self.unrounded is None:
            return abs(self.recomputed - stored) <= max(1e-9, 1e-9 * abs(stored))
        is_sum = abs(self.recomputed - self.unrounded) <= self.tolerance
        unit = HALF_A_CENT if self.cell.is_money else 0.0
        return is_sum and abs(self.recomputed - stored) <= unit + self.tolerance
