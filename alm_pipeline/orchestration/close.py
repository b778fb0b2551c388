"""One close: the chain of jobs for one month end, in one process, under one lock.

The close id is the hash of everything the close is made from and is fixed before the first step.
Dagster records the runs; whether a close is published is decided by its last asset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from alm_pipeline.errors import AlmError, ConfigurationError
from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.fingerprint import close_inputs
from alm_pipeline.orchestration.partitions import Partitions
from alm_pipeline.warehouse.face import exclusive
from alm_pipeline.warehouse.manifests import Manifest, run_id_of
from alm_pipeline.warehouse.partition import Partition

CLOSE_TAG = "alm/close"
_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"
_OUR_CLASS = re.compile(r"^alm_pipeline\.errors\.\w+: ")
_CHECK_FAILED = "dagster._core.errors.DagsterAssetCheckFailedError"

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """How a close ended.

    Attributes
    ----------
    manifest : Manifest or None
        The published close; None when a step failed.
    failures : tuple[str, ...]
        What stopped it, one line per failed step.
    """

    run_id: str
    manifest: Manifest | None
    failures: tuple[str, ...] = ()


def close_month(
    bank: Bank,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    as_of_date: date,
    announce: Announce,
) -> Outcome:
    """Run the chain for one month end; a second close of the same month waits for the first."""
    _refuse_unknown_month_end(bank, as_of_date)
    partition = Partition(as_of_date)
    lock = bank.settings.warehouse_folder / "closes" / f".{as_of_date}.lock"
    with exclusive(lock):
        run_id = run_id_of(close_inputs(bank, as_of_date))
        scenarios = [partition.under(s) for s in bank.settings.closing_scenarios]
        for job, own in (
            (jobs.BOOK, [partition]),
            (jobs.SCENARIO, scenarios),
            (jobs.REPORTS, [partition]),
        ):
            announce(f"{job} {as_of_date}, {len(own)} partitions")
            failures = run_job(definitions, instance, job, own, {CLOSE_TAG: run_id})
            if failures:
                return Outcome(run_id, None, failures)
        return Outcome(run_id, bank.closes.current(as_of_date))


def _refuse_unknown_month_end(bank: Bank, as_of_date: date) -> None:
    """Raise unless the day is a month end between the bank's first one and today."""
    first = bank.settings.first_as_of_date
    known = Partitions.of(bank.settings).month_ends.get_partition_keys()
    if as_of_date.isoformat() not in known:
        raise ConfigurationError(
            f"{as_of_date} cannot be closed",
            detail=f"month ends from {first} to {known[-1] if known else 'none yet'} can",
            fix="name a month end, or set first_as_of_date in alm.yaml",
        )


def run_job(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    partitions: Sequence[Partition],
    tags: Mapping[str, str],
) -> tuple[str, ...]:
    """Run a job for one partition, or for a range of scenarios in one run; return what failed."""
    ends = {_RANGE_START: str(partitions[0]), _RANGE_END: str(partitions[-1])}
    is_range = len(partitions) > 1
    result = definitions.resolve_job_def(job).execute_in_process(
        partition_key=None if is_range else str(partitions[0]),
        instance=instance,
        tags={**tags, **(ends if is_range else {})},
        run_config={"loggers": {"console": {"config": {}}}},
        raise_on_error=False,
    )
    if result.success:
        return ()
    failed = [event for event in result.all_events if event.is_step_failure]
    found = [*_refused_checks(result), *(_message(event) for event in failed)]
    return tuple(dict.fromkeys(m for m in found if not m.startswith(_CHECK_FAILED)))


def _refused_checks(result: dg.ExecuteInProcessResult) -> list[str]:
    """Return one line per blocking asset check that failed: its table and what it found."""
    return [
        f"{'.'.join(check.asset_key.path)} {check.check_name}: {check.metadata['summary'].value}"
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.blocking
    ]


def _message(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None and not _is_ours(error.cls_name):
        error = error.cause
    message = error.message.strip() if error is not None else f"{event.step_key} failed"
    return _OUR_CLASS.sub("", message)


def _is_ours(name: str | None) -> bool:
    found = {AlmError.__name__, *(c.__name__ for c in _all_subclasses(AlmError))}
    return name in found


def _all_subclasses(parent: type) -> set[type]:
    children: set[type] = set(parent.__subclasses__())
    return children | {g for child in children for g in _all_subclasses(child)}
