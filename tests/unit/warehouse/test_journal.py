"""The journal: who did what, under which name; no setting hides the user of the system."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, date, datetime

import pytest

from alm_pipeline.errors import WarehouseError
from alm_pipeline.warehouse.journal import Action, Journal, system_user
from alm_pipeline.warehouse.lake import Lake

PUBLISH = Action("publish", "close", "ab12", date(2026, 10, 31), "ab12", "month end")


def test_an_action_comes_back_with_the_time_and_the_person(tmp_path):
    before = datetime.now(UTC)
    Journal(Lake(tmp_path), "m.keller").record(PUBLISH)
    (found,) = Journal(Lake(tmp_path)).actions()  # as another process reads it
    assert found.done == PUBLISH
    assert found.actor == "m.keller"
    assert before <= found.recorded_at <= datetime.now(UTC)


def test_a_configured_identity_does_not_hide_the_system_user(tmp_path, monkeypatch):
    monkeypatch.setenv("USER", "somebody_else")
    monkeypatch.setenv("LOGNAME", "somebody_else")
    journal = Journal(Lake(tmp_path), "m.keller")
    journal.record(PUBLISH)
    assert journal.actions()[0].system_user == pwd.getpwuid(os.geteuid()).pw_name


def test_without_an_identity_the_system_user_acts(tmp_path):
    assert Journal(Lake(tmp_path)).actor == system_user()


def test_a_user_without_a_name_is_its_number(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 987_654)
    assert system_user() == "uid 987654"


def test_actions_of_two_writers_stand_in_the_order_of_time(tmp_path):
    one, other = Journal(Lake(tmp_path), "a"), Journal(Lake(tmp_path), "b")
    approve = Action("approve", "assumptions/deposits.yaml", "cd34", comment="committee of 12 May")
    for journal, done in ((one, PUBLISH), (other, approve), (one, PUBLISH)):
        journal.record(done)
    assert [found.actor for found in one.actions()] == ["a", "b", "a"]
    assert other.actions() == one.actions()
    assert one.table().num_rows == 3


def test_an_empty_journal_has_no_actions(tmp_path):
    assert Journal(Lake(tmp_path)).actions() == []


@pytest.mark.parametrize("done", [Action("delete", "close"), Action("publish", "")])
def test_an_action_the_journal_does_not_know_is_refused(tmp_path, done):
    with pytest.raises(WarehouseError, match="to fix: name an object and one of publish, approve"):
        Journal(Lake(tmp_path)).record(done)
