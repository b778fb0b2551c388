"""How the numbers of a table open: the part `cells` of its data contract, as records.

Each column has one rule, or several with a condition on the row (`when`) of which exactly one
holds. A rule has a kind, and the kind says what else must stand there. Opening a cell does not
belong here (`audit/`), nor does checking that a number is what its rule says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

KINDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "sum": (frozenset({"opens_to"}), frozenset()),
    "formula": (frozenset({"formula"}), frozenset({"operands"})),
    "selection": (frozenset({"opens_to", "winner"}), frozenset({"where"})),
    "estimate": (frozenset({"opens_to", "formula"}), frozenset({"where"})),
    "input": (frozenset(), frozenset({"opens_to", "where", "file", "path"})),
}
"""Kind to what must and what may stand beside it."""

WINNERS = ("minimum", "maximum")


@dataclass(frozen=True)
class Operand:
    """Cells that a formula reads outside its own row; several are added up.

    Attributes
    ----------
    opens_to : str
        ``schema.table.column``.
    where : str
        Condition over that table's columns. Keys it does not name equal those of the row.
    at : str
        ``previous`` for the cells of the published close before.
    """

    opens_to: str
    where: str = ""
    at: str = ""

    @property
    def relation(self) -> str:
        """Name under which the table is read."""
        return f"{self.at}.{self.table.partition('.')[2]}" if self.at else self.table

    @property
    def table(self) -> str:
        """Name of the table."""
        return self.opens_to.rpartition(".")[0]

    @property
    def column(self) -> str:
        """Name of the column."""
        return self.opens_to.rpartition(".")[2]


@dataclass(frozen=True)
class CellRule:
    """How the cells of one column open.

    Attributes
    ----------
    when : str
        Condition over the row, empty for every row.
    opens_to : tuple[str, ...]
        Of a sum, the tables with one row per position whose amounts are added up; of a selection
        or input, ``schema.table.column``; of an estimate, the table of its sample.
    formula : str
        Expression over columns of the row and named operands.
    winner : str
        Which candidate is selected: minimum or maximum.
    file, path : str
        File of `data_contracts/` and place in it; ``{column}`` is the row's value.
    """

    kind: str
    when: str = ""
    opens_to: tuple[str, ...] = ()
    formula: str = ""
    operands: Mapping[str, Operand] = field(default_factory=dict)
    where: str = ""
    winner: str = ""
    file: str = ""
    path: str = ""

    @property
    def source(self) -> Operand:
        """What a selection or an input reads."""
        return Operand(self.opens_to[0], self.where)


def cell_rules(cells: Mapping[str, Any]) -> dict[str, tuple[CellRule, ...]]:
    """Return the rules of every column of a checked part `cells`."""
    return {column: tuple(map(_rule, _listed(body))) for column, body in cells.items()}


def cell_problems(table: str, cells: Mapping[str, Any], numbers: list[str]) -> list[str]:
    """Return what is wrong with the part `cells` of a data contract, a sentence each.

    Parameters
    ----------
    numbers : list of str
        Columns that must open.
    """
    problems = [
        f"{table}: the number {column} does not say how it opens: add `{column}: {{kind: …}}` to"
        f" cells, the kind one of {', '.join(KINDS)}"
        for column in numbers
        if column not in cells
    ]
    for column, body in cells.items():
        rules = _listed(body)
        for rule in rules:
            problems += [f"{table}: {column} {text}" for text in _rule_problems(rule)]
        if len(rules) > 1 and not all(isinstance(r, dict) and r.get("when") for r in rules):
            problems.append(f"{table}: {column} has several rules, and one does not say `when`")
    return problems


def _listed(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [body]


def _rule_problems(rule: Any) -> list[str]:
    if not isinstance(rule, dict) or rule.get("kind") not in KINDS:
        return [f"has no kind that is one of {', '.join(KINDS)}"]
    must, may = KINDS[rule["kind"]]
    given = set(rule) - {"kind", "when"}
    problems = [f"is a {rule['kind']} and lacks {name}" for name in sorted(must - given)]
    problems += [f"is a {rule['kind']}, which has no {n}" for n in sorted(given - must - may)]
    if rule["kind"] == "input" and not ({"file", "path"} <= given or "opens_to" in given):
        problems.append("is an input and names neither a file with a path nor what it opens_to")
    if rule.get("winner", WINNERS[0]) not in WINNERS:
        problems.append(f"has a winner that is none of {', '.join(WINNERS)}")
    for name, operand in (rule.get("operands") or {}).items():
        if not isinstance(operand, dict) or str(operand.get("opens_to")).count(".") != 2:
            problems.append(f"has an operand {name} that does not open to schema.table.column")
    return problems


def _rule(body: Mapping[str, Any]) -> CellRule:
    opened = body.get("opens_to") or ()
    texts = {f.name: str(body[f.name]) for f in fields(CellRule) if f.name in body}
    texts.pop("opens_to", None)
    texts.pop("operands", None)
    operands = {n: Operand(**one) for n, one in (body.get("operands") or {}).items()}
    tables = (opened,) if isinstance(opened, str) else tuple(opened)
    return CellRule(**texts, opens_to=tables, operands=operands)
