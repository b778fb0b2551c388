"""The chain of a close as three jobs: the book, each scenario, the reports.

A job that mixes the two partition definitions is refused by Dagster, so what is by month end and
what is by scenario run apart. Which job an asset belongs to follows from its stage alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from alm_pipeline.orchestration.bank import CALIBRATED, DAILY, WHAT_IF
from alm_pipeline.orchestration.partitions import Partitions

AssetJob = UnresolvedAssetJobDefinition

BOOK, SCENARIO, REPORTS, WHAT_IF_JOB, CALIBRATE, DAILY_VIEW = (
    "close_book",
    "close_scenario",
    "close_reports",
    "what_if",
    "calibrate",
    "daily_view",
)
BOOK_GROUPS = (
    "10_raw",
    "20_quarantine",
    "30_staging",
    "40_book",
    "50_behaviour",
    "60_cash_flows",
)


def close_jobs(assets: Sequence[dg.AssetsDefinition], partitions: Partitions) -> list[AssetJob]:
    """Return the three jobs of a close, and those of what-ifs, of calibration and of days."""
    by_job: dict[str, list[dg.AssetKey]] = {name: [] for name in _ABOUT}
    for asset in assets:
        by_job[_job_of(asset, partitions)].extend(asset.keys)
    tags = {"dagster/max_retries": "0"}
    return [
        dg.define_asset_job(
            name,
            selection=dg.AssetSelection.assets(*keys),
            description=_ABOUT[name],
            run_tags=tags,
        )
        for name, keys in by_job.items()
        if keys
    ]


def _job_of(asset: dg.AssetsDefinition, partitions: Partitions) -> str:
    groups = set(asset.group_names_by_key.values())
    if any(key.path[0] == WHAT_IF for key in asset.keys):
        return WHAT_IF_JOB
    if any(key.path[0] == DAILY for key in asset.keys):
        return DAILY_VIEW
    if any(".".join(key.path) in CALIBRATED for key in asset.keys):
        return CALIBRATE
    if asset.partitions_def == partitions.by_scenario:
        return SCENARIO
    return BOOK if groups & set(BOOK_GROUPS) else REPORTS


_ABOUT = {
    BOOK: "Delivery, checks, quarantine, staging, book and behaviour of one month end.",
    SCENARIO: "Curves, values and metrics of one month end under one closing scenario.",
    REPORTS: "Reports, proofs and the published close of one month end.",
    WHAT_IF_JOB: "Values and metrics of one month end under a scenario outside the close.",
    DAILY_VIEW: "Cash, deposits and warnings of one day, on the last close before it.",
    CALIBRATE: "Behaviour estimated from the history delivered at one month end.",
}
