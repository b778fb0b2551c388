"""Run tasks on threads, each after those it needs; a task that fails stops only what needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Generic, TypeVar

from alm_pipeline.errors import AlmError

Task = TypeVar("Task", bound=Hashable)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of a task: a result, a problem, or neither when what it needs did not come about.

    Attributes
    ----------
    is_open : bool
        Whether tasks that need this one may run.
    """

    result: Result | None = None
    problem: AlmError | None = None
    is_open: bool = False


def run_in_order(
    executor: Executor,
    needs: Mapping[Task, Collection[Task]],
    run: Callable[[Task], Result],
    is_open: Callable[[Result], bool] = lambda _: True,
) -> dict[Task, Outcome[Result]]:
    """Run every task of `needs` and return the outcomes in the order of its keys.

    Errors other than `AlmError` are nobody's to report and are raised at once.
    """
    order = TopologicalSorter(needs)
    order.prepare()
    running: dict[Future[Result], Task] = {}
    found: dict[Task, Outcome[Result]] = {}
    while order.is_active():
        for task in order.get_ready():
            if all(found[needed].is_open for needed in needs[task]):
                running[executor.submit(run, task)] = task
            else:
                found[task] = Outcome()
                order.done(task)
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task = running.pop(future)
            found[task] = _outcome(future, is_open)
            order.done(task)
    return {task: found[task] for task in needs}


def results_of(outcomes: Mapping[Task, Outcome[Result]]) -> list[Result]:
    """Return the results of all tasks, or raise the first problem."""
    for outcome in outcomes.values():
        if outcome.problem is not None:
            raise outcome.problem
    return [outcome.result for outcome in outcomes.values() if outcome.result is not None]


def _outcome(future: Future[Result], is_open: Callable[[Result], bool]) -> Outcome[Result]:
    try:
        result = future.result()
    except AlmError as problem:
        return Outcome(problem=problem)
    return Outcome(result, is_open=is_open(result))
