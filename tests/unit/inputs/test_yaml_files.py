"""Which file counts, what YAML may say, and that every problem of all files comes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.figures import load_figures
from alm_pipeline.inputs.yaml_files import (
    COMPLETE_SET,
    contract_file,
    contract_files,
    contract_texts,
    read_yaml,
    replaced_files,
)
from alm_pipeline.paths import DATA_CONTRACTS


def written(folder: Path, relative: str, text: str) -> Path:
    path = folder / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_the_overlay_replaces_the_shipped_one(tmp_path: Path):
    own = written(tmp_path, "limits.yaml", "about: Own limits.\n")
    assert contract_file("limits.yaml", tmp_path) == own
    assert contract_file("curves.yaml", tmp_path) == DATA_CONTRACTS / "curves.yaml"
    assert contract_file("limits.yaml") == DATA_CONTRACTS / "limits.yaml"


def test_files_of_a_folder_are_those_of_both_sorted_by_name(tmp_path: Path):
    added = written(tmp_path, "scenarios/a_rise.yaml", "about: A rise.\n")
    replaced = written(tmp_path, "scenarios/us_up_100.yaml", "about: Another rise.\n")
    found = contract_files("scenarios", tmp_path)
    assert found[0] == added
    assert replaced in found
    assert DATA_CONTRACTS / "scenarios" / "us_up_100.yaml" not in found
    assert [path.name for path in found] == sorted(path.name for path in found)


def test_the_shipped_file_that_a_banks_own_replaces_is_kept_beside_it(tmp_path: Path):
    written(tmp_path, "limits.yaml", "about: Own limits.\n")
    written(tmp_path, "scenarios/own.yaml", "about: It replaces none.\n")
    texts = contract_texts(tmp_path)
    shipped = (DATA_CONTRACTS / "limits.yaml").read_text(encoding="utf-8")
    assert texts["limits.yaml"] == "about: Own limits.\n"
    assert {n: t for n, t in texts.items() if n.startswith("replaced/")} == {
        "replaced/limits.yaml": shipped
    }

    # A complete set, which is how a close is kept, says the same without anything that ships.
    complete = tmp_path / "complete"
    for name, text in {**texts, COMPLETE_SET: ""}.items():
        written(complete, name, text)
    assert contract_texts(complete) == texts
    assert replaced_files(complete) == {"limits.yaml": complete / "replaced" / "limits.yaml"}


def test_a_file_that_does_not_exist_is_named_with_both_places(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"the file nothing\.yaml does not exist"):
        contract_file("nothing.yaml", tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_yaml(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "'a' stands twice"),
        ("a: {b: 1, b: 2}\n", "'b' stands twice"),
        ("- 1\n- 2\n", "not a mapping"),
        ("1: one\n", "not a mapping"),
        ("a: [1\n", "not readable as YAML"),
    ],
)
def test_yaml_that_says_two_things_or_nothing_is_refused(tmp_path: Path, text: str, words: str):
    with pytest.raises(ConfigurationError, match=words):
        read_yaml(written(tmp_path, "x.yaml", text))


def test_overnight_and_norway_are_text_and_only_true_and_false_are_booleans(tmp_path: Path):
    path = written(tmp_path, "x.yaml", "tenor: ON\ncountry: NO\nis_open: true\nyes_or_no: yes\n")
    expected = {"tenor": "ON", "country": "NO", "is_open": True, "yes_or_no": "yes"}
    assert read_yaml(path) == expected


def test_a_block_may_be_written_once_and_used_twice(tmp_path: Path):
    path = written(tmp_path, "x.yaml", "a: &one {v: 1}\nb: *one\nc: {<<: *one, w: 2}\n")
    assert read_yaml(path) == {"a": {"v": 1}, "b": {"v": 1}, "c": {"v": 1, "w": 2}}


def test_every_problem_of_every_file_is_reported_at_once(tmp_path: Path):
    written(
        tmp_path,
        "scenarios/wrong_shape.yaml",
        "about: A shape nobody knows.\nkind: regulatory\npack: basel_2024\nshape: twist\n",
    )
    written(
        tmp_path, "scenarios/Bad-Name.yaml", "about: A name no partition can have.\nkind: own\n"
    )
    written(
        tmp_path,
        "curves.yaml",
        "about: Nothing.\ncurves: {}\nindices: {}\nnode_tenors: [9]\n"
        "max_age_days: {exchange_rate: 5, cap: 5, swaption: 5}\n",
    )
    limits = (DATA_CONTRACTS / "limits.yaml").read_text(encoding="utf-8")
    written(tmp_path, "limits.yaml", limits.replace("amber: -0.12", "amber: -0.5", 1))
    with pytest.raises(ConfigurationError) as caught:
        load_figures(tmp_path)
    message = str(caught.value)
    for words in (
        "basel_2024 has no shape twist",
        "the name is lower-case",
        "a scenario of kind own needs one of shocks",
        "node_tenors.0",
        "amber -0.5 is beyond red -0.15",
    ):
        assert words in message
    assert message.startswith("5 problems in YAML files")
    assert message.endswith("to fix: correct every line named")
