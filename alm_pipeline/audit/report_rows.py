"""Which row and column of a table are meant, and which rule opens the number that stands there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from alm_pipeline.audit.closed_bank import ClosedBank, literal
from alm_pipeline.audit.opened_cell import Cell
from alm_pipeline.errors import ConfigurationError, ContractError
from alm_pipeline.inputs.cell_rules import CellRule
from alm_pipeline.inputs.data_contracts import EXACT_MONEY_SCHEMAS, TableContract

_N_SHOWN = 12


def asked_cell(closed: ClosedBank, table: str, column: str, given: Mapping[str, str]) -> Cell:
    """Return the cell that a person names; what is missing or unknown is asked for by name.

    A group has a row of eliminations beside its own; unless asked for, the own one is meant.

    Raises
    ------
    ConfigurationError
        Naming the tables, columns, keys or values there are.
    """
    opening = sorted(name for name, contract in closed.contracts.items() if contract.cells)
    _refuse_unknown("table", table, opening)
    contract = closed.contracts[table]
    _refuse_unknown(f"column of numbers in {table}:", column, list(contract.cells))
    keys = closed.keys(table)
    for name in given:
        _refuse_unknown(f"key of {table}:", name, keys)
    rows = _matching_rows(closed, table, given)
    return find_cell(closed, table, column, _only(rows, keys, table))


def _matching_rows(
    closed: ClosedBank, table: str, given: Mapping[str, str]
) -> list[dict[str, Any]]:
    is_given = [f'cast("{name}" as varchar) = {literal(one)}' for name, one in given.items()]
    where = " and ".join(is_given) or "true"
    rows = closed.pinned.rows(f"select * from {table} where {where}", [table])
    if not rows:
        _refuse_first_unknown(closed, table, given, is_given)
    own = [row for row in rows if row.get("row_kind") != "elimination"]
    return rows if "row_kind" in given or not own else own


def _refuse_first_unknown(
    closed: ClosedBank, table: str, given: Mapping[str, str], is_given: list[str]
) -> None:
    """Name the values there are of the first key with which no row is left."""
    for n, (name, value) in enumerate(given.items()):
        before = " and ".join(is_given[:n]) or "true"
        sql = f'select distinct cast("{name}" as varchar) as v from {table} where {before}'
        known = sorted(str(row["v"]) for row in closed.pinned.rows(sql, [table]))
        _refuse_unknown(f"{name} in {table} with the keys before it:", value, known)


def _only(rows: list[dict[str, Any]], keys: list[str], table: str) -> dict[str, Any]:
    if len(rows) == 1:
        return rows[0]
    open_keys = {key: sorted({str(row[key]) for row in rows}) for key in keys}
    asked = [f"{key}: {_listed(values)}" for key, values in open_keys.items() if len(values) > 1]
    raise ConfigurationError(
        f"{len(rows)} rows of {table} have these keys",
        detail="; ".join(asked),
        fix="add one value of each to --row, as key=value,key=value",
    )


def _refuse_unknown(what: str, name: str, known: Collection[str]) -> None:
    if name in known:
        return
    close = get_close_matches(name, list(known), n=1)
    raise ConfigurationError(
        f"there is no {what} {name}",
        detail=f"there are {_listed(list(known))}",
        fix=f"did you mean {close[0]}?" if close else "take one of these",
    )


def _listed(values: list[str]) -> str:
    more = f" and {len(values) - _N_SHOWN} more" if len(values) > _N_SHOWN else ""
    return ", ".join(values[:_N_SHOWN]) + more


def find_cell(closed: ClosedBank, table: str, column: str, row: Mapping[str, Any]) -> Cell:
    """Return the cell of one stored row."""
    contract = closed.contracts[table]
    keys = {key: row[key] for key in closed.keys(table)}
    is_exact = contract.schema in EXACT_MONEY_SCHEMAS
    is_money = is_exact and closed.dictionary[column].type == "money"
    rule = _rule_of(closed, contract, column, row)
    return Cell(table, column, keys, row, rule, is_money)


def _rule_of(
    closed: ClosedBank, contract: TableContract, column: str, row: Mapping[str, Any]
) -> CellRule:
    rules = contract.cells[column]
    if len(rules) == 1 and not rules[0].when:
        return rules[0]
    held = [rule for rule in rules if closed.holds(rule.when, row)]
    if len(held) != 1:
        raise ContractError(
            f"{len(held)} rules of {contract.table}.{column} hold for one row",
            detail=", ".join(f"{name}={row[name]}" for name in contract.key),
            fix="let `when` of exactly one rule hold for every row",
        )
    return held[0]
