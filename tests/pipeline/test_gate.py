"""Nobody reads what a blocking check refused: in the same run, a later one, one of one scenario."""

from __future__ import annotations

import dagster as dg
import pytest

from alm_pipeline.errors import GateError
from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.assets.engine import CONTRACTUAL, make_monthly
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import DAY, UP, Folder, restate

MONTH = Partition(DAY)
DOWNSTREAM = dg.AssetKey(["cash_flows", "contractual_buckets"])


@pytest.fixture
def broken_ledger(copy_of_small_bank: Folder) -> Folder:
    """A closed bank whose ledger is delivered again, one balance a thousand dollars higher."""

    def edit(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        row = next(r for r in rows if r["balance_type"] == "principal")
        row["ending_amount"] = f"{float(row['ending_amount']) + 1000:.2f}"
        return rows

    restate(copy_of_small_bank.landing(), "gl_balance", edit)
    return copy_of_small_bank


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """Return the innermost error message of a failed run."""
    (event, *_) = [e for e in result.all_events if e.is_step_failure]
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else ""


def materialised(result: dg.ExecuteInProcessResult) -> set[dg.AssetKey]:
    return {e.asset_key for e in result.get_asset_materialization_events() if e.asset_key}


def test_a_failing_blocking_check_stops_whoever_reads_now_later_and_under_one_scenario(
    broken_ledger,
):
    published = broken_ledger.bank.closes.current(DAY)
    values = broken_ledger.contents()[f"scenarios.position_values {Partition(DAY, UP)}"]

    same_run = broken_ledger.run(jobs.BOOK, MONTH)
    assert not same_run.success
    assert DOWNSTREAM not in materialised(same_run)
    (check,) = [c for c in same_run.get_asset_check_evaluations() if not c.passed and c.blocking]
    assert check.asset_key == dg.AssetKey(["book", "ledger_reconciliation"])

    with pytest.raises(GateError):  # a later run of what comes after it
        make_monthly(Folder(broken_ledger.path).bank, CONTRACTUAL, MONTH)
    one_scenario = broken_ledger.run(jobs.SCENARIO, Partition(DAY, UP))
    assert not one_scenario.success
    assert materialised(one_scenario) == set()
    message = failure_of(one_scenario)
    what, where, how_much, what_to_do = (part.strip() for part in message.split(" | ", 3))
    assert "1 blocking checks failed" in what
    assert where == f"book.ledger_reconciliation {DAY}"
    assert how_much.startswith("book.ledger_reconciliation.ties: 1 row against")
    assert how_much.endswith("by 1,000.00")
    assert "to fix: correct the delivery and close again" in what_to_do

    # What was published stays what it was.
    assert broken_ledger.bank.closes.current(DAY) == published
    assert broken_ledger.contents()[f"scenarios.position_values {Partition(DAY, UP)}"] == values


def test_a_bank_that_was_never_closed_says_what_to_run_first(fresh_small_bank):
    result = fresh_small_bank().run(jobs.SCENARIO, Partition(DAY, "base"))
    assert not result.success
    assert "has not been materialised" in failure_of(result)
    assert f"to fix: run `alm close {DAY}`" in failure_of(result)
