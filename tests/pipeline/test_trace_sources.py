"""Random numbers of a demo close and of Berka lead to rows that hold what the position is made of.

The kept file is read by the standard library; what stands in its row is compared, not the row's
number alone.
"""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.audit.closed_bank import ClosedBank
from alm_pipeline.audit.report_rows import find_cell
from alm_pipeline.audit.source_rows import source_rows
from alm_pipeline.audit.trace import Tracer
from alm_pipeline.demo import write_demo_bank
from alm_pipeline.demo.defects import DEFECTS, plant_defects
from alm_pipeline.inputs.bank_template import write_bank
from alm_pipeline.orchestration.trace import closed_bank
from tests.pipeline.banks import BASE, DAY, UP, Folder, write_folder
from tests.pipeline.raw_rows import raw_row
from tests.pipeline.test_defects_in_a_close import HARMLESS, LEDGER_NOTICES

N_CELLS = 12
CENT = Decimal("0.01")
YEAR_END = "1993-12-31"


def opened_positions(closed: ClosedBank, seed: int) -> list[str]:
    """Return positions behind random sums, one at random per cell, each cell tied."""
    chance, tracer = random.Random(seed), Tracer(closed)
    tables = sorted(name for name in closed.contracts if name.startswith("reports."))
    found: list[str] = []
    while len(found) < N_CELLS:
        table = chance.choice(tables)
        rows = closed.pinned.rows(f"select * from {table} order by all", [table])
        if not rows:  # what the bank cannot report
            continue
        row = chance.choice(rows)
        cell = find_cell(closed, table, chance.choice(sorted(closed.contracts[table].cells)), row)
        one = tracer.open(cell)
        assert one.is_tied, cell
        if one.contributions is not None and one.contributions.num_rows:
            found.append(chance.choice(one.contributions.column("traced_id").to_pylist()))
    return found


def held(closed: ClosedBank, position_id: str) -> dict[str, Any]:
    (row,) = closed.pinned.rows(
        f"select * from book.positions where position_id = '{position_id}'", ["book.positions"]
    )
    return row


@pytest.mark.slow
def test_random_cells_of_a_demo_close_lead_to_their_rows(tmp_path):
    folder = write_folder(tmp_path / "bank", (BASE, UP))
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=2_000)
    assert folder.close().manifest is not None
    closed = closed_bank(folder.bank)
    for position_id in opened_positions(closed, 20261031):
        (source,) = source_rows(closed.pinned, [position_id]).to_pylist()
        row = raw_row(folder.path / "warehouse", source["sha256"], source["source_row"])
        extract, key, position = source["source_name"], position_id.split(":")[2], held
        assert position_id.split(":")[1] == extract
        assert key in row.values()
        amount = position(closed, position_id)["outstanding_principal"]
        written = row.get("outstanding_principal") or row.get("carrying_amount")
        if written and not Decimal(row.get("sold_share") or 0):
            assert Decimal(written) == amount or extract in ("derivative", "other_balance")


@pytest.mark.slow
def test_money_in_quarantined_rows_opens_to_those_rows(tmp_path):
    folder = write_folder(tmp_path / "bank", (BASE,))
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=20_000)
    names = [name for name in HARMLESS if DEFECTS[name].handling == "quarantine"]
    names = [name for name in names if name not in LEDGER_NOTICES]
    plant_defects(folder.landing(), names, label_file=folder.path / "defects.json")
    outcome = folder.close()
    assert outcome.manifest is not None, outcome.failures
    closed = closed_bank(folder.bank)
    (row,) = closed.pinned.rows(
        "select * from reports.balance_sheet where row_kind = 'group' and side = 'asset'"
        " and balance_sheet_line = 'total'",
        ["reports.balance_sheet"],
    )
    tracer = Tracer(closed)
    counted = tracer.open(find_cell(closed, "reports.balance_sheet", "excluded_rows", row))
    amount = tracer.open(find_cell(closed, "reports.balance_sheet", "excluded_amount", row))
    assert counted.is_tied
    assert amount.is_tied
    assert counted.cell.stored
    assert counted.contributions is not None
    lines = counted.contributions.column("traced_id").to_pylist()
    sources = source_rows(closed.pinned, lines).to_pylist()
    assert len(sources) == counted.cell.stored
    for source in sources:
        assert raw_row(folder.path / "warehouse", source["sha256"], source["source_row"])


def berka(shared: Path, path: Path) -> Folder:
    folders = {"berka": shared / "data" / "berka", "ust": shared / "data" / "ust_par_yields"}
    return Folder(write_bank("berka", folders, path).parent)


@pytest.mark.slow
def test_a_balance_of_berka_opens_to_every_transaction_that_made_it(shared, tmp_path):
    from datetime import date

    folder = berka(shared, tmp_path / "bank")
    assert folder.close(date.fromisoformat(YEAR_END)).manifest is not None
    closed, warehouse = closed_bank(folder.bank), folder.path / "warehouse"
    n_transactions = 0
    for position_id in opened_positions(closed, 1993):
        sources = source_rows(closed.pinned, [position_id]).to_pylist()
        assert sources
        rows = [
            (s["source_name"], raw_row(warehouse, s["sha256"], s["source_row"], ";"))
            for s in sources
        ]
        _, extract, key = position_id.split(":")[:3]
        if extract == "loan":
            assert any(r["loan_id"] == key for name, r in rows if name == "loan")
        else:
            moved = [r for name, r in rows if name == "trans"]
            assert moved
            assert all(r["account_id"] == key for r in moved)
            n_transactions += len(moved)
            # In Berka PRIJEM comes in and everything else goes out.
            signed = [Decimal(r["amount"]) * (1 if r["type"] == "PRIJEM" else -1) for r in moved]
            principal = held(closed, position_id)["outstanding_principal"]
            assert abs(sum(signed) - principal) <= Decimal("0.50")
    assert n_transactions > 50
