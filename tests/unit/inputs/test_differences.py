"""Two sets of YAML files compared field by field."""

from __future__ import annotations

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.differences import (
    ABSENT,
    FieldDifference,
    differences_of_file,
    differences_of_sets,
)
from alm_pipeline.paths import DATA_CONTRACTS

DEPOSITS = "assumptions/deposits.yaml"


def shipped(name: str) -> str:
    return (DATA_CONTRACTS / name).read_text(encoding="utf-8")


def test_one_edited_figure_is_one_difference_with_its_path():
    text = shipped(DEPOSITS)
    written = (
        "retail_current_nib:\n    nmd_category: retail_transactional\n    core_share: {value: "
    )
    edited = text.replace(f"{written}0.8,", f"{written}0.7,")
    assert edited != text
    (found,) = differences_of_file(DEPOSITS, text, edited)
    assert found == FieldDifference(
        DEPOSITS, "segments.retail_current_nib.core_share.value", 0.8, 0.7
    )
    assert str(found) == f"{DEPOSITS} segments.retail_current_nib.core_share.value 0.8 -> 0.7"


def test_comments_layout_and_the_way_a_number_is_written_are_no_difference():
    before = "about: x  # why\na: {b: 1, c: [1, 2]}\n"
    after = "about: x\na:\n  c: [1.0, 2]\n  b: 1.0\n"
    assert differences_of_file("x.yaml", before, after) == []


def test_an_entry_of_a_list_is_named_by_what_tells_it_apart():
    text = shipped("limits.yaml")
    edited = text.replace("red: -0.1\n", "red: -0.11\n", 1)
    (found,) = differences_of_file("limits.yaml", text, edited)
    assert found.field_path == "limits[delta_eve,us_up_100,at_least].red"
    assert (found.before, found.after) == (-0.1, -0.11)


def test_a_removed_bucket_is_absent_and_moves_no_other():
    name = "rules/time_buckets.yaml"
    text = shipped(name)
    line = '      - {label: ">20Y", upper: null, midpoint_years: 25.0}\n'
    found = differences_of_file(name, text, text.replace(line, "", 1))
    entry = "bucket_sets.irrbb.buckets[>20Y]"
    assert [(d.field_path, d.before, d.after) for d in found] == [
        (f"{entry}.label", ">20Y", ABSENT),
        (f"{entry}.upper", None, ABSENT),
        (f"{entry}.midpoint_years", 25.0, ABSENT),
    ]


def test_null_is_not_absent_and_true_is_not_one():
    found = differences_of_file("x.yaml", "a: null\nb: true\n", "b: 1\nc: null\n")
    assert [(d.field_path, d.before, d.after) for d in found] == [
        ("a", None, ABSENT),
        ("b", True, 1),
        ("c", ABSENT, None),
    ]


def test_a_file_that_only_one_set_has_differs_in_each_field():
    found = differences_of_sets({"a.yaml": "x: 1\n"}, {"b.yaml": "y: {z: 2}\n"})
    assert found == [
        FieldDifference("a.yaml", "x", 1, ABSENT),
        FieldDifference("b.yaml", "y.z", ABSENT, 2),
    ]


def test_code_lists_are_compared_row_by_row():
    before, after = "code,meaning,value\nA,first,1\n", "code,meaning,value\nA,first,2\nB,second,3\n"
    found = differences_of_file("sources/x/code_lists/y.csv", before, after)
    assert [d.field_path for d in found] == ["[A].value", "[B].code", "[B].meaning", "[B].value"]


def test_text_that_is_not_yaml_names_the_file():
    with pytest.raises(ConfigurationError, match=r"limits\.yaml"):
        differences_of_file("limits.yaml", "a: 1\n", "a: [1\n")
