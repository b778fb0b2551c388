"""The project-local Dagster instance: its folder, its settings, and the environment it needs."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from alm_pipeline.orchestration import event_log
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.partitions import WHAT_IF_DIMENSION

SETTINGS = f"""\
telemetry: {{enabled: false}}
nux: {{enabled: false}}
event_log_storage:
  module: {event_log.__name__}
  class: EventLog
  config: {{base_dir: {{env: DAGSTER_HOME}}}}
run_storage:
  module: {event_log.__name__}
  class: RunLog
  config: {{base_dir: {{env: DAGSTER_HOME}}}}
concurrency:
  runs: {{max_concurrent_runs: 2}}
  pools: {{granularity: run, default_limit: 2}}
"""


def prepare_home(folder: Path) -> Path:
    """Create the folder of the Dagster instance with quiet settings, and point Dagster at it.

    Settings that are there already are somebody's own and stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "dagster.yaml"
    if not settings.is_file():
        settings.write_text(SETTINGS, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    return folder


def open_instance(bank: Bank) -> dg.DagsterInstance:
    """Return the instance in which runs of a close are recorded, so that the UI shows them.

    Every scenario file outside the close is offered there as a what-if partition.
    """
    instance = dg.DagsterInstance.from_config(str(prepare_home(bank.settings.dagster_home)))
    closing = set(bank.settings.closing_scenarios)
    what_ifs = [name for name in bank.figures.scenarios.scenarios if name not in closing]
    instance.add_dynamic_partitions(WHAT_IF_DIMENSION, what_ifs)
    return instance
