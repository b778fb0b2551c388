"""Open a cell of a published close: what it is made of, found again and compared with it.

A sum opens to contributions by position, a formula to its cells and is evaluated again, a selection
to its candidates, an estimate to its sample, an input to the line of its file. The rules are those
of the table's data contract; rows of what the bank sent are found in `audit/source_rows.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alm_pipeline.audit.closed_bank import ClosedBank, filled, literal, matching, with_values
from alm_pipeline.audit.contributions import Contributions
from alm_pipeline.audit.opened_cell import Cell, OpenedCell, Part
from alm_pipeline.audit.trace_query import columns_named, tables_read
from alm_pipeline.inputs.cell_rules import Operand
from alm_pipeline.inputs.yaml_places import find_place, yaml_place


class Tracer:
    """Opens cells of one close; `position_id` narrows contributions to one position."""

    def __init__(self, closed: ClosedBank, position_id: str = "") -> None:
        self.closed = closed
        self.contributions = Contributions(closed, position_id)

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

    def _sum(self, cell: Cell) -> OpenedCell:
        found = self.contributions.of_cell(cell)
        total = math.fsum(found.column("amount").to_pylist())
        value = self.contributions.unrounded(cell.table, cell.keys, cell.column)
        only = self.contributions.position_id
        return OpenedCell(cell, total, value, found, only=only)

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
        if read.relation != cell.table:
            return sum(float(row[read.column] or 0) for row in found)
        keys = self.closed.keys(read.table)
        exact = (
            self.contributions.unrounded(read.table, {k: row[k] for k in keys}, read.column)
            for row in found
        )
        return sum(value or 0.0 for value in exact)

    def cells_of(self, read: Operand, cell: Cell) -> list[dict[str, Any]]:
        """Return the rows that an operand or a selection reads for a cell's row."""
        contract = self.closed.contracts[read.table]
        where = with_values(read.where, cell.row)
        named = columns_named(where) if where else frozenset()
        other_day = {"as_of_date"} if read.at else set()
        shared = [k for k in contract.key if k in cell.row and k not in named | other_day]
        conditions = [matching({k: cell.row[k] for k in shared})] + (
            [f"({where})"] if where else []
        )
        columns = ", ".join(f'"{c}"' for c in dict.fromkeys([*contract.key, read.column]))
        sql = (
            f"select {columns} from {read.relation} where {' and '.join(conditions)}"
            f" order by {', '.join(contract.key)}"
        )
        return self.closed.pinned.rows(sql, tables_read(sql))

    def _evaluated(self, formula: str, values: Mapping[str, float]) -> float | None:
        given = ", ".join(
            f'cast({value!r} as double) as "{name}"' for name, value in values.items()
        )
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
        sql = f"select {with_values(cell.rule.formula, cell.row)} as v {sample}"
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
        file = self.closed.contract_file(relative)
        below = None if find_place(file, path) else find_place(file, "extends")
        if below is not None:  # the figure is of the file that this one extends
            relative = f"{relative.rpartition('/')[0]}/{below.written}.yaml"
            file = self.closed.contract_file(relative)
        place = yaml_place(file, path)
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


def _place(read: Operand, row: Mapping[str, Any]) -> str:
    keys = {k: v for k, v in row.items() if k not in ("as_of_date", read.column)}
    return f"{read.relation} " + ",".join(f"{name}={value}" for name, value in keys.items())


def _number(rows: list[dict[str, Any]]) -> float | None:
    (row,) = rows
    return None if row["v"] is None else float(row["v"])
