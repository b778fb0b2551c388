"""A changed assumption is measured on the same book, and is not published before it is approved."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from alm_pipeline.errors import ConfigurationError, WarehouseError
from alm_pipeline.inputs.approvals import Approval, append_approval
from alm_pipeline.orchestration import dual_run
from alm_pipeline.orchestration.approve import approve_change, change_lines
from alm_pipeline.orchestration.assumption_gate import comparison
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import DAY, DOWN, UP, Folder, again, small_bank
from tests.pipeline.conftest import Closed

DEPOSITS = "assumptions/deposits"
LIFE = "core_run_off_months: {value: 96"  # of the current accounts, first of two
CENT = 0.011  # two published amounts, each rounded to the cent


def overlay(folder: Folder, name: str, edit: Callable[[str], str]) -> Folder:
    """Write a file of the bank's own, edited from the shipped one; the bank is opened afresh."""
    path = folder.path / "contracts" / f"{name}.yaml"
    source = path if path.is_file() else DATA_CONTRACTS / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(edit(source.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def longer_life(folder: Folder, months: int) -> Folder:
    new = LIFE.replace("96", str(months))
    return overlay(folder, DEPOSITS, lambda text: text.replace(LIFE, new, 1))


def impact(folder: Folder, run_id: str, name: str = DEPOSITS) -> dict[tuple[str, str], Any]:
    """Return the measured effect by entity and metric."""
    rows = folder.bank.change_log.impact([run_id])
    return {(r["entity_id"], r["metric"]): r for r in rows if r["governed_object"] == name}


def accounts_worth(months: int, shock: float) -> float:
    """Return what 480,000 dollars of core are worth that leave in equal parts at month ends."""
    total = 0.0
    year, month = 2026, 10
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        end = dt.date(year, month, calendar.monthrange(year, month)[1])
        years = (end - DAY).days / 365
        total += 480_000 / months * 1.04**-years * math.exp(-shock * years)
    return -total


def test_longer_deposits_are_refused_with_their_effect_until_somebody_else_approves(
    copy_of_small_bank, closed_small_bank
):
    published = copy_of_small_bank.bank.closes.current(DAY)
    assert published is not None
    folder = longer_life(again(copy_of_small_bank), 118)
    other = Approval(
        author="jane", approver="john", object=DEPOSITS, content_hash="0" * 64,
        approved_on=DAY, comment="of another content", recorded_by="john",
    )  # fmt: skip
    append_approval(other, folder.path / "contracts")

    refused = folder.close()
    (message,) = refused.failures
    assert refused.manifest is None
    assert f"1 changed and unapproved: {DEPOSITS}" in message
    assert "segments.retail_current_nib.core_run_off_months.value 96 -> 118" in message
    assert "GROUP delta_eve worst_outlier_shape -14,842.87 USD" in message
    assert f"`alm approve {DEPOSITS} --author WHO_WROTE_IT --comment WHY`" in message
    assert folder.bank.closes.current(DAY) == published

    # Before the change, made anew in memory, is what was published, bit for bit.
    original = dual_run.headline_measures(closed_small_bank.folder.bank, Partition(DAY))
    rows = folder.bank.change_log.impact([refused.run_id])
    keys = ("entity_id", "row_kind", "metric", "scope", "limit_direction")
    assert {tuple(r[k] for k in keys): r["value_before"] for r in rows} == {
        key: measure.value for key, measure in original.items()
    }

    # What the longer life does, from the flows: base, and when rates fall by two percentage points.
    base = accounts_worth(118, 0.0) - accounts_worth(96, 0.0)
    shocked = accounts_worth(118, -0.02) - accounts_worth(96, -0.02)
    found = impact(folder, refused.run_id)
    assert found["BANK", "eve_base"]["amount_change"] == pytest.approx(base, abs=CENT)
    worst = found["BANK", "delta_eve"]
    assert worst["amount_change"] == pytest.approx(shocked - base, abs=2 * CENT)
    assert worst["value_change"] == pytest.approx((shocked - base) / 500_000, abs=1e-6)
    assert worst["is_beyond_tolerance"]
    assert worst["approval_status"] == "approved with another content"
    assert found["EUBANK", "delta_eve"]["value_change"] == 0.0
    assert any("beyond the tolerance" in line for line in change_lines(folder.bank))

    with pytest.raises(ConfigurationError, match="cannot approve"):
        approve_change(folder.bank, DEPOSITS, "jane", "Jane", "I am sure")
    approve_change(folder.bank, DEPOSITS, "jane", "john", "deposit study of 2026")
    approved = again(folder)
    outcome = approved.close()
    assert outcome.failures == ()
    assert outcome.manifest is not None
    assert outcome.manifest.supersedes == published.run_id
    (row,) = approved.bank.change_log.changes([outcome.run_id])
    assert (row["approval_status"], row["change_author"], row["approved_by"]) == (
        "approved",
        "jane",
        "john",
    )


def test_a_life_beyond_the_cap_of_the_standard_is_no_matter_of_approval(copy_of_small_bank):
    # 143 months are 12 years on average ((143 + 1) / 12); the cap of the category is 5 years.
    folder = longer_life(again(copy_of_small_bank), 143)
    with pytest.raises(ConfigurationError, match=r"average life 6\.00 years above 5\.0"):
        _ = folder.bank.figures


@pytest.mark.slow(seconds=20)
def test_small_and_approved_changes_are_published_and_listed(copy_of_small_bank):
    folder = longer_life(again(copy_of_small_bank), 97)
    overlay(folder, "limits", lambda text: text.replace("amber: -0.12", "amber: -0.115", 1))
    outcome = folder.close()
    assert outcome.failures == ()
    rows = folder.bank.change_log.changes([outcome.run_id])
    listed = {(r["governed_object"], r["text_before"], r["text_after"]) for r in rows}
    assert listed == {(DEPOSITS, "96", "97"), ("limits", "-0.12", "-0.115")}
    assert {row["approval_status"] for row in rows} == {"unapproved"}
    alone, together = (impact(folder, outcome.run_id, n) for n in (DEPOSITS, "all changes"))
    base = accounts_worth(97, 0.0) - accounts_worth(96, 0.0)
    for found in (alone, together):
        assert found["BANK", "eve_base"]["amount_change"] == pytest.approx(base, abs=CENT)
    assert all(r["value_change"] == 0.0 for r in impact(folder, outcome.run_id, "limits").values())


@pytest.mark.slow(seconds=50)
def test_small_steps_add_up_until_somebody_approves(copy_of_small_bank):
    """Five months more are within the tolerance, ten are not, in one step or in two."""
    tier1, tolerance = 500_000, 0.01  # eve_base of approval_policy.yaml, in shares of Tier 1

    def worth_more(before: int, after: int) -> float:
        return accounts_worth(after, 0.0) - accounts_worth(before, 0.0)

    # 96 -> 101 gains 3,170.34 dollars, 101 -> 106 another 3,135.92; 5,000.00 are tolerated.
    assert abs(worth_more(96, 101)) < tolerance * tier1 > abs(worth_more(101, 106))
    assert abs(worth_more(96, 106)) > tolerance * tier1
    folder = longer_life(again(copy_of_small_bank), 101)
    first = folder.close()
    assert first.failures == ()
    assert first.manifest is not None

    second = months_more(folder, 101, 106)
    refused = second.close()
    (message,) = refused.failures
    assert "core_run_off_months.value 96 -> 106" in message
    found = impact(second, refused.run_id)["BANK", "eve_base"]
    assert found["amount_change"] == pytest.approx(worth_more(96, 106), abs=CENT)
    assert found["is_beyond_tolerance"]
    assert second.bank.closes.current(DAY) == first.manifest

    approve_change(second.bank, DEPOSITS, "jane", "john", "deposit study of 2026")
    approved = again(second)
    assert approved.close().failures == ()
    third = months_more(approved, 106, 111)  # 3,104.34 dollars from what is approved now
    outcome = third.close()
    assert outcome.failures == ()
    found = impact(third, outcome.run_id)["BANK", "eve_base"]
    assert found["amount_change"] == pytest.approx(worth_more(106, 111), abs=CENT)


def months_more(folder: Folder, before: int, after: int) -> Folder:
    """Return the bank, opened afresh, with another life of the current accounts."""
    old, new = (LIFE.replace("96", str(months)) for months in (before, after))
    return overlay(again(folder), DEPOSITS, lambda text: text.replace(old, new, 1))


@pytest.mark.slow(seconds=20)
def test_what_was_published_unapproved_is_still_open_and_is_closed_by_its_approval(
    copy_of_small_bank,
):
    folder = longer_life(again(copy_of_small_bank), 97)
    assert folder.close().failures == ()
    (head, named, field, *_) = change_lines(folder.bank)
    assert head.endswith("1 changed")
    assert named == f"{DEPOSITS}  unapproved"
    assert field.endswith("segments.retail_current_nib.core_run_off_months.value  96 -> 97")
    approve_change(folder.bank, DEPOSITS, "jane", "john", "one month")
    (head,) = change_lines(again(folder).bank)
    assert head.endswith("0 changed")


def test_a_close_whose_assumptions_were_not_kept_is_no_first_close(copy_of_small_bank):
    folder = again(copy_of_small_bank)
    shutil.rmtree(folder.path / "warehouse" / "definitions")
    with pytest.raises(WarehouseError, match=r"was not kept .* restore the folder definitions"):
        comparison(folder.bank, Partition(DAY), "another run")


@pytest.mark.slow(seconds=45)
def test_taking_a_small_change_back_leaves_nothing_open(copy_of_small_bank):
    folder = longer_life(again(copy_of_small_bank), 97)
    assert folder.close().failures == ()
    back = months_more(folder, 97, 96)
    outcome = back.close()
    assert outcome.manifest is not None, outcome.failures
    assert outcome.manifest.last_approved == {}
    (head,) = change_lines(again(back).bank)
    assert head.endswith("0 changed")


def test_a_limit_that_turns_green_is_refused_without_running_the_engine(
    copy_of_small_bank, monkeypatch
):
    def never(*_: object, **__: object) -> None:
        pytest.fail("a limit needs no engine")

    monkeypatch.setattr(dual_run, "make_scenario", never)
    folder = again(copy_of_small_bank)
    overlay(folder, "limits", lambda text: text.replace("red: -0.15", "red: -0.16", 1))
    overlay(folder, "limits", lambda text: text.replace("amber: -0.12", "amber: -0.16", 1))
    (message,) = folder.close().failures
    # EUBANK loses 15.28 % of its Tier 1: beyond 15 %, within 16 %.
    assert "EUBANK delta_eve worst_outlier_shape" in message
    assert "limit red -> green" in message


@pytest.mark.slow(seconds=20)
def test_leaving_a_scenario_out_and_widening_a_tolerance_are_changes_too(copy_of_small_bank):
    folder = again(copy_of_small_bank)
    text = folder.config.read_text(encoding="utf-8")
    folder.config.write_text(text.replace(f"- {DOWN}\n", ""), encoding="utf-8")
    overlay(folder, "approval_policy", lambda t: t.replace("delta_eve: 0.005", "delta_eve: 0.5"))
    (message,) = folder.close().failures
    assert "2 changed and unapproved: approval_policy, settings" in message
    assert f"closing_scenarios base, {UP}, {DOWN} -> base, {UP}" in message


@pytest.fixture
def expired(tmp_path) -> Folder:
    """A bank whose deposit figures were to be reviewed by the end of September."""
    folder = small_bank(tmp_path / "expired", ("base",))
    return overlay(
        folder, DEPOSITS, lambda text: text.replace("expires: 2027-12-31", "expires: 2026-09-30")
    )


@pytest.mark.slow(seconds=25)
def test_what_has_expired_is_refused_by_name(expired):
    outcome = expired.close()
    (message,) = outcome.failures
    assert outcome.manifest is None
    assert "48 assumptions and limits have expired" in message  # 8 segments of 6 figures
    assert "deposits.retail_current_nib.core_share on 2026-09-30 (team:treasury-risk)" in message
    assert "write the new expiry" in message


def test_the_first_close_records_what_is_in_force_as_approved_by_those_it_names(
    closed_small_bank: Closed,
):
    bank, outcome = closed_small_bank.folder.bank, closed_small_bank.outcome
    rows = {r["governed_object"]: r for r in bank.change_log.changes([outcome.run_id])}
    assert set(rows) == set(bank.governed.objects)
    assert rows[DEPOSITS]["approval_status"] == "baseline, approved"
    assert rows[DEPOSITS]["approver"] == "alco"
    assert bank.change_log.impact([outcome.run_id]) == []
