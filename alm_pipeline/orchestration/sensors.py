"""What starts the next job: a complete delivery, and the jobs of the chain themselves."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

import dagster as dg

from alm_pipeline.errors import SourceError
from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.close import CLOSE_TAG
from alm_pipeline.orchestration.daily import delivered_days
from alm_pipeline.orchestration.daily_bank import DailyBank
from alm_pipeline.orchestration.jobs import AssetJob
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.content import combined_hash
from alm_pipeline.warehouse.partition import Partition

_B = TypeVar("_B", bound=Bank)


def delivery_sensor(bank: Bank) -> dg.SensorDefinition:
    """Return the sensor that starts the book of a month end once its delivery is complete."""
    about = "Starts the book of a month end when all contracted files have arrived."
    return _sensor(bank, jobs.BOOK, "complete_delivery", about, delivered_dates)


def daily_sensor(bank: DailyBank) -> dg.SensorDefinition:
    """Return the sensor that makes the daily view of a day once its files have arrived."""
    about = "Makes the daily view of a day when its files have arrived."
    return _sensor(bank, jobs.DAILY_VIEW, "complete_day", about, delivered_days)


def _sensor(
    bank: _B, job: str, name: str, about: str, delivered: Callable[[_B], list[date]]
) -> dg.SensorDefinition:
    """Return the sensor that starts a job for every date whose delivery is complete.

    The run key holds the hash of all files: files sent again unchanged start nothing, a restated
    file starts a new run.
    """

    @dg.sensor(job_name=job, name=name, minimum_interval_seconds=60, description=about)
    def complete(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _complete_deliveries(context, bank, delivered(bank))

    return complete


def _complete_deliveries(
    context: dg.SensorEvaluationContext, bank: Bank, days: Iterable[date]
) -> dg.SensorResult:
    """Ask for a run per complete delivery, and say what is missing from the others.

    Dagster takes runs or a reason to skip, not both: beside runs the reasons go to its log.
    """
    requests, missing = [], []
    for day in days:
        try:
            files = raw_files.register_files(bank.source, bank.folders, day)
        except SourceError as incomplete:
            missing.append(f"{day}: {incomplete}")
            continue
        parts = "".join(sorted(file.source_file_id for file in files))
        digest = hashlib.sha256(parts.encode()).hexdigest()[:16]
        requests.append(dg.RunRequest(run_key=f"{day}-{digest}", partition_key=day.isoformat()))
    for reason in missing if requests else ():
        context.log.warning(reason)
    skipped = None if requests else "; ".join(missing) or "no files have arrived"
    return dg.SensorResult(run_requests=requests, skip_reason=skipped)


def delivered_dates(bank: Bank) -> list[date]:
    """Return the month ends that have a folder in landing, earliest first."""
    first = bank.settings.first_as_of_date
    return [d for d in raw_files.dated_folders(bank.settings.landing_folder) if d >= first]


def chain_sensors(
    bank: Bank, scenario_job: AssetJob, reports_job: AssetJob
) -> list[dg.SensorDefinition]:
    """Return the sensors that start the scenarios after the book and the reports after them.

    Runs of `alm close` carry a close id and start their own successors; they are left alone.
    """

    @dg.run_status_sensor(
        name="scenarios_after_book",
        run_status=dg.DagsterRunStatus.SUCCESS,
        request_job=scenario_job,
        description="Starts every closing scenario of a month end when its book is made.",
    )
    def scenarios_after_book(context: dg.RunStatusSensorContext):  # type: ignore[no-untyped-def]
        month = _month_of(context.dagster_run, jobs.BOOK)
        if month is None:
            return
        for scenario in bank.settings.closing_scenarios:
            key = str(month.under(scenario))
            yield dg.RunRequest(run_key=f"{context.dagster_run.run_id}-{key}", partition_key=key)

    @dg.run_status_sensor(
        name="reports_after_scenarios",
        run_status=dg.DagsterRunStatus.SUCCESS,
        request_job=reports_job,
        description="Starts the reports of a month end when its last scenario is made.",
    )
    def reports_after_scenarios(context: dg.RunStatusSensorContext):  # type: ignore[no-untyped-def]
        month = _month_of(context.dagster_run, jobs.SCENARIO)
        made = _made(bank, month) if month else None
        if month and made:
            yield dg.RunRequest(run_key=f"{month}-{made}", partition_key=str(month))

    return [scenarios_after_book, reports_after_scenarios]


def _month_of(run: dg.DagsterRun, job: str) -> Partition | None:
    if run.job_name != job or CLOSE_TAG in run.tags:
        return None
    return Partition.parse(run.tags["dagster/partition"]).month


def _made(bank: Bank, month: Partition) -> str | None:
    """Return one hash of all scenarios' results of a month end, or None while one is missing."""
    table = "scenarios.position_values"
    found = [
        bank.store.registry.find(table, month.under(scenario))
        for scenario in bank.settings.closing_scenarios
    ]
    if not all(found):
        return None
    return combined_hash([entry.content_hash for entry in found if entry])[:16]
