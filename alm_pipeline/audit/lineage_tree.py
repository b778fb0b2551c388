"""Lineage as a tree in the terminal: a branch is a table with the columns that matter there.

A table is opened once; where it comes up again with the same columns, the tree says so instead of
repeating the branch. Finding the edges does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rich.text import Text
from rich.tree import Tree

from alm_pipeline.audit.lineage import ALL_COLUMNS, CONDITION, VALUE
from alm_pipeline.audit.lineage_graph import Columns, Lineage

_COLUMNS_SHOWN = 6


@dataclass
class LineageTree:
    """Draws trees of one lineage.

    Attributes
    ----------
    origins : Mapping[str, str]
        What makes a table, shown beside it.
    is_down : bool
        Follow what a column feeds instead of what it is made from.
    depth : int
        Levels to open; 0 opens all.
    """

    lineage: Lineage
    origins: Mapping[str, str]
    is_down: bool = False
    depth: int = 0
    _shown: dict[str, set[str]] = field(default_factory=dict)

    def of_column(self, table: str, column: str) -> Tree:
        """Return the tree of one column down to its sources, or up to what it feeds."""
        self._shown = {table: {column}}
        root = Tree(self._label(table, {column}))
        if self.is_down:
            self._conditions(root, self.lineage.downstream(table, (column,), CONDITION))
        else:
            self._conditions(root, self.lineage.upstream(table, (), CONDITION))
        self._grow(root, table, {column}, 1)
        return root

    def of_table(self, table: str) -> Tree:
        """Return the tree of a table, tables only."""
        self._shown = {table: set()}
        root = Tree(self._label(table, ()))
        self._grow_tables(root, table, 1)
        return root

    def _grow(self, node: Tree, table: str, columns: Iterable[str], level: int) -> None:
        step = self.lineage.downstream if self.is_down else self.lineage.upstream
        found = step(table, columns, VALUE)
        if not found and not self.is_down:
            for source, how in self.lineage.upstream_tables(table).items():
                if how in ("yaml", "declared", "record"):
                    node.add(self._label(source, ()))
        for other, names in found.items():
            fresh = set(names) - self._shown.get(other, set())
            self._shown.setdefault(other, set()).update(names)
            child = node.add(self._label(other, names, is_repeated=not fresh))
            if fresh and self._is_open(level):
                self._grow(child, other, fresh, level + 1)

    def _grow_tables(self, node: Tree, table: str, level: int) -> None:
        step = self.lineage.downstream_tables if self.is_down else self.lineage.upstream_tables
        for other, how in step(table).items():
            is_repeated = other in self._shown and self._has_more(other)
            self._shown.setdefault(other, set())
            child = node.add(self._label(other, (), how, is_repeated=is_repeated))
            if not is_repeated and self._is_open(level):
                self._grow_tables(child, other, level + 1)

    def _has_more(self, table: str) -> bool:
        step = self.lineage.downstream_tables if self.is_down else self.lineage.upstream_tables
        return bool(step(table))

    def _is_open(self, level: int) -> bool:
        return not self.depth or level < self.depth

    def _conditions(self, root: Tree, found: Columns) -> None:
        if found:
            said = "decides the rows of" if self.is_down else "rows chosen, joined or grouped by"
            branch = root.add(Text(said, style="italic"))
            for table, names in found.items():
                branch.add(self._label(table, names - {ALL_COLUMNS}))

    def _label(
        self, table: str, columns: Iterable[str], how: str = "", *, is_repeated: bool = False
    ) -> Text:
        label = Text(table, style="bold")
        names = sorted(columns)
        if names:
            more = len(names) - _COLUMNS_SHOWN
            listed = ", ".join(names[:_COLUMNS_SHOWN] if more > 1 else names)
            label.append(f"  {listed}" + (f" and {more} more" if more > 1 else ""), "not bold cyan")
        origin = "see above" if is_repeated else self.origins.get(table, "")
        notes = [note for note in (how if how != "current" else "", origin) if note]
        if notes:
            label.append("  " + " · ".join(notes), "not bold dim")
        return label
