"""Approvals: two people, one content; what is no record is refused when it is read or written."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.approvals import (
    Approval,
    append_approval,
    load_approvals,
    load_policy,
)

HASH, OTHER_HASH = "a" * 64, "b" * 64


def approval(**changes: object) -> Approval:
    given: dict[str, object] = {
        "author": "jane",
        "approver": "john",
        "object": "assumptions/deposits",
        "content_hash": HASH,
        "approved_on": dt.date(2026, 11, 27),
        "comment": 'study "2026": core, again',
        "recorded_by": "jo",
    }
    return Approval.model_validate(given | changes)


def test_the_first_approval_of_a_bank_starts_its_file_and_the_next_is_appended(tmp_path):
    first, second = approval(), approval(object="limits", comment="Ausschuss: größer")
    path = append_approval(first, tmp_path)
    append_approval(second, tmp_path)
    assert path == tmp_path / "approvals.yaml"
    assert load_approvals(tmp_path).approvals == [first, second]


def test_what_people_wrote_into_the_file_stays(tmp_path):
    (tmp_path / "approvals.yaml").write_text("about: Ours.  # kept\napprovals: []\n")
    append_approval(approval(), tmp_path)
    assert (tmp_path / "approvals.yaml").read_text().startswith("about: Ours.  # kept\n")


@pytest.mark.parametrize("approver", ["jane", "Jane", " JANE "])
def test_the_author_cannot_approve(approver):
    with pytest.raises(ValidationError, match="cannot approve"):
        approval(approver=approver)


def test_a_file_in_which_the_author_approves_is_refused_when_it_is_read(tmp_path):
    path = append_approval(approval(), tmp_path)
    path.write_text(path.read_text().replace('"john"', '"jane"'))
    with pytest.raises(ConfigurationError, match="cannot approve"):
        load_approvals(tmp_path)


def test_an_approval_counts_for_its_own_content_only(tmp_path):
    append_approval(approval(), tmp_path)
    book = load_approvals(tmp_path)
    assert book.status("assumptions/deposits", HASH) == "approved"
    assert book.status("assumptions/deposits", OTHER_HASH) == "approved with another content"
    assert book.status("limits", HASH) == "unapproved"


def test_a_file_that_cannot_be_read_with_the_record_stays_as_it_was(tmp_path):
    path = tmp_path / "approvals.yaml"
    path.write_text("about: Ours.\napprovals: nothing yet\n")
    with pytest.raises(ConfigurationError):
        append_approval(approval(), tmp_path)
    assert path.read_text() == "about: Ours.\napprovals: nothing yet\n"


def test_a_bank_without_a_folder_of_its_own_is_told_how_to_get_one():
    with pytest.raises(ConfigurationError, match="set `contracts`"):
        append_approval(approval(), None)


def test_a_metric_without_a_tolerance_tolerates_nothing():
    policy = load_policy()
    assert policy.tolerance("delta_eve") > 0.0
    assert policy.tolerance("a_metric_nobody_thought_of") == 0.0
