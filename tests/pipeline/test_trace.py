"""Every number of every report of the small bank opens, and what is behind it makes the number.

The sum of what each position adds is compared with the report's own value before rounding, which
comes from the stored totals and knows no position. Files are read by the test itself.
"""

from __future__ import annotations

import csv
import math
import random
import re
import statistics
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from alm_pipeline.audit.closed_bank import ClosedBank
from alm_pipeline.audit.contributions import AGGREGATES, Contributions
from alm_pipeline.audit.impact import impact
from alm_pipeline.audit.opened_cell import Cell, OpenedCell
from alm_pipeline.audit.report_rows import asked_cell, find_cell
from alm_pipeline.audit.source_rows import source_rows
from alm_pipeline.audit.trace import Tracer
from alm_pipeline.cli import app
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.cell_rules import CellRule
from alm_pipeline.inputs.settings import load_settings
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.trace import closed_bank
from alm_pipeline.paths import DATA_CONTRACTS
from tests.house.project import table_contracts
from tests.pipeline.banks import DAY, OF_OTHER_PACKS, UP, restate
from tests.pipeline.conftest import Closed
from tests.pipeline.raw_rows import raw_row

REPORTS = sorted(
    name for name in table_contracts() if name.startswith("reports.") and name not in OF_OTHER_PACKS
)
MILLIONTH, HALF_A_CENT, N_OPENED = 1e-6, 0.005, 4


@pytest.fixture(scope="module")
def closed(closed_small_bank: Closed) -> ClosedBank:
    return closed_bank(closed_small_bank.folder.bank)


@pytest.fixture(scope="module")
def tracer(closed: ClosedBank) -> Tracer:
    return Tracer(closed)


def rows_of(closed: ClosedBank, table: str) -> list[dict[str, Any]]:
    return closed.pinned.rows(f"select * from {table} order by all", [table])


def cells_of(closed: ClosedBank, table: str) -> Iterator[Cell]:
    for row in rows_of(closed, table):
        for column in closed.contracts[table].cells:
            yield find_cell(closed, table, column, row)


def opened(closed: ClosedBank, table: str, column: str, **row: str) -> OpenedCell:
    return Tracer(closed).open(asked_cell(closed, table, column, row))


def sums_by_rule(
    closed: ClosedBank, table: str
) -> Iterator[tuple[str, CellRule, list[dict[str, Any]]]]:
    for column, rules in closed.contracts[table].cells.items():
        for rule in rules:
            if rule.kind == "sum":
                under = f"select * from {table} where {rule.when or 'true'}"
                yield column, rule, closed.pinned.rows(under, [table])


def untied_sums(closed: ClosedBank, found: Contributions, table: str) -> tuple[int, list[str]]:
    """Return how many cells were compared, and a sentence for each that is not its sum."""
    keys = closed.keys(table)
    n_cells, untied = 0, []
    for column, rule, rows in sums_by_rule(closed, table):
        every = found.of_column(table, column, rule)
        totals = {tuple(one[key] for key in keys): one for one in every}
        for row in rows:
            key = tuple(row[name] for name in keys)
            total = totals.get(key, {"amount": 0.0, "n_contributions": 0})
            if row[column] is None:
                continue
            exact = found.unrounded(table, row, column)
            assert exact is not None
            n_cells += 1
            slack = MILLIONTH * abs(exact) + MILLIONTH * total["n_contributions"]
            is_tied = abs(total["amount"] - exact) <= slack + 1e-9
            is_rounded = abs(total["amount"] - float(row[column])) <= HALF_A_CENT + slack
            if not (is_tied and is_rounded):
                untied.append(f"{table}.{column} {key}: {total['amount']} is not {exact}")
    return n_cells, untied


@pytest.mark.parametrize("table", REPORTS)
def test_every_sum_of_a_report_is_the_sum_of_what_each_position_adds(closed, tracer, table):
    n_cells, untied = untied_sums(closed, tracer.contributions, table)
    assert untied == []
    assert n_cells >= 2 * len(rows_of(closed, table))  # at least the two of the footer in each row


@pytest.mark.parametrize("table", REPORTS)
def test_a_cell_alone_reads_the_buckets_and_months_behind_it(closed, tracer, table):
    cells = [
        find_cell(closed, table, column, max(rows, key=lambda row: abs(row[column] or 0)))
        for column, rule, rows in sums_by_rule(closed, table)
        if rows and not set(rule.opens_to).isdisjoint(AGGREGATES)
    ]
    assert [(one.column, one.keys) for one in cells if not tracer.open(one).is_tied] == []


@pytest.mark.parametrize("table", REPORTS)
def test_every_other_number_of_a_report_is_what_it_opens_to(closed, tracer, table):
    opened_cells = [
        tracer.open(cell) for cell in cells_of(closed, table) if cell.rule.kind != "sum"
    ]
    assert opened_cells
    untied = [
        (one.cell.column, one.cell.keys, one.cell.stored, one.recomputed)
        for one in opened_cells
        if not one.is_tied
    ]
    assert untied == []
    assert all(one.parts for one in opened_cells if one.cell.stored is not None)


@pytest.mark.parametrize("table", REPORTS)
def test_a_cell_opened_alone_gives_the_same(closed, tracer, table):
    cells = [one for one in cells_of(closed, table) if one.rule.kind == "sum" and one.stored]
    chosen = random.Random(table).sample(cells, min(N_OPENED, len(cells)))
    for cell in chosen:
        one = tracer.open(cell)
        assert one.is_tied, cell
        assert one.contributions is not None
        assert one.contributions.num_rows > 0
        amounts = one.contributions.column("amount").to_pylist()
        assert amounts == sorted(amounts, key=abs, reverse=True)
        assert math.fsum(amounts) == pytest.approx(cell.stored, abs=HALF_A_CENT + MILLIONTH * 100)


def test_an_input_stands_in_the_line_it_opens_to(closed, tracer):
    n_files = 0
    for table in REPORTS:
        for cell in cells_of(closed, table):
            if cell.rule.kind == "input" and cell.rule.file and cell.stored is not None:
                (part,) = tracer.open(cell).parts
                name, _, rest = part.place.removeprefix("data_contracts/").partition(", line ")
                line = int(rest.partition(":")[0])
                text = (DATA_CONTRACTS / name).read_text("utf-8").splitlines()[line - 1]
                figures = re.findall(r"-?\d+(?:\.\d+)?", text.split("#")[0])
                assert cell.stored in map(float, figures)
                n_files += 1
    assert n_files > 20


def test_tier_1_opens_to_the_delivered_row(closed_small_bank, closed):
    one = opened(
        closed, "reports.irrbb_outlier_test", "tier1_amount", entity_id="BANK", scenario=UP
    )
    (part,) = one.parts
    file_name, _, row = part.place.partition(", row ")
    lines = (closed_small_bank.folder.landing() / file_name).read_text("utf-8").splitlines()
    header, body = lines[0].split(","), lines[int(row)].split(",")
    delivered = dict(zip(header, body, strict=True))
    assert (delivered["entity_id"], delivered["element"]) == ("BANK", "t1")
    assert float(delivered["amount"]) == one.cell.stored


def test_what_the_group_eliminates_opens_to_intragroup_positions_with_the_sign_turned(closed):
    row = {"entity_id": "GROUP", "row_kind": "elimination", "balance_sheet_line": "total"}
    one = opened(closed, "reports.balance_sheet", "carrying_amount", **row, side="asset")
    assert one.is_tied
    assert one.cell.stored is not None
    assert one.cell.stored < 0
    assert one.contributions is not None
    ids = one.contributions.column("traced_id").to_pylist()
    listed = ", ".join(f"'{name}'" for name in ids)
    held = closed.pinned.rows(
        f"select intragroup_entity_id from book.positions where position_id in ({listed})",
        ["book.positions"],
    )
    assert len(held) == len(ids)
    assert all(row["intragroup_entity_id"] for row in held)


def test_a_contribution_is_the_positions_amount_at_the_days_exchange_rate(closed):
    row = {"entity_id": "GROUP", "row_kind": "group", "balance_sheet_line": "total"}
    one = opened(closed, "reports.balance_sheet", "carrying_amount", **row, side="asset")
    assert one.contributions is not None
    amounts = {row["traced_id"]: row["amount"] for row in one.contributions.to_pylist()}
    rates = closed.pinned.rows(
        "select p.position_id, p.carrying_amount, p.accrued_interest, t.translation_rate"
        " from book.positions as p"
        " inner join book.translation_rates as t on p.currency = t.currency"
        " where p.currency = 'EUR' and p.side = 'asset' and p.intragroup_entity_id is null",
        ["book.positions", "book.translation_rates"],
    )
    assert rates
    for row in rates:
        carried = float(row["carrying_amount"] + row["accrued_interest"])
        expected = carried * row["translation_rate"]
        assert amounts[row["position_id"]] == pytest.approx(expected, abs=1e-6)


def test_random_cells_lead_to_rows_of_files_that_hold_the_position(
    closed_small_bank, closed, tracer
):
    cells = [
        cell
        for table in REPORTS
        for cell in cells_of(closed, table)
        if cell.rule.kind == "sum" and cell.stored and "excluded" not in cell.column
    ]
    for cell in random.Random(7).sample(cells, 12):
        contributions = tracer.open(cell).contributions
        assert contributions is not None
        for position_id in contributions.column("traced_id").to_pylist()[:3]:
            assert_in_its_file(closed, closed_small_bank, position_id)


def assert_in_its_file(closed: ClosedBank, bank: Closed, position_id: str) -> None:
    """The file's row has the key and the principal, notional or undrawn amount of the position."""
    (source,) = source_rows(closed.pinned, [position_id]).to_pylist()
    warehouse = bank.folder.path / "warehouse"
    row = raw_row(warehouse, source["sha256"], source["source_row"])
    assert position_id.split(":")[2] in row.values()
    (held,) = closed.pinned.rows(
        f"select outstanding_principal + notional_amount as amount, own_share"
        f" from book.positions where position_id = '{position_id}'",
        ["book.positions"],
    )
    written = [Decimal(text) for text in row.values() if _is_number(text)]
    amount = held["amount"]
    assert any(abs(abs(one) - abs(amount)) <= Decimal("0.01") for one in written), (row, amount)


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True


def test_the_cells_that_a_position_touches_are_those_it_is_behind(closed):
    cell = asked_cell(
        closed, "reports.irrbb_outlier_test", "delta_eve", {"entity_id": "GROUP", "scenario": UP}
    )
    contributions = Tracer(closed).open(cell).contributions
    assert contributions is not None
    first = contributions.to_pylist()[0]
    touched = impact(closed, first["traced_id"])
    (same,) = [t for t in touched if (t.table, t.column) == (cell.table, cell.column)
               and t.keys == cell.keys]  # fmt: skip
    assert same.amount == pytest.approx(first["amount"], abs=MILLIONTH)
    assert same.stored == cell.stored
    assert {t.table for t in touched} >= {"reports.eve_sensitivity", "reports.balance_sheet"}


def test_a_bucket_touched_by_a_position_is_the_part_the_cell_opens_to(closed):
    row = {"entity_id": "BANK", "row_kind": "entity", "view": "behavioural"}
    found = rows_of(closed, "reports.repricing_gap")
    held = next(r for r in found if all(r[k] == v for k, v in row.items()) and r["asset_amount"])
    cell = find_cell(closed, "reports.repricing_gap", "asset_amount", held)
    contributions = Tracer(closed).open(cell).contributions
    assert contributions is not None
    for one in contributions.to_pylist()[:2]:
        narrowed = Tracer(closed, one["traced_id"]).open(cell)
        assert narrowed.recomputed == pytest.approx(one["amount"], abs=MILLIONTH)


def test_an_estimate_is_computed_again_from_its_sample(closed_small_bank, closed):
    rule = CellRule(
        kind="estimate",
        opens_to=("book.positions",),
        formula="median(outstanding_principal)",
        where="entity_id = $entity_id and extract = 'loan'",
    )
    row = {"entity_id": "BANK", "carrying_amount": 1}
    one = Tracer(closed).open(Cell("reports.balance_sheet", "carrying_amount", {}, row, rule))
    loans = [
        float(held["outstanding_principal"])
        for held in closed_small_bank.folder.rows("book.positions")
        if (held["entity_id"], held["extract"]) == ("BANK", "loan")
    ]
    assert len(loans) > 2
    assert one.recomputed == pytest.approx(statistics.median(loans), abs=HALF_A_CENT)
    assert one.parts[0].value == len(loans)


def test_keys_that_are_left_out_are_asked_for_with_their_values(closed):
    with pytest.raises(ConfigurationError) as raised:
        asked_cell(closed, "reports.irrbb_outlier_test", "delta_eve", {"entity_id": "GROUP"})
    assert "scenario: basel_2024_parallel_down, basel_2024_parallel_up" in str(raised.value)
    assert "row_kind" not in str(raised.value)  # the group's own row, unless asked for


@pytest.mark.parametrize(
    ("table", "column", "row", "says"),
    [
        ("reports.balance_shet", "carrying_amount", {}, "did you mean reports.balance_sheet?"),
        ("reports.balance_sheet", "carying_amount", {}, "did you mean carrying_amount?"),
        ("reports.balance_sheet", "carrying_amount", {"entity": "BANK"}, "entity_id?"),
        ("reports.balance_sheet", "carrying_amount", {"entity_id": "BNK"}, "did you mean BANK?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(closed, table, column, row, says):
    with pytest.raises(ConfigurationError) as raised:
        asked_cell(closed, table, column, row)
    assert says in str(raised.value)


def test_the_command_prints_a_sum_and_writes_all_of_it(closed_small_bank, tmp_path):
    path = tmp_path / "contributions.csv"
    asked = ["--row", f"entity_id=GROUP,scenario={UP}", "--column", "delta_eve", "--top", "2"]
    config = ["--config", str(closed_small_bank.folder.config)]
    answer = CliRunner().invoke(
        app, [*config, "trace", "reports.irrbb_outlier_test", *asked, "--to-csv", str(path)]
    )
    assert answer.exit_code == 0, answer.output
    assert "more" in answer.output
    assert "yes" in answer.output
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (stored,) = [
        row["delta_eve"]
        for row in closed_small_bank.folder.rows("reports.irrbb_outlier_test")
        if (row["row_kind"], row["scenario"]) == ("group", UP)
    ]
    assert math.fsum(float(row["amount"]) for row in rows) == pytest.approx(
        float(stored), abs=HALF_A_CENT + MILLIONTH * len(rows)
    )
    with path.with_name("contributions_sources.csv").open(encoding="utf-8") as file:
        sources = list(csv.DictReader(file))
    assert {row["position_id"] for row in sources} == {row["position_id"] for row in rows}


def test_a_superseded_close_still_opens(copy_of_small_bank):
    before = copy_of_small_bank.bank.closes.current(DAY)

    def edit(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            row | ({"amount": "1" + row["amount"]} if row["element"] == "t1" else {})
            for row in rows
        ]

    restate(copy_of_small_bank.landing(), "capital", edit)
    after = copy_of_small_bank.close().manifest
    assert after is not None
    assert after.run_id != before.run_id
    asked = ("reports.irrbb_outlier_test", "tier1_amount")
    row = {"entity_id": "GROUP", "scenario": UP}
    old = opened(closed_bank(copy_of_small_bank.bank, run=before.run_id), *asked, **row)
    assert old.is_tied
    new = opened(closed_bank(copy_of_small_bank.bank), *asked, **row)
    assert new.is_tied
    # The group's Tier 1 of tests/small_bank, and with a 1 written before it.
    assert (old.recomputed, new.recomputed) == (516_500.00, 1_516_500.00)


def test_a_close_opens_with_the_texts_it_was_made_with(copy_of_small_bank, closed, tracer):
    cell = next(
        cell
        for table in REPORTS
        for cell in cells_of(closed, table)
        if cell.rule.kind == "input" and cell.rule.file and cell.stored is not None
    )
    (before,) = tracer.open(cell).parts
    name = before.place.removeprefix("data_contracts/").partition(", line ")[0]
    todays = copy_of_small_bank.path / "contracts" / name
    todays.parent.mkdir(parents=True, exist_ok=True)
    text = closed.contract_file(name).read_text("utf-8")
    todays.write_text("# Every figure stands a line lower today.\n" + text, "utf-8")
    again = Tracer(closed_bank(copy_of_small_bank.bank)).open(cell)
    assert again.is_tied
    (after,) = again.parts
    assert after.place == before.place


def test_who_looks_back_takes_the_relations_that_the_close_kept(closed_small_bank, monkeypatch):
    made = closed_small_bank.folder.bank.relations(DAY)
    looking = Bank(load_settings(closed_small_bank.folder.config))

    def unread(_: Bank) -> None:
        raise AssertionError("the figures were read again")

    monkeypatch.setattr(Bank, "figures", property(unread))
    looking.recall_relations(DAY, looking)
    assert {n: rows.to_pylist() for n, rows in looking.relations(DAY).items()} == {
        name: rows.to_pylist() for name, rows in made.items()
    }
