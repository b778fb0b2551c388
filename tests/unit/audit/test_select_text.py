"""Where in a SELECT a column is written: exactly its text, through unions and stars."""

from __future__ import annotations

import pytest

from alm_pipeline.audit.select_text import column_spans


def written(text: str) -> dict[str, list[str]]:
    return {c: [text[a:z] for a, z in spans] for c, spans in column_spans(text).items()}


def test_each_column_has_its_own_text_without_commas_and_comments():
    text = """-- about: x
select
    a,  -- the first, with a comma
    sum(case when b > 0 then c else 0 end) as total,
    cast($as_of_date as date) as as_of_date
from s.t"""
    assert written(text) == {
        "a": ["a"],
        "total": ["sum(case when b > 0 then c else 0 end) as total"],
        "as_of_date": ["cast($as_of_date as date) as as_of_date"],
    }


def test_a_union_has_one_text_per_branch():
    text = "select a as x from s.t union all select b + 1 as x from s.u"
    assert written(text) == {"x": ["a as x", "b + 1 as x"]}


def test_a_star_is_followed_to_the_common_table_it_takes():
    text = "with own as (select a * 2 as x, b from s.t) select * from own"
    assert written(text) == {"x": ["a * 2 as x"], "b": ["b"]}


@pytest.mark.parametrize("text", ["select distinct a from s.t", "select  a from s.t"])
def test_words_of_the_select_are_no_part_of_a_column(text):
    assert written(text) == {"a": ["a"]}


def test_a_subquery_belongs_to_its_column():
    text = "select (select max(u.b) from s.u as u) as highest, a from s.t"
    assert written(text)["highest"] == ["(select max(u.b) from s.u as u) as highest"]
