"""Lineage as a graph to be asked both ways: what a column is made from, and what it feeds.

Tables are named ``schema.table``; what lies outside the warehouse is named by its path: a delivered
file ``delivery/loan.csv``, a file of figures ``data_contracts/limits.yaml``. How the edges are
found does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TypeVar

from alm_pipeline.audit.lineage import ALL_COLUMNS, ColumnEdge
from alm_pipeline.errors import ConfigurationError

__all__ = ["Lineage", "TableEdge"]

Columns = Mapping[str, frozenset[str]]


@dataclass(frozen=True, order=True)
class TableEdge:
    """One table made from another, and how."""

    table_name: str
    upstream_table: str
    lineage_kind: str


@dataclass(frozen=True)
class Lineage:
    """Every edge of a bank.

    Attributes
    ----------
    columns_of : Mapping[str, tuple[str, ...]]
        Columns of every table, in the table's order.
    """

    tables: tuple[TableEdge, ...]
    columns: tuple[ColumnEdge, ...]
    columns_of: Mapping[str, tuple[str, ...]]

    def find(self, name: str) -> tuple[str, str]:
        """Return table and column that a name means; the column is empty for a table.

        Raises
        ------
        ConfigurationError
            If nothing has this name; the nearest names are listed.
        """
        if name in self.names:
            return name, ""
        table, _, column = name.rpartition(".")
        if column in self.columns_of.get(table, ()):
            return table, column
        raise ConfigurationError(
            f"lineage knows no {name}",
            detail="nearest: " + ", ".join(self._nearest(name)),
            fix="name a table as schema.table or a column as schema.table.column",
        )

    def upstream(self, table: str, columns: Iterable[str], kind: str) -> Columns:
        """Return the columns that these are made from, or chosen by, per table."""
        wanted = {*columns} | ({ALL_COLUMNS} if kind != "value" else set())
        edges = [e for e in self._up.get((table, kind), ()) if e.column_name in wanted]
        return _grouped((e.upstream_table, e.upstream_column) for e in edges)

    def downstream(self, table: str, columns: Iterable[str], kind: str) -> Columns:
        """Return the columns that these are in, or choose the rows of, per table."""
        wanted = {*columns}
        edges = [e for e in self._down.get((table, kind), ()) if e.upstream_column in wanted]
        return _grouped((e.table_name, e.column_name) for e in edges)

    def upstream_tables(self, table: str) -> dict[str, str]:
        """Return the tables this one is made from, with how."""
        edges = self._table_up.get(table, ())
        return {e.upstream_table: e.lineage_kind for e in edges}

    def downstream_tables(self, table: str) -> dict[str, str]:
        """Return the tables that are made from this one, with how."""
        edges = self._table_down.get(table, ())
        return {e.table_name: e.lineage_kind for e in edges}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every table, and every file that one is made from."""
        ends = {e.table_name for e in self.tables} | {e.upstream_table for e in self.tables}
        return frozenset(ends | set(self.columns_of))

    @cached_property
    def _up(self) -> dict[tuple[str, str], list[ColumnEdge]]:
        return _by(self.columns, lambda e: (e.table_name, e.edge_kind))

    @cached_property
    def _down(self) -> dict[tuple[str, str], list[ColumnEdge]]:
        return _by(self.columns, lambda e: (e.upstream_table, e.edge_kind))

    @cached_property
    def _table_up(self) -> dict[str, list[TableEdge]]:
        return _by(self.tables, lambda e: e.table_name)

    @cached_property
    def _table_down(self) -> dict[str, list[TableEdge]]:
        return _by(self.tables, lambda e: e.upstream_table)

    def _nearest(self, name: str) -> list[str]:
        """Return up to three names like this one; in its own table when that exists."""
        table = name.rpartition(".")[0]
        if table in self.columns_of:
            near = get_close_matches(name.rpartition(".")[2], self.columns_of[table], cutoff=0.4)
            return [f"{table}.{column}" for column in near] or [table]
        columns = (f"{t}.{c}" for t, names in self.columns_of.items() for c in names)
        tables = sorted(self.columns_of)
        known = tables if name.count(".") < 2 else [*tables, *columns]
        return get_close_matches(name, known, cutoff=0.3) or ["reports.scorecard"]


_Edge = TypeVar("_Edge", TableEdge, ColumnEdge)
_Key = TypeVar("_Key", bound=Hashable)


def _by(edges: Iterable[_Edge], key: Callable[[_Edge], _Key]) -> dict[_Key, list[_Edge]]:
    found: dict[_Key, list[_Edge]] = {}
    for edge in edges:
        found.setdefault(key(edge), []).append(edge)
    return found


def _grouped(ends: Iterable[tuple[str, str]]) -> Columns:
    found: dict[str, set[str]] = {}
    for table, column in ends:
        found.setdefault(table, set()).add(column)
    return {table: frozenset(found[table]) for table in sorted(found)}
