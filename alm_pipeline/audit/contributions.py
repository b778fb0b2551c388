"""What each position adds to the rows of a column, and the total it must give."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from alm_pipeline.audit.closed_bank import (
    ClosedBank,
    WantedRows,
    literal,
    matching,
    row_name,
    scenarios_behind,
)
from alm_pipeline.audit.opened_cell import Cell
from alm_pipeline.audit.trace_query import (
    TRACED_ID,
    Carrier,
    SqlSources,
    Tracing,
    unrounded,
)
from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.cell_rules import CellRule

FOLLOWED = ("book", "metrics", "reports", "daily")
"""Schemas whose SQL is followed; what lies before has one row per position."""

LINES = ("book.positions", "book.excluded")
"""Their rows are what is added up: nothing is followed beyond them."""

AGGREGATES = (
    "scenarios.cash_flow_buckets",
    "scenarios.monthly_balances",
    "cash_flows.contractual_buckets",
    "scenarios.risk_changes",
)
"""Stored as totals; the engine gives their rows by position again."""

_KINDS = {"family": "family", "contract_currency": "currency", "product_code": "product_code"}
_ALL_KINDS = ("total", "all")
"""Keys by which rows are about some positions, as `book.positions` names them, or about all."""

_LINE = (
    "entity_id || ':excluded:' || extract || ':' || gl_account || ':' || currency || ':' || side"
)


def followed(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the SQL through which positions are followed, by table."""
    schemas = {name: name.partition(".")[0] for name in texts if name not in LINES}
    return {name: texts[name] for name, schema in schemas.items() if schema in FOLLOWED}


class Contributions:
    """Contributions to the cells of one close; `position_id` narrows them to one position."""

    def __init__(self, closed: ClosedBank, position_id: str = "") -> None:
        self.closed, self.position_id = closed, position_id
        self._selects: dict[tuple[object, ...], tuple[str, Tracing]] = {}
        self._tracings: dict[tuple[object, ...], Tracing] = {}
        self._n_bound: dict[str, int] = {}
        self._kept_rows: dict[tuple[str, ...] | WantedRows, pa.Table] = {}
        self._unrounded: dict[str, tuple[pa.Table, dict[tuple[Any, ...], int]]] = {}

    def of_cell(self, cell: Cell) -> pa.Table:
        """Return ``traced_id`` and ``amount`` of one cell, largest first."""
        scenarios = scenarios_behind(cell.keys)
        sql, tracing = self._select(cell.table, cell.column, cell.rule, scenarios)
        self._bind_carriers(cell.rule, self._wanted(cell.keys, scenarios, tracing))
        self._bind_steps(tracing)
        chosen = (
            f"select {TRACED_ID}, sum(amount) as amount from (\n{sql}\n)"
            f" where {matching(cell.keys)} group by {TRACED_ID}"
            f" order by abs(sum(amount)) desc, {TRACED_ID}"
        )
        return self.closed.pinned.query(chosen, tracing.reads)

    def of_column(self, table: str, column: str, rule: CellRule) -> list[dict[str, Any]]:
        """Return keys, ``amount`` and ``n_contributions`` of every row of a column."""
        keys = self.closed.keys(table)
        scenarios = self.closed.scenarios if "scenario" in keys else ("base",)
        n_rows = self._bind_carriers(rule, WantedRows(scenarios, self._condition({})))
        if n_rows == 0:
            return []
        sql, tracing = self._select(table, column, rule, scenarios)
        self._bind_steps(tracing)
        named = ", ".join(f'"{key}"' for key in keys)
        every = (
            f"select {named}, sum(amount) as amount, count(distinct {TRACED_ID}) as n_contributions"
            f" from (\n{sql}\n) group by {named} order by {named}"
        )
        return self.closed.pinned.rows(every, tracing.reads)

    def unrounded(self, table: str, keys: Mapping[str, Any], column: str) -> float | None:
        """Return the table's own value from the tables it was made of, before rounding."""
        names = self.closed.keys(table)
        if table not in self._unrounded:
            sql, reads = unrounded(self._sources({}, self.closed.scenarios), table)
            rows = self.closed.pinned.query(sql, reads)
            key_values = zip(*(rows.column(name).to_pylist() for name in names), strict=True)
            self._unrounded[table] = rows, {key: n for n, key in enumerate(key_values)}
        rows, place = self._unrounded[table]
        at = place.get(tuple(keys[name] for name in names))
        value = None if at is None else rows.column(column)[at].as_py()
        return None if value is None else float(value)

    def _select(
        self, table: str, column: str, rule: CellRule, scenarios: Sequence[str]
    ) -> tuple[str, Tracing]:
        key = (table, column, rule.opens_to, *scenarios)
        if key not in self._selects:
            carriers = {one: self._carrier(one) for one in rule.opens_to}
            tracing = self._tracing(carriers, scenarios)
            sql = tracing.contributions(table, column, self.closed.keys(table))
            missing = set(rule.opens_to) - tracing.used
            if sql is None or missing:
                raise ContractError(
                    f"{table}.{column} is no sum of {', '.join(sorted(missing))}",
                    where=f"data_contracts/tables/{table.replace('.', '/')}.yaml",
                    fix="let opens_to name the tables with one row per position that it sums up",
                )
            self._selects[key] = sql, tracing
        return self._selects[key]

    def _tracing(self, carriers: Mapping[str, Carrier], scenarios: Sequence[str]) -> Tracing:
        """Return a tracing of its own; for one position, one that all columns share."""
        if not self.position_id:
            return Tracing(self._sources(carriers, scenarios))
        key = (*carriers, *scenarios)
        if key not in self._tracings:
            schema = f"one_{len(self._tracings)}"
            self._tracings[key] = Tracing(self._sources(carriers, scenarios), schema)
        return self._tracings[key]

    def _bind_steps(self, tracing: Tracing) -> None:
        """Keep the few rows that one position has in each table on the way."""
        if tracing.bound_in:
            known = self._n_bound.get(tracing.bound_in, 0)
            for name, sql in list(tracing.steps.items())[known:]:
                pinned = self.closed.pinned
                pinned.bind_rows(name, pinned.query(sql, tracing.reads))
            self._n_bound[tracing.bound_in] = len(tracing.steps)

    def _bind_carriers(self, rule: CellRule, wanted: WantedRows) -> int | None:
        """Make the rows by position behind a rule readable; for one position, return how many."""
        pinned, only, n_rows = self.closed.pinned, self.position_id, 0
        for table in rule.opens_to:
            carrier = self._carrier(table)
            if table in AGGREGATES:
                rows = self._regenerated(wanted._replace(table=table))
                pinned.bind_rows(carrier.bound_as, rows)
                n_rows += rows.num_rows
            elif only:
                one = f"select * from {table} where {carrier.identity} = {literal(only)}"
                rows = self._kept(one, [table])
                pinned.bind_rows(carrier.bound_as, rows)
                n_rows += rows.num_rows
            else:
                pinned.bind([table])
                pinned.bind_select(carrier.bound_as, f"select * from {table}")
        return n_rows if only else None

    def _regenerated(self, wanted: WantedRows) -> pa.Table:
        if wanted not in self._kept_rows:
            self._kept_rows[wanted] = self.closed.regenerate(wanted)
        return self._kept_rows[wanted]

    def _kept(self, sql: str, reads: Collection[str]) -> pa.Table:
        if (sql,) not in self._kept_rows:
            self._kept_rows[sql,] = self.closed.pinned.query(sql, reads)
        return self._kept_rows[sql,]

    def _wanted(
        self, keys: Mapping[str, Any], scenarios: Sequence[str], tracing: Tracing
    ) -> WantedRows:
        """Return what stands behind one row; of one position everything, for all of its cells.

        A row of a bucket adds up that bucket, or all up to it.
        """
        wanted = WantedRows(tuple(scenarios), self._condition(keys))
        if self.position_id:
            return wanted

        def named(key: str) -> Collection[Any]:
            return tracing.compared.get(key, (keys[key],) if key in keys else ())

        return wanted._replace(
            bucket_sets=frozenset(named("bucket_set")),
            last_bucket=int(keys.get("bucket") or 0),
            months=frozenset(map(int, named("month_index"))),
        )

    def _condition(self, keys: Mapping[str, Any]) -> str:
        """Return which positions can stand behind a row: the members', or the one there is."""
        if self.position_id:
            return f"position_id = {literal(self.position_id)}"
        unit = {k: v for k, v in keys.items() if k in ("entity_id", "row_kind")}
        sql = f"select distinct member_entity_id from book.reporting_units where {matching(unit)}"
        members = sorted(self._kept(sql, ["book.reporting_units"]).column(0).to_pylist())
        listed = ", ".join(map(literal, members)) or "''"
        kinds = {_KINDS[name]: keys[name] for name in _KINDS if name in keys}
        of_kind = {name: value for name, value in kinds.items() if value not in _ALL_KINDS}
        return f"entity_id in ({listed}) and {matching(of_kind)}"

    def _carrier(self, table: str) -> Carrier:
        scope = "one" if self.position_id else "traced"
        bound = f"{scope}.{table.replace('.', '__')}"
        if table == "book.excluded":
            return Carrier(bound, _LINE)
        name = "" if table in AGGREGATES else row_name(self.closed, table)
        return Carrier(bound, name) if name else Carrier(bound)

    def _sources(self, carriers: Mapping[str, Carrier], scenarios: Sequence[str]) -> SqlSources:
        closed = self.closed
        return SqlSources(
            followed(closed.texts), closed.columns, carriers, closed.as_of_date, scenarios
        )
