"""A published close as tracing reads it, and how its rows are named in SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from alm_pipeline.audit.trace_query import columns_named
from alm_pipeline.inputs.data_contracts import ColumnEntry, TableContract
from alm_pipeline.warehouse import session
from alm_pipeline.warehouse.pinned import PinnedTables


class WantedRows(NamedTuple):
    """Which rows by position of a total that the engine adds up; all sets and months unless named.

    ``condition``: which rows of `book.positions`; ``last_bucket``: none after it unless 0.
    """

    scenarios: tuple[str, ...]
    condition: str
    table: str = ""
    bucket_sets: frozenset[str] = frozenset()
    last_bucket: int = 0
    months: frozenset[int] = frozenset()


Regenerate = Callable[[WantedRows], pa.Table]


@dataclass(frozen=True)
class ClosedBank:
    """A published close as tracing needs it.

    Attributes
    ----------
    texts : mapping
        SQL by table.
    columns : mapping
        Column names of every relation, ``inputs`` among them.
    regenerate : callable
        Rows by position of a table that the engine adds up.
    contract_file : callable
        The YAML file that counts for a path relative to `data_contracts/`.
    """

    pinned: PinnedTables
    contracts: Mapping[str, TableContract]
    dictionary: Mapping[str, ColumnEntry]
    texts: Mapping[str, str]
    columns: Mapping[str, Sequence[str]]
    regenerate: Regenerate
    contract_file: Callable[[str], Path]

    @property
    def as_of_date(self) -> str:
        """The month end as text."""
        return self.pinned.manifest.as_of_date.isoformat()

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """The closing scenarios."""
        found = self.pinned.manifest.pinned("scenarios.position_values")
        return tuple(pin.partition.scenario for pin in found)

    @cached_property
    def _held(self) -> dict[str, bool]:
        return {}

    def holds(self, condition: str, row: Mapping[str, Any]) -> bool:
        """Say whether a condition on the columns of a row holds."""
        given = ", ".join(
            f'{literal(row[name])} as "{name}"' for name in sorted(columns_named(condition))
        )
        sql = f"select ({condition}) as v from (select {given})"
        if sql not in self._held:
            (found,) = self.pinned.rows(sql, [])
            self._held[sql] = bool(found["v"])
        return self._held[sql]

    def contract_behind(self, relation: str) -> TableContract:
        """Return the contract of a table, also as earlier closes have it."""
        table, _ = self.pinned.earlier_reads.get(relation, (relation, 0))
        return self.contracts[table]

    def keys(self, table: str) -> list[str]:
        """Return the key columns of a table, as-of date left out."""
        return [key for key in self.contracts[table].key if key != "as_of_date"]


def row_name(closed: ClosedBank, table: str) -> str:
    """Return the expression that names a row of a table without positions; empty for the others.

    It is the name of the table and the row's key; of a staged extract the delivered row has it too.
    """
    if "position_id" in closed.columns[table]:
        return ""
    keys = (key for key in closed.contract_behind(table).key if key != "as_of_date")
    parts = [literal(table.partition(".")[2]), *(f'cast("{key}" as varchar)' for key in keys)]
    return " || ' ' || ".join(parts)


def scenarios_behind(keys: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scenarios a row is computed from: its own and the base."""
    return tuple(dict.fromkeys(["base", str(keys.get("scenario", "base"))]))


def literal(value: Any) -> str:
    """Return a value as SQL text."""
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    return session.literal(str(value))


def matching(keys: Mapping[str, Any]) -> str:
    """Return the condition that picks a row by its key."""
    return " and ".join(f'"{name}" = {literal(value)}' for name, value in keys.items()) or "true"


def with_values(text: str, row: Mapping[str, Any]) -> str:
    """Return a condition in which ``$column`` is the row's value."""
    return re.sub(r"\$([a-z_0-9]+)", lambda m: literal(row[m[1]]), text)


def filled(text: str, row: Mapping[str, Any]) -> str:
    """Return a path in which ``{column}`` is the row's value."""
    return re.sub(r"\{([a-z_]+)\}", lambda m: str(row[m[1]]), text)
