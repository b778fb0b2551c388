"""The headline results of one month's book under other assumptions, without publishing anything.

Only what depends on an input that differs is made anew, with the SQL files and the engine of the
close, in memory; everything else is read as the close wrote it. So there is no second formula, and
a changed limit costs one SELECT.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alm_pipeline.audit.change_impact import HEADLINE_TABLES, Key, Measure, measures
from alm_pipeline.inputs.governed import GovernedSet
from alm_pipeline.inputs.sql_files import SqlFile
from alm_pipeline.orchestration.assets.engine import (
    CONTRACTUAL,
    ENGINE_TABLES,
    make_monthly,
    make_scenario,
)
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.engine_lineage import ENGINE_RELATIONS, READS
from alm_pipeline.orchestration.simulation import engine_inputs
from alm_pipeline.orchestration.sql_assets import in_reading_order
from alm_pipeline.orchestration.sql_run import run_sql_file
from alm_pipeline.warehouse.partition import Partition

__all__ = ["headline_measures", "measures_under"]

_ENGINE_STAGE = "60"
_FIRST_STAGE = "40"  # what is delivered does not depend on what is assumed


def headline_measures(bank: Bank, partition: Partition) -> dict[Key, Measure]:
    """Return the headline measures of a month end as its tables have them."""
    return measures({name: _rows(bank, name, partition) for name in HEADLINE_TABLES})


def measures_under(bank: Bank, partition: Partition, governed: GovernedSet) -> dict[Key, Measure]:
    """Return the headline measures of a month's book under other governed inputs."""
    with TemporaryDirectory(dir=bank.settings.warehouse_folder) as folder:
        other = bank.under(governed, Path(folder))
        try:
            _remake(bank, other, partition)
            return headline_measures(other, partition)
        finally:
            other.store.session.close()


def _rows(bank: Bank, table: str, partition: Partition) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bank.store.table(table, partition, is_gated=False).to_pylist()
    return found


def _remake(bank: Bank, other: Bank, partition: Partition) -> None:
    """Make every table that the headline needs and that depends on an input that differs."""
    day = partition.as_of_date
    known, wanted = bank.relation_hashes(day), other.relation_hashes(day)
    changed = {name for name, digest in wanted.items() if known.get(name) != digest}
    files = _needed(bank)
    for file in [one for one in files if one.group < _ENGINE_STAGE]:
        _remake_file(bank, other, file, partition, changed)
    _remake_engine(bank, other, partition, changed)
    for file in [one for one in files if one.group > _ENGINE_STAGE]:
        _remake_file(bank, other, file, partition, changed)


def _needed(bank: Bank) -> list[SqlFile]:
    """Return the SQL files behind the headline tables, in the order in which they read."""
    by_table = {file.table: file for file in bank.sql_files}
    needed: set[str] = set()
    waiting = list(HEADLINE_TABLES)
    while waiting:
        table = waiting.pop()
        if table not in needed:
            needed.add(table)
            file = by_table.get(table)
            waiting += file.current_reads if file else _engine_upstream(table)
    files = in_reading_order(bank.sql_files)
    return [f for f in files if f.table in needed and f.group >= _FIRST_STAGE]


def _engine_upstream(table: str) -> tuple[str, ...]:
    relations = ENGINE_RELATIONS.get(table)
    return () if relations is None else (*READS, *relations)


def _remake_file(
    bank: Bank, other: Bank, file: SqlFile, partition: Partition, changed: set[str]
) -> None:
    """Make a file's table if it reads what differs; it differs itself if its rows do."""
    if changed.isdisjoint(file.current_reads):
        return
    is_by_scenario = other.shapes[file.table].is_by_scenario
    for one in _partitions(other, partition) if is_by_scenario else [partition]:
        made = run_sql_file(other, file, one).entry
        known = bank.store.registry.find(file.table, one)
        if known is None or known.content_hash != made.content_hash:
            changed.add(file.table)


def _remake_engine(bank: Bank, other: Bank, partition: Partition, changed: set[str]) -> None:
    """Run the engine on the book under the other inputs if any of its inputs differs."""
    scenarios = _partitions(other, partition)
    same = bank.settings.closing_scenarios == other.settings.closing_scenarios
    if same and all(_engine_reads(bank, one) == _engine_reads(other, one) for one in scenarios):
        return
    make_monthly(other, CONTRACTUAL, partition)
    for one in scenarios:
        for _ in make_scenario(other, one, is_what_if=False):
            pass
    changed |= {CONTRACTUAL, *ENGINE_TABLES}


def _engine_reads(bank: Bank, partition: Partition) -> dict[str, str]:
    return engine_inputs(bank, partition, bank.store.content)


def _partitions(other: Bank, partition: Partition) -> list[Partition]:
    return [partition.under(scenario) for scenario in other.settings.closing_scenarios]
