"""Days after a close: made by the sensor, opened cell by cell, stopped by money nobody explains."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from alm_pipeline.audit.opened_cell import OpenedCell
from alm_pipeline.audit.report_rows import asked_cell, find_cell
from alm_pipeline.audit.source_rows import source_rows
from alm_pipeline.audit.trace import Tracer
from alm_pipeline.demo import deliver_days, write_demo_bank
from alm_pipeline.errors import ConfigurationError, DataError
from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.daily import published_day
from alm_pipeline.orchestration.daily_bank import DailyBank, open_daily_bank
from alm_pipeline.orchestration.daily_command import asked_days, make_days
from alm_pipeline.orchestration.home import open_instance
from alm_pipeline.orchestration.trace import closed_bank
from alm_pipeline.orchestration.trace_command import row_names
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, Folder, write_folder
from tests.pipeline.deliveries import restated
from tests.pipeline.raw_rows import raw_row

pytestmark = pytest.mark.slow(seconds=15)

SIZE, SEED = 600, 3
MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)


@pytest.fixture(scope="module")
def after_close(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A demo bank that is closed, with the files of three days; none of them is made."""
    folder = write_folder(tmp_path_factory.mktemp("daily") / "bank", (BASE,))
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=SIZE, seed=SEED)
    assert folder.close().manifest is not None
    assert deliver_days(folder.path / "landing", DAY, 3, SIZE, SEED) == [MONDAY, TUESDAY, WEDNESDAY]
    return folder


@pytest.fixture(scope="module")
def made(after_close: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The same bank with its days made; look, do not touch."""
    path = tmp_path_factory.mktemp("made") / "bank"
    shutil.copytree(after_close.path, path)
    folder = Folder(path)
    list(make_days(folder.config, [MONDAY, TUESDAY, WEDNESDAY]))
    return folder


@pytest.fixture
def fresh(after_close: Folder, tmp_path: Path) -> Folder:
    """A bank of the test's own, closed, no day made."""
    shutil.copytree(after_close.path, tmp_path / "bank")
    return Folder(tmp_path / "bank")


def days_of(folder: Folder) -> DailyBank:
    return open_daily_bank(folder.config)


def landed(folder: Folder, day: date) -> Path:
    return folder.path / "landing" / "daily" / day.isoformat()


def rows(folder: Folder, table: str, day: date) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = days_of(folder).store.table(table, Partition(day)).to_pylist()
    return found


def sensed(folder: Folder) -> tuple[list[dg.RunRequest], str]:
    sensor = folder.definitions.resolve_sensor_def("complete_day")
    with dg.instance_for_test() as instance:
        repository = folder.definitions.get_repository_def()
        context = dg.build_sensor_context(instance=instance, repository_def=repository)
        data = sensor.evaluate_tick(context)
    return list(data.run_requests or ()), data.skip_message or ""


def test_the_sensor_asks_for_each_day_whose_files_are_there_and_again_when_restated(fresh):
    (landed(fresh, WEDNESDAY) / "cash_movement.csv.gz").unlink()
    requests, _ = sensed(fresh)
    assert [request.partition_key for request in requests] == ["2026-11-02", "2026-11-03"]
    before = {request.partition_key: request.run_key for request in requests}
    restated(landed(fresh, TUESDAY), "payment_forecast", lambda found: found[1:])
    after = {request.partition_key: request.run_key for request in sensed(fresh)[0]}
    assert after["2026-11-02"] == before["2026-11-02"]
    assert after["2026-11-03"] != before["2026-11-03"]


def test_a_run_that_the_sensor_asks_for_makes_the_day(fresh):
    (request, *_), _ = sensed(fresh)
    with open_instance(fresh.bank) as instance:
        result = fresh.definitions.resolve_job_def(jobs.DAILY_VIEW).execute_in_process(
            partition_key=request.partition_key,
            instance=instance,
            run_config={"loggers": {"console": {"config": {}}}},
        )
    assert result.success
    keys = {"/".join(event.asset_key.path) for event in result.get_asset_materialization_events()}
    assert {"daily/cash_outlook", "daily/raw/cash_movement", "daily/indicators"} <= keys
    checks = {check.check_name for check in result.get_asset_check_evaluations() if check.passed}
    assert checks == {"data_contract", "rows_set_aside"}
    assert published_day(days_of(fresh)).as_of_date == MONDAY


def test_the_graph_shows_a_day_after_the_close_before_it(made):
    assets = {key: a for a in made.definitions.assets or () for key in a.keys}
    outlook = dg.AssetKey(["daily", "cash_outlook"])
    upstream = assets[outlook].asset_deps[outlook]
    assert dg.AssetKey(["cash_flows", "contractual_days"]) in upstream
    assert dg.AssetKey(["daily", "staging", "payment_forecast"]) in upstream
    mapping = assets[outlook].get_partition_mapping(dg.AssetKey(["cash_flows", "contractual_days"]))
    assert isinstance(mapping, dg.TimeWindowPartitionMapping)


def every_cell(folder: Folder, day: date) -> Iterator[OpenedCell]:
    closed = closed_bank(days_of(folder), day)
    tracer = Tracer(closed)
    for table in sorted(name for name in closed.contracts if name.startswith("daily.")):
        found = closed.pinned.rows(f"select * from {table} order by all", [table])
        step = 50 if table == "daily.deposit_windows" else 1  # 2,000 alike
        for row in found[::step]:
            for column in closed.contracts[table].cells:
                yield tracer.open(find_cell(closed, table, column, row))


def test_every_number_of_a_day_opens_and_ties(made):
    opened = list(every_cell(made, TUESDAY))
    assert len(opened) > 1_000
    untied = [
        (f"{one.cell.table}.{one.cell.column}", one.cell.keys, one.cell.stored, one.recomputed)
        for one in opened
        if not one.is_tied
    ]
    assert untied == []


def test_what_left_an_account_leads_to_rows_of_the_file(made):
    closed = closed_bank(days_of(made), TUESDAY)
    cell = asked_cell(closed, "daily.cash_days", "cash_out_amount", {"entity_id": "BANK"})
    opened = Tracer(closed).open(cell)
    assert opened.contributions is not None
    ids = opened.contributions.column("traced_id").to_pylist()
    sources = source_rows(closed.pinned, ids, row_names(closed, opened)).to_pylist()
    assert [source["position_id"] for source in sources] == sorted(ids)
    written = [
        float(raw_row(made.path / "warehouse" / "daily", s["sha256"], s["source_row"])["amount"])
        for s in sources
    ]
    assert sum(written) == pytest.approx(float(cell.row["cash_out_amount"]))


def test_a_day_made_again_is_the_same_day(made, tmp_path):
    shutil.copytree(made.path, tmp_path / "bank")
    folder = Folder(tmp_path / "bank")
    before = published_day(days_of(folder), WEDNESDAY)
    list(make_days(folder.config, [WEDNESDAY]))
    after = published_day(days_of(folder), WEDNESDAY)
    assert (after.run_id, after.tables) == (before.run_id, before.tables)
    assert after.earlier_closes == {"2026-11-03": published_day(days_of(folder), TUESDAY).run_id}


def test_restated_files_make_a_day_that_supersedes_and_the_old_one_still_opens(made, tmp_path):
    shutil.copytree(made.path, tmp_path / "bank")
    folder = Folder(tmp_path / "bank")
    old = published_day(days_of(folder), WEDNESDAY)
    restated(landed(folder, WEDNESDAY), "payment_forecast", lambda found: found[1:])
    list(make_days(folder.config, [WEDNESDAY]))
    new = published_day(days_of(folder), WEDNESDAY)
    assert new.supersedes == old.run_id
    assert days_of(folder).closes.read(WEDNESDAY, old.run_id).tables == old.tables
    row = {"entity_id": "BANK", "contract_currency": "USD", "days_ahead": "10"}
    amounts = []
    for run in (old.run_id, new.run_id):
        closed = closed_bank(days_of(folder), run=run)
        cell = asked_cell(closed, "daily.cash_outlook", "known_payment_amount", row)
        assert Tracer(closed).open(cell).is_tied
        amounts.append(cell.stored)
    assert amounts[0] != amounts[1]


def test_a_day_opens_to_the_close_it_read_when_that_is_superseded(made, tmp_path):
    shutil.copytree(made.path, tmp_path / "bank")
    folder = Folder(tmp_path / "bank")
    restated(folder.landing(), "loan", lambda found: found[:-1])
    outcome = folder.close()  # the ledger does not tie any more: nothing is published
    assert outcome.manifest is None
    (folder.path / "alm.yaml").write_text(
        (folder.path / "alm.yaml").read_text() + "bank_name: Another Name\n"
    )
    assert all(opened.is_tied for opened in every_cell(Folder(folder.path), WEDNESDAY))


def test_money_that_nobody_explains_stops_the_day_and_leaves_the_one_before(fresh):
    list(make_days(fresh.config, [MONDAY]))
    restated(landed(fresh, TUESDAY), "cash_movement", lambda found: found[:-1])
    with pytest.raises(DataError) as stopped:
        list(make_days(fresh.config, [TUESDAY]))
    assert "movements_explain_balances" in str(stopped.value)
    assert "EUBANK" in str(stopped.value)
    assert days_of(fresh).closes.published_dates() == [MONDAY]


def test_a_row_that_breaks_a_rule_is_set_aside_with_its_amount(fresh):
    def later(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        today = {"payment_date": "2026-11-02", "amount": "-1.00"}  # that is not to come
        return [{**found[0], **today}, *found[1:]]

    restated(landed(fresh, MONDAY), "payment_forecast", later)
    list(make_days(fresh.config, [MONDAY]))
    (aside,) = rows(fresh, "quarantine.payment_forecast", MONDAY)
    assert aside["rule_ids"] == "payment_forecast.payment_in_future"
    assert aside["amount"] == -1
    n_delivered = len(rows(fresh, "raw.payment_forecast", MONDAY))
    assert len(rows(fresh, "staging.payment_forecast", MONDAY)) == n_delivered - 1


def test_before_the_first_close_a_day_has_no_flows_due_and_says_so(tmp_path):
    folder = write_folder(tmp_path / "bank", (BASE,))
    deliver_days(folder.path / "landing", DAY, 1, SIZE, SEED)
    lines = list(make_days(folder.config, [MONDAY]))
    assert any("no close before this day" in line for line in lines)
    outlook = rows(folder, "daily.cash_outlook", MONDAY)
    assert {row["falling_due_amount"] for row in outlook} == {None}


def test_the_face_of_days_shows_them_to_personas_and_masks_customers(made):
    face = duckdb.connect(str(made.path / "warehouse" / "alm_daily.duckdb"), read_only=True)
    with face:
        days = face.execute("select distinct as_of_date from daily.cash_outlook order by 1")
        assert [day for (day,) in days.fetchall()] == [MONDAY, TUESDAY, WEDNESDAY]
        assert face.execute("select count(*) from treasury.daily_indicators").fetchone() != (0,)
        movers = face.execute("select counterparty_id from daily.largest_movers").fetchall()
    masked = {pseudonym for (pseudonym,) in movers}
    delivered = {row["counterparty_id"] for row in rows(made, "daily.largest_movers", TUESDAY)}
    assert masked.isdisjoint(delivered)
    with duckdb.connect(str(made.path / "warehouse" / "alm.duckdb"), read_only=True) as of_closes:
        known = of_closes.execute("select distinct counterparty_id from book.positions").fetchall()
    assert masked & {pseudonym for (pseudonym,) in known}, "a customer has one pseudonym in both"


def test_the_command_shows_the_day_and_says_daily(made):
    (day,) = asked_days(made.config, None)
    assert day == WEDNESDAY
    lines = list(make_days(made.config, [day]))
    assert lines[1].startswith("daily view of 2026-11-04, on the close of 2026-10-31")
    text = "\n".join(lines)
    for word in ("RESERVE-BANK", "P10", "largest movers", "warnings", "deposit", "real-time"):
        assert (word in text) == (word != "real-time")


def test_a_bank_that_delivers_nothing_daily_has_no_days(tmp_path):
    folder = write_folder(tmp_path / "bank", (BASE,))
    folder.bank.source = folder.bank.source.model_copy(update={"daily": None})
    with pytest.raises(ConfigurationError, match="delivers nothing daily"):
        DailyBank(folder.bank)
