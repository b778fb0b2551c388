"""Open a cell of a published close: what it is made of, found again and compared with it.

A sum opens to contributions by position, a formula to its cells and is evaluated again, a selection
to its candidates, an estimate to its sample, an input to the line of its file. The rules are those
of the table's data contract; rows of what the bank sent are found in `audit/source_rows.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from alm_pipeline.audit.opened_cell import Cell, OpenedCell, Part
from alm_pipeline.audit.trace_query import (
    TRACED_ID,
    Carrier,
    SqlSources,
    Tracing,
    columns_named,
    tables_read,
    unrounded,
)
from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.cell_rules import CellRule, Operand
from alm_pipeline.inputs.data_contracts import ColumnEntry, TableContract
from alm_pipeline.inputs.yaml_places import yaml_place
from alm_pipeline.warehouse.pinned import PinnedTables

FOLLOWED = ("book", "metrics", "reports")
"""Schemas whose SQL is followed; what lies before has one row per position."""

AGGREGATES = (
    "scenarios.cash_flow_buckets",
    "scenarios.monthly_balances",
    "cash_flows.contractual_buckets",
)
"""Stored as totals; the engine gives their rows by position again."""

_LINE = (
    "entity_id || ':excluded:' || extract || ':' || gl_account || ':' || currency || ':' || side"
)
Regenerate = Callable[[str, Sequence[str], str], pa.Table]


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
        Rows by position of one of `AGGREGATES`, for scenarios and the rows of `book.positions` that
        meet a condition.
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


class Tracer:
    """Opens cells; `position_id` narrows contributions to one position."""

    def __init__(self, closed: ClosedBank, position_id: str = "") -> None:
        self.closed, self.position_id = closed, position_id
        self._kept_rows: dict[tuple[str, ...], pa.Table] = {}

    def open(self, cell: Cell) -> OpenedCell:
        """Return what a cell is made of."""
        if cell.stored is None:
            return OpenedCell(cell, cause=self._cause(cell))
        kinds = {
            "sum": self._sum,
            "formula": self._formula,
            "selection": self._selection,
            "estimate": self._estimate,
            "input": self._input,
        }
        return kinds[cell.rule.kind](cell)

    def contributions(
        self, table: str, column: str, rule: CellRule, scenarios: Sequence[str]
    ) -> tuple[str, set[str]]:
        """Return the SELECT of contributions to every row of a column, and what it reads."""
        keys = [key for key in self.closed.contracts[table].key if key != "as_of_date"]
        carriers = {one: self._carrier(one) for one in rule.opens_to}
        tracing = Tracing(self._sources(carriers, scenarios))
        sql = tracing.contributions(table, column, keys)
        if sql is None:
            raise ContractError(
                f"{table}.{column} does not come from {', '.join(rule.opens_to)}",
                where=f"data_contracts/tables/{table.replace('.', '/')}.yaml",
                fix="let opens_to name the tables with one row per position that it sums up",
            )
        return sql, tables_read(sql)

    def bind_carriers(
        self, rule: CellRule, scenarios: Sequence[str], entities: Collection[str]
    ) -> None:
        """Make the rows by position behind a rule readable."""
        pinned, only = self.closed.pinned, self.position_id
        for table in rule.opens_to:
            carrier = self._carrier(table)
            if table in AGGREGATES:
                listed = ", ".join(literal(entity) for entity in sorted(entities))
                chosen = f"position_id = {literal(only)}" if only else f"entity_id in ({listed})"
                pinned.bind_rows(carrier.bound_as, self._regenerated(table, scenarios, chosen))
            elif only:
                one = f"select * from {table} where {carrier.identity} = {literal(only)}"
                pinned.bind_rows(carrier.bound_as, self._kept(one, [table]))
            else:
                pinned.bind([table])
                pinned.bind_select(carrier.bound_as, f"select * from {table}")

    def _regenerated(self, table: str, scenarios: Sequence[str], condition: str) -> pa.Table:
        key = (table, *scenarios, condition)
        if key not in self._kept_rows:
            self._kept_rows[key] = self.closed.regenerate(table, scenarios, condition)
        return self._kept_rows[key]

    def _kept(self, sql: str, reads: Collection[str]) -> pa.Table:
        if (sql,) not in self._kept_rows:
            self._kept_rows[sql,] = self.closed.pinned.query(sql, reads)
        return self._kept_rows[sql,]

    def _carrier(self, table: str) -> Carrier:
        scope = "one" if self.position_id else "traced"
        bound = f"{scope}.{table.replace('.', '__')}"
        return Carrier(bound, _LINE) if table == "book.excluded" else Carrier(bound)

    def _sources(self, carriers: Mapping[str, Carrier], scenarios: Sequence[str]) -> SqlSources:
        closed = self.closed
        texts = {n: t for n, t in closed.texts.items() if n.partition(".")[0] in FOLLOWED}
        return SqlSources(texts, closed.columns, carriers, closed.as_of_date, scenarios)

    def _sum(self, cell: Cell) -> OpenedCell:
        scenarios = scenarios_behind(cell.keys)
        sql, reads = self.contributions(cell.table, cell.column, cell.rule, scenarios)
        self.bind_carriers(cell.rule, scenarios, self._entities(cell))
        chosen = (
            f"select {TRACED_ID}, sum(amount) as amount from (\n{sql}\n)"
            f" where {matching(cell.keys)} group by {TRACED_ID}"
            f" order by abs(sum(amount)) desc, {TRACED_ID}"
        )
        found = self.closed.pinned.query(chosen, reads)
        total = sum(found.column("amount").to_pylist())
        value = None if self.position_id else self._unrounded(cell.table, cell.keys, cell.column)
        return OpenedCell(cell, total, value, found)

    def _entities(self, cell: Cell) -> list[str]:
        """Return the members whose positions can stand behind a row."""
        keys = {k: v for k, v in cell.keys.items() if k in ("entity_id", "row_kind")}
        units = f"select distinct member_entity_id from book.reporting_units where {matching(keys)}"
        rows = self.closed.pinned.rows(units, ["book.reporting_units"])
        return sorted(row["member_entity_id"] for row in rows)

    def _unrounded(self, table: str, keys: Mapping[str, Any], column: str) -> float | None:
        """Return the table's own value from the tables it was made of, before rounding."""
        scenarios = scenarios_behind(keys if "$scenario" in self.closed.texts[table] else {})
        sql = unrounded(self._sources({}, scenarios), table)
        rows = self._kept(sql, tables_read(sql)).to_pylist()
        found = [row for row in rows if all(row[k] == v for k, v in keys.items())]
        return None if not found or found[0][column] is None else float(found[0][column])

    def _formula(self, cell: Cell) -> OpenedCell:
        operands = cell.rule.operands
        names = sorted(columns_named(cell.rule.formula))
        values: dict[str, float] = {}
        parts: list[Part] = []
        for name in names:
            read = operands.get(name) or Operand(f"{cell.table}.{name}")
            found = self.cells_of(read, cell)
            parts += [Part(name, _place(read, row), row[read.column]) for row in found]
            values[name] = self._value_of(read, cell, found)
        return OpenedCell(cell, self._evaluated(cell.rule.formula, values), parts=tuple(parts))

    def _value_of(self, read: Operand, cell: Cell, found: list[dict[str, Any]]) -> float:
        """Return an operand: of the cell's own report before rounding, of another as stored."""
        if read.table != cell.table:
            return sum(float(row[read.column] or 0) for row in found)
        keys = [key for key in self.closed.contracts[read.table].key if key != "as_of_date"]
        exact = (
            self._unrounded(read.table, {k: row[k] for k in keys}, read.column) for row in found
        )
        return sum(value or 0.0 for value in exact)

    def cells_of(self, read: Operand, cell: Cell) -> list[dict[str, Any]]:
        """Return the rows that an operand or a selection reads for a cell's row."""
        contract = self.closed.contracts[read.table]
        where = with_values(read.where, cell.row)
        named = columns_named(where) if where else set()
        shared = [k for k in contract.key if k in cell.row and k not in named]
        conditions = [matching({k: cell.row[k] for k in shared})] + ([f"({where})"] if where else [])
        columns = ", ".join(f'"{c}"' for c in dict.fromkeys([*contract.key, read.column]))
        sql = (
            f"select {columns} from {read.table} where {' and '.join(conditions)}"
            f" order by {', '.join(contract.key)}"
        )
        return self.closed.pinned.rows(sql, tables_read(sql))

    def _evaluated(self, formula: str, values: Mapping[str, float]) -> float | None:
        given = ", ".join(f'cast({value!r} as double) as "{name}"' for name, value in values.items())
        return _number(self.closed.pinned.rows(f"select {formula} as v from (select {given})", []))

    def _selection(self, cell: Cell) -> OpenedCell:
        read = cell.rule.source
        found = self.cells_of(read, cell)
        known = [float(r[read.column]) for r in found if r[read.column] is not None]
        best = (min if cell.rule.winner == "minimum" else max)(known, default=None)
        parts = [
            Part(read.column, _place(read, r), r[read.column], r[read.column] == best)
            for r in found
        ]
        return OpenedCell(cell, best, parts=tuple(parts))

    def _estimate(self, cell: Cell) -> OpenedCell:
        table = cell.rule.opens_to[0]
        where = with_values(cell.rule.where, cell.row) or "true"
        sample = f"from {table} where {where}"
        sql = f"select {cell.rule.formula} as v {sample}"
        value = _number(self.closed.pinned.rows(sql, tables_read(sql)))
        (count,) = self.closed.pinned.rows(f"select count(*) as n {sample}", [table])
        code = self.closed.pinned.manifest.inputs.get("code", "")
        parts = (Part("sample", f"{table}: {where}", count["n"]), Part("code", "sha256", code))
        return OpenedCell(cell, value, parts=parts)

    def _input(self, cell: Cell) -> OpenedCell:
        if not cell.rule.file:
            return self._delivered_input(cell)
        relative = filled(cell.rule.file, cell.row)
        path = filled(cell.rule.path, cell.row)
        place = yaml_place(self.closed.contract_file(relative), path)
        where = f"data_contracts/{relative}, line {place.line}: {place.line_text}"
        return OpenedCell(cell, float(place.written), parts=(Part(path, where, place.written),))

    def _delivered_input(self, cell: Cell) -> OpenedCell:
        read = cell.rule.source
        name = read.table.partition(".")[2]
        conditions = read.where or "true"
        sql = (
            f"select r.*, f.file_name from raw.{name} as r"
            " left join audit.files as f on r.source_file_id = f.source_file_id"
            f" where r.entity_id = {literal(cell.row['entity_id'])} and ({conditions})"
        )
        rows = self.closed.pinned.rows(sql, [f"raw.{name}", "audit.files"])
        parts = [
            Part(read.column, f"{row['file_name']}, row {row['source_row']}", row[read.column])
            for row in rows
        ]
        value = float(parts[0].value) if len(parts) == 1 else None
        return OpenedCell(cell, value, parts=tuple(parts))

    def _cause(self, cell: Cell) -> str:
        """Say why there is no number: the row's own words, else what the contract says of nulls."""
        written = str(cell.row.get("availability") or "")
        if written.startswith("not available"):
            return written
        return self.closed.contracts[cell.table].nullable.get(cell.column, written)


def find_cell(closed: ClosedBank, table: str, column: str, row: Mapping[str, Any]) -> Cell:
    """Return the cell of one stored row."""
    contract = closed.contracts[table]
    keys = {key: row[key] for key in contract.key if key != "as_of_date"}
    is_money = closed.dictionary[column].type == "money" and contract.schema == "reports"
    rule = _rule_of(closed, contract, column, row)
    return Cell(table, column, keys, row, rule, is_money)


def _rule_of(
    closed: ClosedBank, contract: TableContract, column: str, row: Mapping[str, Any]
) -> CellRule:
    rules = contract.cells[column]
    if len(rules) == 1 and not rules[0].when:
        return rules[0]
    named = {name for rule in rules for name in columns_named(rule.when)}
    given = ", ".join(f'{literal(row[name])} as "{name}"' for name in sorted(named))
    tests = ", ".join(f"({rule.when}) as r{number}" for number, rule in enumerate(rules))
    (found,) = closed.pinned.rows(f"select {tests} from (select {given})", [])
    held = [rule for rule, is_held in zip(rules, found.values(), strict=True) if is_held]
    if len(held) != 1:
        raise ContractError(
            f"{len(held)} rules of {contract.table}.{column} hold for one row",
            detail=", ".join(f"{name}={row[name]}" for name in contract.key),
            fix="let `when` of exactly one rule hold for every row",
        )
    return replace(held[0])


def scenarios_behind(keys: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scenarios a row is computed from: its own and the base."""
    return tuple(dict.fromkeys(["base", str(keys.get("scenario", "base"))]))


def literal(value: Any) -> str:
    """Return a value as SQL text."""
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"


def matching(keys: Mapping[str, Any]) -> str:
    """Return the condition that picks a row by its key."""
    return " and ".join(f'"{name}" = {literal(value)}' for name, value in keys.items()) or "true"


def with_values(text: str, row: Mapping[str, Any]) -> str:
    """Return a condition in which ``$column`` is the row's value."""
    return re.sub(r"\$([a-z_]+)", lambda m: literal(row[m[1]]), text)


def filled(text: str, row: Mapping[str, Any]) -> str:
    """Return a path in which ``{column}`` is the row's value."""
    return re.sub(r"\{([a-z_]+)\}", lambda m: str(row[m[1]]), text)


def _place(read: Operand, row: Mapping[str, Any]) -> str:
    keys = {k: v for k, v in row.items() if k not in ("as_of_date", read.column)}
    return f"{read.table} " + ",".join(f"{name}={value}" for name, value in keys.items())


def _number(rows: list[dict[str, Any]]) -> float | None:
    (row,) = rows
    return None if row["v"] is None else float(row["v"])
