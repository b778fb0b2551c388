"""The rules for SQL files catch what they are there for: each is shown a query that breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import test_sql_files as rules
from tests.house.project import SqlFile

HEADER = "-- about: A table that breaks a rule.\n-- grain: as_of_date\n-- reads: book.positions\n"
LATER = HEADER.replace("book.positions", "metrics.eve")

about = rules.test_the_header_says_what_the_table_is
reads = rules.test_the_header_names_exactly_the_tables_read
columns = rules.test_the_columns_are_named_one_by_one
clock = rules.test_nothing_depends_on_the_clock_chance_or_a_file
order = rules.test_nothing_depends_on_the_order_of_rows
ranking = rules.test_ranking_windows_and_limits_are_ordered
stages = rules.test_only_earlier_stages_are_read
sums = rules.test_doubles_are_summed_as_decimals


def broken(text: str, schema: str = "book") -> SqlFile:
    """Return a file that exists for its text only."""
    return SqlFile(Path("sql/40_book/broken.sql"), schema, "broken", text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (about, "select 1 as x"),
        (
            reads,
            HEADER + "select 1 as x from raw.loan",
        ),
        (columns, HEADER + "select * from book.positions"),
        (
            columns,
            HEADER + "select p.* from book.positions as p",
        ),
        (clock, "select now() as x"),
        (clock, "select current_date as x"),
        (clock, "select random() as x"),
        (clock, "select x from read_csv('a')"),
        (order, "select first(x) as x from t"),
        (order, "select any_value(x) as x from t"),
        (order, "select arg_max(x, y) as x from t"),
        (order, "select list(x) as x from t"),
        (order, "select string_agg(x, ',') as x from t"),
        (
            ranking,
            "select row_number() over () as n from t",
        ),
        (ranking, "select x from t limit 1"),
        (stages, LATER + "select x from metrics.eve"),
        (sums, "select sum(cast(x as double)) as x from t"),
        (
            sums,
            "select avg(cast(x as double) * 2) as x from t",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_broken_query_is_refused(rule, text):
    with pytest.raises(AssertionError):
        rule(broken(text))


@pytest.mark.parametrize("text", ["select 1 as x; select 2 as x", "create table t (x integer)"])
def test_anything_but_one_select_is_refused(text):
    with pytest.raises(AssertionError):
        rules.query(broken(text))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (order, "select first(x order by y) as x from t"),
        (
            ranking,
            "select row_number() over (order by y) as n from t",
        ),
        (
            sums,
            "select sum(cast(cast(x as double) as decimal(38, 6))) as x from t",
        ),
        (
            sums,
            "select sum(cast(x as decimal(18, 2))) as x from t",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_sound_query_is_accepted(rule, text):
    rule(broken(text))
