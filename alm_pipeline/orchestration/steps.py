"""One step of a run: make the tables of a stage for every partition asked for, and check them.

Tables are made on all threads, each after those it reads. A table that cannot be made, or that a
blocking check refuses, stops what reads it in that partition and nothing else; the step then fails
with every problem at once. What is made is committed table by table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from alm_pipeline.errors import DataError
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.checks import check_events, check_table, checks_by_asset
from alm_pipeline.orchestration.event_log import events_together
from alm_pipeline.orchestration.metadata import commit_metadata
from alm_pipeline.orchestration.parallel import Outcome, run_in_order
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


@dataclass(frozen=True)
class _Made:
    """What one work made of one partition, and what the checks of each table found."""

    commits: Sequence[Commit]
    results: Mapping[str, Sequence[CheckResult]]

    @property
    def is_open(self) -> bool:
        """Say whether the works that read these tables may run."""
        found = (result for results in self.results.values() for result in results)
        return all(result.passed or not result.is_blocking for result in found)


_Task = tuple[Work, Partition]


def run_step(
    context: dg.AssetExecutionContext, bank: Bank, works: Sequence[Work]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
    """Do the selected works for every partition of the run and report to Dagster.

    Raises
    ------
    AlmError
        The problem, or all problems, that left a selected table unmade.
    """
    selected = {".".join(key.path) for key in context.selected_asset_keys}
    chosen = [work for work in works if selected.intersection(work.tables)]
    partitions = partitions_of(context)
    with bank.store.registry.together():
        outcomes = run_in_order(
            bank.workers,
            _needs(chosen, partitions),
            lambda task: _make(bank, *task),
            lambda made: made.is_open,
        )
    with events_together(context.instance):
        for work in chosen:
            made = {p: m for p in partitions if (m := outcomes[work, p].result)}
            yield from _events(context, bank, work, made)
    _refuse_incomplete(outcomes)


def _needs(works: Sequence[Work], partitions: Sequence[Partition]) -> dict[_Task, list[_Task]]:
    """Return every work of every partition with those whose tables it reads."""
    makers = {table: work for work in works for table in work.tables}
    return {
        (work, partition): [(makers[t], partition) for t in sorted(work.reads) if t in makers]
        for partition in partitions
        for work in works
    }


def _make(bank: Bank, work: Work, partition: Partition) -> _Made:
    commits = work.make(bank, partition)
    checked = [table for table in work.tables if table in checks_by_asset(bank)]
    return _Made(commits, {table: check_table(bank, table, partition) for table in checked})


def _events(
    context: dg.AssetExecutionContext, bank: Bank, work: Work, made: Mapping[Partition, _Made]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
    """Report the tables of a work that were made in every partition, and their checks."""
    if len(made) < len(context.partition_keys):
        return
    for table in work.tables:
        for partition, one in made.items():
            (commit,) = [c for c in one.commits if c.entry.table == table]
            context.add_asset_metadata(
                {**commit_metadata(commit), **work.metadata(bank, table)},
                asset_key=asset_key(table),
                partition_key=str(partition),
            )
        yield dg.MaterializeResult(asset_key=asset_key(table))
        yield from check_events(table, [r for m in made.values() for r in m.results.get(table, ())])


def _refuse_incomplete(outcomes: Mapping[_Task, Outcome[_Made]]) -> None:
    problems = [o.problem for o in outcomes.values() if o.problem is not None]
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise DataError("\n".join(dict.fromkeys(str(problem) for problem in problems)))
    missing = [task for task, outcome in outcomes.items() if outcome.result is None]
    left_out = [f"{table} {partition}" for work, partition in missing for table in work.tables]
    if left_out:
        raise DataError(
            f"{len(left_out)} tables were not made",
            where=", ".join(left_out),
            fix="see the checks that failed on what they read",
        )
