"""Which cells of the reports a position touches, and with how much: tracing the other way round.

Sums are answered. A ratio or a selection is made of them and opens to them by its own rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alm_pipeline.audit.closed_bank import ClosedBank
from alm_pipeline.audit.contributions import Contributions
from alm_pipeline.errors import ConfigurationError


@dataclass(frozen=True)
class Touched:
    """One cell and what the position adds to it, both in the reporting currency.

    Attributes
    ----------
    stored : float or None
        The whole cell; None where it is not available.
    """

    table: str
    column: str
    keys: Mapping[str, Any]
    amount: float
    stored: float | None


def impact(closed: ClosedBank, position_id: str) -> list[Touched]:
    """Return every cell of `reports` that a position adds something to, in the reports' order.

    Raises
    ------
    ConfigurationError
        If the close has no such position.
    """
    _refuse_unknown(closed, position_id)
    found = Contributions(closed, position_id)
    reports = [name for name in closed.contracts if name.startswith("reports.")]
    return [one for table in reports for one in _of_table(closed, found, table)]


def _of_table(closed: ClosedBank, found: Contributions, table: str) -> Iterator[Touched]:
    keys = closed.keys(table)
    held: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for column, rules in closed.contracts[table].cells.items():
        for rule in (rule for rule in rules if rule.kind == "sum"):
            under = rule.when or "true"
            if under not in held:
                sql = f"select * from {table} where {under}"
                rows = closed.pinned.rows(sql, [table])
                held[under] = {tuple(row[k] for k in keys): row for row in rows}
            for one in found.of_column(table, column, rule):
                row = held[under].get(tuple(one[key] for key in keys))
                if row is not None:
                    whole = None if row[column] is None else float(row[column])
                    named = {key: row[key] for key in keys}
                    yield Touched(table, column, named, float(one["amount"]), whole)


def _refuse_unknown(closed: ClosedBank, position_id: str) -> None:
    sql = "select position_id from book.positions where position_id = $id"
    closed.pinned.bind(["book.positions"])
    if not closed.pinned.session.rows(sql, {"id": position_id}):
        raise ConfigurationError(
            f"there is no position {position_id}",
            where=closed.as_of_date,
            fix="take a position_id of book.positions",
        )
