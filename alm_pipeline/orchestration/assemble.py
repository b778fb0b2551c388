"""Put a bank's assets, checks, jobs, schedule and sensors together."""

from __future__ import annotations

import logging
from pathlib import Path

import dagster as dg

from alm_pipeline.orchestration import jobs
from alm_pipeline.orchestration.assets.adjustments import adjustment_assets
from alm_pipeline.orchestration.assets.calibration import calibration_asset
from alm_pipeline.orchestration.assets.daily import daily_assets
from alm_pipeline.orchestration.assets.deliveries import delivery_asset
from alm_pipeline.orchestration.assets.engine import engine_assets
from alm_pipeline.orchestration.assets.evidence import checklist_asset, evidence_assets
from alm_pipeline.orchestration.assets.lineage import lineage_assets
from alm_pipeline.orchestration.assets.publication import publication_asset
from alm_pipeline.orchestration.assets.quarantine import quarantine_asset
from alm_pipeline.orchestration.bank import Bank, open_bank
from alm_pipeline.orchestration.checklist import CHECKLIST
from alm_pipeline.orchestration.daily_bank import open_daily_bank
from alm_pipeline.orchestration.jobs import close_jobs
from alm_pipeline.orchestration.partitions import Partitions
from alm_pipeline.orchestration.resources import BankResource
from alm_pipeline.orchestration.schedules import close_schedule
from alm_pipeline.orchestration.sensors import chain_sensors, daily_sensor, delivery_sensor
from alm_pipeline.orchestration.sql_assets import sql_assets


@dg.logger(config_schema={}, description="Silent: a close prints its own lines.")
def quiet_console(_: dg.InitLoggerContext) -> logging.Logger:
    """Return a console logger that says nothing; the event log has everything."""
    logger = logging.getLogger("alm_pipeline.runs")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    return logger


def assemble(config: Path) -> dg.Definitions:
    """Return the definitions of the bank of a settings file."""
    bank = open_bank(config)
    partitions = Partitions.of(bank.settings)
    assets, sensors = bank_assets(bank, partitions), [delivery_sensor(bank)]
    if bank.source.daily is not None:
        days = open_daily_bank(config)
        assets, sensors = [*assets, *daily_assets(days)], [*sensors, daily_sensor(days)]
    by_name = {job.name: job for job in close_jobs(assets, partitions)}
    chain = chain_sensors(bank, by_name[jobs.SCENARIO], by_name[jobs.REPORTS])
    return dg.Definitions(
        assets=assets,
        jobs=list(by_name.values()),
        schedules=[close_schedule(bank)],
        sensors=[*sensors, *chain],
        resources={"bank": BankResource(config=str(config))},
        executor=dg.in_process_executor,
        loggers={"console": quiet_console},
    )


def bank_assets(bank: Bank, partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Return every asset of a bank; publication comes after all reports and audit tables."""
    assets = [
        delivery_asset(bank, partitions),
        quarantine_asset(bank, partitions),
        *sql_assets(bank, partitions),
        *engine_assets(bank, partitions),
        *adjustment_assets(bank, partitions),
        *evidence_assets(bank, partitions),
        *lineage_assets(bank, partitions),
        calibration_asset(bank, partitions),
    ]
    last = [
        ".".join(key.path)
        for asset in assets
        for key in asset.keys
        if key.path[0] in ("reports", "audit")
    ]
    checklist = checklist_asset(bank, partitions, sorted(last))
    return [*assets, checklist, publication_asset(partitions, [*sorted(last), CHECKLIST])]
