"""The graph, its schedule and its sensors, without running anything."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg
import pytest

from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.schedules import business_day_of_month, close_schedule
from tests.pipeline.banks import DAY, Folder, restate, small_bank

STAGES = {
    "10_raw",
    "20_quarantine",
    "30_staging",
    "40_book",
    "50_behaviour",
    "60_cash_flows",
    "70_scenarios",
    "80_metrics",
    "90_reports",
    "95_audit",
    "97_daily",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return small_bank(tmp_path_factory.mktemp("graph") / "bank")


@pytest.fixture(scope="module")
def assets(folder: Folder) -> dict[str, dg.AssetsDefinition]:
    """Every asset by table name."""
    found = folder.definitions.assets or ()
    return {
        ".".join(key.path): asset
        for asset in found
        if isinstance(asset, dg.AssetsDefinition)
        for key in asset.keys
    }


@pytest.mark.parametrize(
    ("day", "number"),
    [
        # Weekdays count, holidays of no country do: the new year begins on a Friday, day one.
        (date(2027, 1, 1), 1),
        (date(2027, 1, 2), 0),
        (date(2027, 1, 4), 2),
        # August begins on a Saturday: Monday the 3rd is day one.
        (date(2026, 8, 1), 0),
        (date(2026, 8, 3), 1),
        (date(2026, 8, 4), 2),
        # December begins on a Tuesday; Christmas falls on its 19th weekday, a Friday.
        (date(2026, 12, 2), 2),
        (date(2026, 12, 25), 19),
    ],
)
def test_business_days_of_a_month_are_counted_from_its_first_weekday(day, number):
    assert business_day_of_month(day) == number


def evaluated(folder: Folder, moment: datetime) -> dg.RunRequest | dg.SkipReason:
    schedule = close_schedule(folder.bank)
    context = dg.build_schedule_context(scheduled_execution_time=moment)
    found = schedule(context)
    assert isinstance(found, dg.RunRequest | dg.SkipReason)
    return found


def test_on_business_day_two_the_schedule_asks_for_the_month_that_ended(folder):
    request = evaluated(folder, datetime(2026, 11, 3, 6, tzinfo=UTC))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-10-31"
    assert request.run_key == "close_book-2026-10-31"


@pytest.mark.parametrize("day", [2, 4, 5])
def test_on_other_days_the_schedule_skips_and_says_so(folder, day):
    skipped = evaluated(folder, datetime(2026, 11, day, 6, tzinfo=UTC))
    assert isinstance(skipped, dg.SkipReason)
    assert "business day 2" in (skipped.skip_message or "")


def sensed(folder: Folder) -> list[dg.RunRequest]:
    sensor = folder.definitions.resolve_sensor_def("complete_delivery")
    with dg.instance_for_test() as instance:
        repository = folder.definitions.get_repository_def()
        context = dg.build_sensor_context(instance=instance, repository_def=repository)
        data = sensor.evaluate_tick(context)
    return list(data.run_requests or ())


def test_a_complete_delivery_asks_for_one_run_with_a_stable_key(tmp_path):
    folder = small_bank(tmp_path / "bank")
    (first,) = sensed(folder)
    assert first.partition_key == DAY.isoformat()
    assert [again.run_key for again in sensed(folder)] == [first.run_key]

    restate(folder.landing(), "capital", lambda rows: rows[:2])
    (restated,) = sensed(folder)
    assert restated.run_key != first.run_key


def test_an_incomplete_delivery_asks_for_nothing(tmp_path):
    folder = small_bank(tmp_path / "bank")
    (folder.landing() / "funding_source.csv").unlink()
    assert sensed(folder) == []


def test_a_delivery_on_its_way_does_not_hold_up_the_complete_one(tmp_path):
    folder = small_bank(tmp_path / "bank")
    (folder.path / "landing" / "2026-11-30").mkdir()
    (request,) = sensed(folder)
    assert request.partition_key == DAY.isoformat()


def test_the_chain_starts_scenarios_after_the_book_and_reports_after_them(folder):
    sensors = {sensor.name: sensor for sensor in folder.definitions.sensors or ()}
    assert set(sensors) == {
        "complete_delivery", "complete_day", "scenarios_after_book", "reports_after_scenarios",
    }  # fmt: skip
    assert sensors["complete_day"].job_name == jobs.DAILY_VIEW
    assert sensors["scenarios_after_book"].job_name == jobs.SCENARIO
    assert sensors["reports_after_scenarios"].job_name == jobs.REPORTS


def test_the_groups_of_the_graph_are_the_ten_stages_and_the_daily_view(assets):
    groups = {
        group for asset in set(assets.values()) for group in asset.group_names_by_key.values()
    }
    assert groups == STAGES


def test_every_sql_file_became_an_asset_of_its_stage_with_its_true_upstreams(folder, assets):
    for file in folder.bank.sql_files:
        asset = assets[file.table]
        key = dg.AssetKey(file.table.split("."))
        assert asset.group_names_by_key[key] == file.group
        upstream = {".".join(k.path) for k in asset.asset_deps[key]}
        read = {t for t in (*file.current_reads, *file.after) if not t.startswith("inputs.")}
        assert read <= upstream, file.table


def test_the_jobs_of_the_chain_hold_every_asset_once(folder, assets):
    names = (
        jobs.BOOK, jobs.SCENARIO, jobs.REPORTS, jobs.WHAT_IF_JOB, jobs.CALIBRATE, jobs.DAILY_VIEW,
    )  # fmt: skip
    held = [
        ".".join(key.path)
        for name in names
        for key in folder.definitions.resolve_job_def(name).asset_layer.executable_asset_keys
    ]
    assert sorted(held) == sorted(assets)
