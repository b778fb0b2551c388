"""The graph answers both ways, the tree opens each branch once, unknown names get a suggestion."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.tree import Tree

from alm_pipeline.audit.lineage import ColumnEdge
from alm_pipeline.audit.lineage_graph import Lineage, TableEdge
from alm_pipeline.audit.lineage_tree import LineageTree
from alm_pipeline.errors import ConfigurationError

# reports.r.x is staging.a.p + staging.b.q, both from the file behind raw.t; k chooses its rows
LINEAGE = Lineage(
    tables=(
        TableEdge("raw.t", "delivery/t", "delivery"),
        TableEdge("reports.r", "staging.a", "current"),
        TableEdge("reports.r", "staging.b", "current"),
        TableEdge("staging.a", "raw.t", "current"),
        TableEdge("staging.b", "raw.t", "current"),
    ),
    columns=(
        ColumnEdge("raw.t", "v", "delivery/t", "v"),
        ColumnEdge("reports.r", "*", "staging.a", "k", "condition"),
        ColumnEdge("reports.r", "x", "staging.a", "p"),
        ColumnEdge("reports.r", "x", "staging.b", "q"),
        ColumnEdge("staging.a", "p", "raw.t", "v"),
        ColumnEdge("staging.b", "q", "raw.t", "v"),
    ),
    columns_of={
        "raw.t": ("v",),
        "reports.r": ("x",),
        "staging.a": ("p", "k"),
        "staging.b": ("q",),
    },
)


def printed(tree: Tree) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    console.print(tree)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_column_is_followed_to_the_file_and_a_known_branch_is_not_repeated():
    tree = LineageTree(LINEAGE, {"delivery/t": "t.csv"}).of_column("reports.r", "x")
    assert printed(tree) == [
        "reports.r  x",
        "├── rows chosen, joined or grouped by",
        "│   └── staging.a  k",
        "├── staging.a  p",
        "│   └── raw.t  v",
        "│       └── delivery/t  v  t.csv",
        "└── staging.b  q",
        "    └── raw.t  v  see above",
    ]


def test_downwards_a_column_shows_what_it_feeds_and_whose_rows_it_decides():
    down = LineageTree(LINEAGE, {}, is_down=True)
    assert printed(down.of_column("raw.t", "v")) == [
        "raw.t  v",
        "├── staging.a  p",
        "│   └── reports.r  x",
        "└── staging.b  q",
        "    └── reports.r  x  see above",
    ]
    assert printed(down.of_column("staging.a", "k")) == [
        "staging.a  k",
        "└── decides the rows of",
        "    └── reports.r",
    ]


def test_depth_says_how_many_levels_are_opened():
    tree = LineageTree(LINEAGE, {}, depth=1).of_column("reports.r", "x")
    assert printed(tree)[-2:] == ["├── staging.a  p", "└── staging.b  q"]


def test_a_table_is_a_tree_of_tables():
    assert printed(LineageTree(LINEAGE, {}).of_table("reports.r")) == [
        "reports.r",
        "├── staging.a",
        "│   └── raw.t",
        "│       └── delivery/t  delivery",
        "└── staging.b",
        "    └── raw.t  see above",
    ]


def test_a_name_is_a_table_a_column_or_a_file():
    assert LINEAGE.find("reports.r") == ("reports.r", "")
    assert LINEAGE.find("staging.a.k") == ("staging.a", "k")
    assert LINEAGE.find("delivery/t") == ("delivery/t", "")


@pytest.mark.parametrize(
    ("name", "nearest"), [("staging.a.pp", "staging.a.p"), ("report.r", "reports.r")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(ConfigurationError, match=rf"nearest: {nearest}"):
        LINEAGE.find(name)
