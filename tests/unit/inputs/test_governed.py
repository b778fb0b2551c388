"""Governed inputs: what counts as a change, and sets put together from two."""

from __future__ import annotations

from alm_pipeline.inputs.governed import GovernedSet, governed_set, write_overlay
from alm_pipeline.inputs.yaml_files import contract_texts

DEFINITIONS = {
    "closing_scenarios": "base",
    "eve_margins": "excluded",
    "nii_base_path": "forward",
}


def one(text: str, **definitions: str) -> GovernedSet:
    return GovernedSet({"limits.yaml": text}, DEFINITIONS | definitions)


def test_every_shipped_decision_is_governed_and_what_a_bank_delivers_is_not():
    objects = set(governed_set(contract_texts(), DEFINITIONS).objects)
    assert objects >= {
        "assumptions/deposits",
        "scenarios/base",
        "rules/basel_2024",
        "limits",
        "products",
        "curves",
        "approval_policy",
        "settings",
    }
    assert not GovernedSet.is_governed("extracts/loan.yaml")
    assert not GovernedSet.is_governed("approvals.yaml")


def test_a_comment_or_the_order_of_keys_is_no_change():
    assert one("a: 1\nb: 2\n").changed(one("# why\nb: 2\na: 1  # because\n")) == []


def test_a_value_a_new_file_a_lost_file_and_a_definition_are_changes():
    before = one("a: 1")
    assert one("a: 2").changed(before) == ["limits"]
    assert one("a: 1", eve_margins="included").changed(before) == ["settings"]
    more = GovernedSet({**before.texts, "scenarios/own.yaml": "a: 1"}, DEFINITIONS)
    assert more.changed(before) == ["scenarios/own"]
    assert before.changed(more) == ["scenarios/own"]


def test_a_set_takes_named_objects_from_another_and_leaves_the_rest():
    before, now = one("a: 1"), one("a: 2", eve_margins="included")
    assert before.with_objects({"limits"}, now).changed(before) == ["limits"]
    assert before.with_objects({"settings"}, now).changed(before) == ["settings"]
    assert before.with_objects({"limits", "settings"}, now).changed(now) == []


def test_an_object_that_the_other_set_has_not_is_taken_away():
    more = GovernedSet({"limits.yaml": "a: 1", "scenarios/own.yaml": "a: 1"}, DEFINITIONS)
    assert more.with_objects({"scenarios/own"}, one("a: 1")).objects == ["limits", "settings"]


def test_the_people_of_a_file_stand_at_its_top_or_in_its_common_block():
    top = one("owner: team:x\napprover: alco\n")
    below = one("common: {owner: team:x, approver: alco}\n")
    assert top.people("limits") == below.people("limits") == ("team:x", "alco")
    assert one("a: 1").people("limits") == ("", "")


def test_texts_written_as_an_overlay_are_the_only_ones_that_count(tmp_path):
    texts = contract_texts()
    less = {path: text for path, text in texts.items() if path != "scenarios/us_up_300.yaml"}
    written = write_overlay(governed_set(less, DEFINITIONS), texts, tmp_path)
    assert contract_texts(written) == less
