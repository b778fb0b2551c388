"""What a close says about itself: proofs, second valuation, records, methodology."""

from __future__ import annotations

from decimal import Decimal

import pytest

from alm_pipeline.orchestration.methodology import write_methodology
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, UP


@pytest.fixture(scope="module")
def evidence(closed_small_bank):
    """Return the rows of a table of schema `audit`."""
    assert closed_small_bank.outcome.failures == ()
    return lambda name: closed_small_bank.folder.rows(f"audit.{name}")


def test_every_invariant_of_the_list_is_proved_or_does_not_apply_yet(evidence):
    by_status: dict[str, set[str]] = {}
    for row in evidence("proof_coverage"):
        by_status.setdefault(row["status"], set()).add(row["invariant_group"])
    assert by_status.pop("not applicable") == {"transfer prices add up to zero"}
    assert by_status.pop("nothing to prove") == {"from close to close"}  # it is the first close
    assert set(by_status) == {"proved"}


def test_every_position_in_the_measure_is_valued_a_second_time_under_two_scenarios(evidence):
    rows = evidence("challenger")
    valued = [row for row in rows if row["is_passed"] is not None]
    # 6 loans, 1 bond, 1 account, 2 term deposits, 2 borrowings, 2 legs; the line is not measured.
    assert {row["scenario"] for row in valued} == {BASE, UP}
    assert len({row["position_id"] for row in valued}) == 14
    assert all(row["is_passed"] for row in valued)
    reasons = {row["position_id"]: row["reason"] for row in rows if row["reason"]}
    assert reasons == {"BANK:commitment:Q1": "it is outside the measure of economic value"}


def test_the_challenger_finds_the_value_worked_out_by_hand(evidence):
    # S1: 10,000 / 1.04 + 210,000 * 1.04^(-731/365) = 203,751.33
    found = {
        row["method"]: row
        for row in evidence("challenger")
        if row["position_id"] == "BANK:security:S1" and row["scenario"] == BASE
    }
    assert {"plain Python"} <= found.keys() <= {"plain Python", "QuantLib"}
    for bond in found.values():
        assert bond["challenger_value"] == pytest.approx(203_751.33, abs=0.01)
        assert bond["difference_share"] < bond["allowed_share"]


def test_ledger_lines_and_products_are_complete(evidence):
    rows = evidence("completeness")
    assert {row["status"] for row in rows} == {"in scope", "excluded"}
    loans = {row["covered_item"]: row for row in rows if row["line_kind"] == "product"}
    consumer = loans["consumer_loan"]  # L2
    assert (consumer["delivered_amount"], consumer["coverage_share"]) == (Decimal("12000.00"), 1.0)
    assert loans["share_capital"]["reason"] == "own funds"
    ledger = [row for row in rows if row["line_kind"] == "ledger line"]
    assert all(row["coverage_share"] == 1.0 for row in ledger if row["status"] == "in scope")


def test_every_step_of_the_close_left_evidence_and_is_done(evidence):
    rows = evidence("close_checklist")
    assert {row["status"] for row in rows} == {"done"}
    assert {row["step_number"] for row in rows} == set(range(1, 12))
    assert all(row["evidence_hash"] for row in rows if row["evidence_kind"] == "table")
    assert all(row["n_checks"] > 0 for row in rows if row["evidence_kind"] == "proof")


def test_the_checklist_names_the_content_that_was_published(closed_small_bank, evidence):
    manifest = closed_small_bank.outcome.manifest
    (pinned,) = manifest.pinned("audit.proofs")
    entry = closed_small_bank.folder.bank.store.registry.find("audit.proofs", pinned.partition)
    assert entry is not None
    assert entry.content_hash == pinned.content_hash
    (row,) = [r for r in evidence("close_checklist") if r["evidence"] == "audit.proofs"]
    assert row["n_checks"] == 1


def test_models_without_an_independent_review_say_so(evidence):
    rows = evidence("model_inventory")
    assert len(rows) == 18  # of models.yaml
    unseen = {row["review_status"] for row in rows if row["last_review_date"] is None}
    assert unseen == {"not yet reviewed"}


def test_each_model_has_a_page_with_figures_limits_and_the_close(closed_small_bank, tmp_path):
    bank = closed_small_bank.folder.bank
    written = write_methodology(bank, tmp_path / "pages")
    assert len(written) == 19  # eighteen models and what names them
    page = (tmp_path / "pages" / "prepayment.md").read_text("utf-8")
    assert "| mortgage | annual_prepayment_rate | 2 | 0.02 | share per year |" in page
    assert "1 - (1 - CPR) ** dt" in page
    assert "not yet reviewed by anyone independent" in page
    assert "| closed forms | proved |" in page
    assert closed_small_bank.outcome.manifest.run_id in page
    again = write_methodology(bank, tmp_path / "pages")
    assert again == written


def test_a_folder_with_other_files_is_not_written_into(closed_small_bank, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(Exception, match=r"holds other files.*mine\.txt.*to fix"):
        write_methodology(closed_small_bank.folder.bank, tmp_path)


def test_a_proof_that_fails_stops_the_close_and_is_named_with_its_sides(copy_of_small_bank):
    # The second valuation and the probes agree; the ladder of a scenario loses its first bucket.
    store, folder = copy_of_small_bank.bank.store, copy_of_small_bank
    entry = store.registry.find("scenarios.cash_flow_buckets", _under(UP))
    assert entry is not None
    rows = store.table("scenarios.cash_flow_buckets", _under(UP))
    kept = rows.filter([row["bucket"] > 1 for row in rows.to_pylist()])
    derivation = entry.derivations[-1]
    store.replace_partition(
        "scenarios.cash_flow_buckets",
        _under(UP),
        kept,
        derivation.input_hashes,
        derivation.code_version,
    )
    outcome = folder.close()
    assert outcome.manifest is None
    (said, *_) = outcome.failures
    assert "present values of the buckets add up to those of the positions" in said
    assert "against" in said
    assert "difference" in said


def _under(scenario: str) -> Partition:
    return Partition(DAY, scenario)
