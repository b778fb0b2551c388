"""Column lineage of SELECTs: through expressions, joins, common tables, unions, subqueries."""

from __future__ import annotations

import pytest

from alm_pipeline.audit.lineage import ColumnEdge, column_edges, tables_read
from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.sql_files import Read, SqlFile

COLUMNS = {
    "book.positions": ["position_id", "currency", "amount"],
    "staging.fx_rate": ["currency", "rate"],
}


def edges_of(text: str, kind: str = "value") -> dict[str, set[str]]:
    file = SqlFile("reports.x", "90_reports", "x", ("x",), (Read("book.positions"),), (), text)
    found: dict[str, set[str]] = {}
    for edge in column_edges(file, COLUMNS):
        if edge.edge_kind != kind:
            continue
        source = f"{edge.upstream_table}.{edge.upstream_column}"
        found.setdefault(edge.column_name, set()).add(source)
    return found


def test_an_expression_comes_from_every_column_in_it() -> None:
    text = """
    select p.amount * f.rate as translated from book.positions as p
    inner join staging.fx_rate as f on p.currency = f.currency
    """
    assert edges_of(text) == {"translated": {"book.positions.amount", "staging.fx_rate.rate"}}


def test_common_tables_are_followed_to_their_sources() -> None:
    text = """
    with totals as (select currency, sum(amount) as total from book.positions group by currency),
    doubled as (select currency, 2 * total as twice from totals)
    select currency, twice from doubled
    """
    assert edges_of(text) == {
        "currency": {"book.positions.currency"},
        "twice": {"book.positions.amount"},
    }


def test_a_union_joins_the_sources_of_its_branches() -> None:
    text = "select currency as c from book.positions union all select currency from staging.fx_rate"
    assert edges_of(text) == {"c": {"book.positions.currency", "staging.fx_rate.currency"}}


def test_a_star_is_resolved_by_the_contract() -> None:
    assert set(edges_of("select * from book.positions")) == {"position_id", "currency", "amount"}


def test_a_scalar_subquery_is_followed() -> None:
    text = "select (select max(f.rate) from staging.fx_rate as f) as highest from book.positions"
    assert edges_of(text) == {"highest": {"staging.fx_rate.rate"}}


def test_tables_read_leaves_common_tables_out() -> None:
    text = "with a as (select 1 as x from book.positions) select x from a"
    assert tables_read(text) == {"book.positions"}


@pytest.mark.parametrize(
    ("text", "deciding"),
    [
        ("select amount from book.positions where currency = 'EUR'", {"book.positions.currency"}),
        (
            "select sum(amount) as a from book.positions group by currency",
            {"book.positions.currency"},
        ),
        (
            "select p.amount from book.positions as p "
            "inner join staging.fx_rate as f on p.currency = f.currency",
            {"book.positions.currency", "staging.fx_rate.currency"},
        ),
        (
            "with own as (select amount from book.positions where currency = 'EUR') "
            "select amount from own",
            {"book.positions.currency"},
        ),
        (
            "select amount from book.positions where currency in "
            "(select f.currency from staging.fx_rate as f where f.rate > 0)",
            {"book.positions.currency", "staging.fx_rate.currency", "staging.fx_rate.rate"},
        ),
        (
            "select currency from book.positions group by currency having sum(amount) > 0",
            {"book.positions.amount", "book.positions.currency"},
        ),
        (
            "select amount from book.positions "
            "qualify row_number() over (order by position_id) = 1",
            {"book.positions.position_id"},
        ),
    ],
)
def test_what_decides_the_rows_is_kept_apart_from_what_makes_the_values(text, deciding):
    assert edges_of(text, "condition") == {"*": deciding}
    assert "*" not in edges_of(text)


def test_a_plain_copy_is_decided_by_nothing():
    assert edges_of("select amount from book.positions", "condition") == {}


def test_an_unknown_column_is_refused_by_file() -> None:
    with pytest.raises(ContractError, match=r"reports\.x"):
        edges_of("select p.nonsense from book.positions as p")


def test_names_keep_the_case_of_the_banks_file():
    file = SqlFile(
        "raw.x", "10_raw", "x", ("x",), (), (), 'select t."BC_1MONTH" as q from raw.t as t'
    )
    (edge,) = column_edges(file, {"raw.t": ["BC_1MONTH"]})
    assert edge.upstream_column == "BC_1MONTH"


def test_two_statements_are_not_one_select() -> None:
    with pytest.raises(ContractError, match="exactly one SELECT"):
        tables_read("select 1; select 2")


def test_edges_sort_by_table_and_column() -> None:
    assert ColumnEdge("a", "b", "c", "d") < ColumnEdge("a", "c", "c", "d")
