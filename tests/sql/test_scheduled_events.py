"""book.scheduled_events: every agreed event belongs to one position, or stops the close."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

POSITION: dict[str, Any] = {
    "entity_id": "BANK", "position_id": "BANK:loan:1", "extract": "loan", "own_share": 0.75,
}  # fmt: skip


def event(contract_no: str = "1", **given: Any) -> dict[str, Any]:
    """Return a principal event of 100.01."""
    plain = {
        "entity_id": "BANK", "contract_no": contract_no, "event_date": "2027-10-31",
        "event_type": "principal", "event_amount": "100.01",
    }  # fmt: skip
    return plain | given


def test_an_event_finds_its_position_and_is_taken_at_the_own_share(bench):
    # 100.01 x 0.75 = 75.0075, to the cent 75.01; a coupon has no share
    step = event(event_type="rate_step", event_amount=None, rate=0.04)
    bench.give("staging.schedule_event", [event(), step])
    bench.give("book.positions", [POSITION])
    rows = {row["event_type"]: row for row in bench.run("book.scheduled_events")}
    assert rows["principal"]["position_id"] == "BANK:loan:1"
    assert rows["principal"]["event_amount"] == Decimal("75.01")
    assert rows["rate_step"]["rate"] == 0.04


def test_a_leg_is_named_by_deal_and_leg(bench):
    leg = POSITION | {"position_id": "BANK:derivative_leg:7:2", "extract": "derivative_leg"}
    bench.give("staging.schedule_event", [event("7:2")])
    bench.give("book.positions", [leg])
    (row,) = bench.run("book.scheduled_events")
    assert row["position_id"] == "BANK:derivative_leg:7:2"
    assert bench.run("book.unmatched_events") == []


def test_an_event_of_nobody_or_of_two_is_listed(bench):
    deposit = POSITION | {"position_id": "BANK:deposit_term:1", "extract": "deposit_term"}
    bench.give("staging.schedule_event", [event("1"), event("9")])
    bench.give("book.positions", [POSITION, deposit])
    found = {row["contract_no"]: row["reason"] for row in bench.run("book.unmatched_events")}
    assert found == {
        "1": "positions of several extracts have this contract number",
        "9": "no position has this contract number",
    }


def test_events_of_a_quarantined_contract_stay_out_with_it(bench):
    bench.give("staging.schedule_event", [event("9")])
    bench.give("quarantine.loan", [{"entity_id": "BANK", "payload": json.dumps({"loan_no": "9"})}])
    assert bench.run("book.unmatched_events") == []


def test_a_schedule_with_a_quarantined_event_is_not_used(bench):
    bench.give("staging.schedule_event", [event("1")])
    bench.give("book.positions", [POSITION])
    broken = {"entity_id": "BANK", "payload": json.dumps({"contract_no": "1"})}
    bench.give("quarantine.schedule_event", [broken, broken])
    (row,) = bench.run("book.unmatched_events")
    assert (row["n_rows"], row["reason"]) == (2, "events of this contract are in quarantine")
