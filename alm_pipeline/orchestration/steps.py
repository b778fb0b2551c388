"""One step of a run: make the tables of a stage for every partition asked for, and check them.

A table that cannot be made, or that a blocking check refuses, stops what reads it in that partition
and nothing else; the step then fails with every problem at once. What is made is committed table
by table, so a step that is killed loses nothing but its last table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from alm_pipeline.errors import AlmError, DataError
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.checks import check_events, check_table, checks_by_asset
from alm_pipeline.orchestration.event_log import events_together
from alm_pipeline.orchestration.metadata import commit_metadata
from alm_pipeline.orchestration.partitions import asset_key, partitions_of
from alm_pipeline.validation.evaluation import CheckResult
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.store import Commit


@dataclass(frozen=True)
class Work:
    """What one call makes.

    Attributes
    ----------
    tables : tuple[str, ...]
        Tables of which the call makes one partition each.
    make : callable
        Makes and commits them.
    reads : frozenset[str]
        Tables of the same step without which there is nothing to do.
    metadata : callable
        Returns what is shown with every materialisation of a table besides its commit.
    """

    tables: tuple[str, ...]
    make: Callable[[Bank, Partition], Sequence[Commit]]
    reads: frozenset[str] = frozenset()
    metadata: Callable[[Bank, str], Mapping[str, Any]] = lambda _bank, _table: {}


@dataclass
class _Made:
    """What a step has made and found so far."""

    commits: dict[str, dict[Partition, Commit]] = field(default_factory=dict)
    results: dict[str, list[CheckResult]] = field(default_factory=dict)
    problems: list[AlmError] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def run_step(
    context: dg.AssetExecutionContext, bank: Bank, works: Sequence[Work]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
    """Do the selected works, in order, for every partition of the run, and report to Dagster.

    Raises
    ------
    AlmError
        The problem, or all problems, that left a selected table unmade.
    """
    selected = {".".join(key.path) for key in context.selected_asset_keys}
    chosen = [work for work in works if selected.intersection(work.tables)]
    partitions = partitions_of(context)
    made = _Made()
    with bank.store.registry.together():
        for partition in partitions:
            _make(bank, chosen, partition, made)
    with events_together(context.instance):
        for work in chosen:
            for table in work.tables:
                commits = made.commits.get(table, {})
                for partition, commit in commits.items():
                    context.add_asset_metadata(
                        {**commit_metadata(commit), **work.metadata(bank, table)},
                        asset_key=asset_key(table),
                        partition_key=str(partition),
                    )
                if len(commits) == len(partitions):
                    yield dg.MaterializeResult(asset_key=asset_key(table))
                    yield from check_events(table, made.results.get(table, []))
    _refuse_incomplete(made)


def _make(bank: Bank, works: Sequence[Work], partition: Partition, made: _Made) -> None:
    checked = checks_by_asset(bank)
    stopped: set[str] = set()
    for work in works:
        if work.reads & stopped:
            stopped.update(work.tables)
            made.left_out += [f"{table} {partition}" for table in work.tables]
            continue
        try:
            for commit in work.make(bank, partition):
                made.commits.setdefault(commit.entry.table, {})[partition] = commit
        except AlmError as problem:
            stopped.update(work.tables)
            made.problems.append(problem)
            continue
        for table in work.tables:
            if table in checked:
                results = check_table(bank, table, partition)
                made.results.setdefault(table, []).extend(results)
                if any(r.is_blocking and not r.passed for r in results):
                    stopped.add(table)


def _refuse_incomplete(made: _Made) -> None:
    if len(made.problems) == 1:
        raise made.problems[0]
    if made.problems:
        raise DataError("\n".join(dict.fromkeys(str(problem) for problem in made.problems)))
    if made.left_out:
        raise DataError(
            f"{len(made.left_out)} tables were not made",
            where=", ".join(made.left_out),
            fix="see the checks that failed on what they read",
        )
