"""A currency that cannot be valued stops: it has no value, says why, and takes no other along."""

from __future__ import annotations

import pytest

from alm_pipeline.audit.report_rows import asked_cell
from alm_pipeline.audit.trace import Tracer
from alm_pipeline.orchestration.trace import closed_bank
from tests.pipeline.banks import BASE, DAY, restate
from tests.pipeline.conftest import Closed


@pytest.fixture(scope="module")
def stale_euro(tmp_path_factory) -> Closed:
    """The small bank with euro quotes of two months ago."""
    from tests.pipeline.banks import small_bank

    folder = small_bank(tmp_path_factory.mktemp("stale") / "bank", (BASE,))

    def edit(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows:
            if row["currency"] == "EUR":
                row["quote_date"] = "2026-08-31"
        return rows

    restate(folder.landing(DAY), "curve_quote", edit)
    return Closed(folder, folder.close())


def test_the_close_is_published_and_its_exit_status_is_one(stale_euro):
    assert stale_euro.outcome.failures == ()
    status, text = stale_euro.folder.headline(stale_euro.outcome)
    assert status == 1
    assert "not available" in text
    assert "EUR" in text


def test_the_currency_is_named_with_its_cause_and_what_it_holds(stale_euro):
    (row,) = stale_euro.folder.rows("scenarios.stopped_currencies", scenario=BASE)
    assert row["currency"] == "EUR"
    assert "2026-08-31" in row["cause"] or "days" in row["cause"]
    assert "to fix" in row["cause"]
    # In euro: L3, T2, the cash K and the own funds E2; 40,000 + 45,000 + 20,000 + 15,000.
    assert row["n_positions"] == 4
    assert row["outstanding_principal"] == pytest.approx(120_000.00)


def test_positions_in_euro_have_no_value_and_those_in_dollars_have_theirs(stale_euro):
    rows = stale_euro.folder.rows("scenarios.position_values", scenario=BASE)
    assert {row["currency"] for row in rows} == {"USD"}
    by_position = {row["position_id"]: row["present_value"] for row in rows}
    assert by_position["BANK:loan:L1"] == pytest.approx(1_000_000.00, abs=0.01)


def test_the_group_has_no_value_and_says_why_while_the_bank_in_dollars_has_one(stale_euro):
    rows = {
        (row["row_kind"], row["entity_id"]): row
        for row in stale_euro.folder.rows("reports.eve_sensitivity")
        if row["family"] == "total"
    }
    assert rows["entity", "BANK"]["eve"] is not None
    for key in (("entity", "EUBANK"), ("group", "GROUP")):
        assert rows[key]["eve"] is None
        assert "EUR" in rows[key]["availability"]


def test_the_stop_stands_in_the_exception_ledger(stale_euro):
    rows = stale_euro.folder.rows("audit.exception_ledger")
    assert [row for row in rows if "EUR" in str(row.values())] != []
    proofs = stale_euro.folder.rows("audit.proofs")
    assert all(row["is_passed"] for row in proofs)


def test_a_number_that_is_not_available_opens_to_its_cause(stale_euro):
    closed = closed_bank(stale_euro.folder.bank)
    row = {"entity_id": "GROUP", "scenario": BASE, "family": "total"}
    one = Tracer(closed).open(asked_cell(closed, "reports.eve_sensitivity", "eve", row))
    assert one.cell.stored is None
    assert one.is_tied
    assert "EUR" in one.cause
    bank = row | {"entity_id": "BANK"}
    dollars = Tracer(closed).open(asked_cell(closed, "reports.eve_sensitivity", "eve", bank))
    assert dollars.is_tied
    assert dollars.contributions is not None
