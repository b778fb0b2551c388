"""Two closes of a demo bank: what lies between them adds up, and every step opens."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from alm_pipeline.audit.report_rows import find_cell
from alm_pipeline.audit.trace import Tracer
from alm_pipeline.demo import write_demo_bank
from alm_pipeline.orchestration.trace import closed_bank
from tests.pipeline.banks import BASE, DAY, Folder, write_folder
from tests.pipeline.test_trace import untied_sums

BEFORE = date(2026, 9, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Folder:
    made = write_folder(tmp_path_factory.mktemp("two_closes") / "bank", (BASE,))
    write_demo_bank(made.path, month_ends=[BEFORE, DAY], n_positions=600)
    for day in (BEFORE, DAY):
        assert made.close(day).failures == ()
    return made


@pytest.mark.slow(seconds=60)
@pytest.mark.parametrize(
    ("report", "column", "reported", "amount"),
    [
        ("reports.eve_change", "eve_amount", "reports.eve_sensitivity", "eve"),
        ("reports.nii_change", "nii_amount", "reports.nii_sensitivity", "nii"),
    ],
)
def test_steps_lead_from_one_published_close_to_the_next(folder, report, column, reported, amount):
    steps = {
        row["change_step"]: row[column]
        for row in folder.rows(report)
        if (row["row_kind"], row["family"]) == ("group", "total")
    }
    ends = [
        row[amount]
        for day in (BEFORE, DAY)
        for row in folder.rows(reported, day)
        if (row["row_kind"], row["family"], row["scenario"]) == ("group", "total", BASE)
        and row.get("horizon_months", 12) == 12
    ]
    assert [steps["opening"], steps["closing"]] == ends
    moved = sum(steps[name] for name in steps if name not in ("opening", "closing"))
    # eight amounts rounded to a cent
    assert abs(steps["opening"] + moved - steps["closing"]) <= Decimal("0.04")
    assert steps["assumptions"] == 0  # nobody changed one
    assert all(steps[name] != 0 for name in ("matured", "new", "time", "rates", "exchange_rates"))


@pytest.mark.slow(seconds=60)
@pytest.mark.parametrize("report", ["reports.eve_change", "reports.nii_change"])
def test_every_step_opens_to_positions(folder, report):
    closed = closed_bank(folder.bank)
    n_cells, untied = untied_sums(closed, Tracer(closed).contributions, report)
    assert untied == []
    assert n_cells > 8


@pytest.mark.slow(seconds=60)
def test_every_number_that_reads_the_close_before_opens_to_it(folder):
    closed = closed_bank(folder.bank)
    tracer = Tracer(closed)
    reading = {
        (table, column)
        for table, contract in closed.contracts.items()
        for column, rules in contract.cells.items()
        for rule in rules
        if table.startswith("reports.")
        and (
            any(operand.at for operand in rule.operands.values())
            or any(name.startswith("previous.") for name in rule.opens_to)
        )
    }
    assert {table for table, _ in reading} >= {
        "reports.deposit_monitor", "reports.early_warning", "reports.funding_prices",
        "reports.irrbb1",
    }  # fmt: skip
    opened = [
        tracer.open(find_cell(closed, table, column, row))
        for table, column in sorted(reading)
        for row in closed.pinned.rows(f"select * from {table} order by all", [table])
    ]
    known = [one for one in opened if one.cell.stored is not None]
    assert len(known) > 500
    assert [(o.cell.table, o.cell.column, o.cell.keys) for o in opened if not o.is_tied] == []
