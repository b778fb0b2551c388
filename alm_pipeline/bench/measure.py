"""One measurement of the engine on the work item, as a record that others print too.

Only ``simulate`` is timed, the engine's public entry: present value of every contract, time
buckets and net interest income over 12 and 24 months, under every scenario. Drawing the book and
filling the engine's arrays come before, and so does one call that compiles, or loads what is
compiled.

What does not belong here: other people's tools (``peers``), ratios (``comparison``).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from alm_pipeline import __version__
from alm_pipeline.bench.positions import as_buckets, as_curves, as_positions
from alm_pipeline.bench.work_item import AS_OF_DATE, Book, make_book
from alm_pipeline.engine.arrays import Behaviour, Buckets, Curves, Positions
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate

TOOL = "ALM Pipeline"
TASK = "BCD"
"""Present values (B), buckets and economic value (C), net interest income (D)."""

N_BUCKETS_CHECKED = 4

Record = dict[str, Any]
Checks = dict[str, list[float]]
Note = Callable[[str], None]
"""Tells the person who waits."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """Everything one call of ``simulate`` is given."""

    book: Book
    positions: Positions
    curves: Curves
    buckets: Buckets
    options: SimulationOptions

    def run(self) -> SimulationResult:
        """Return the results of one call."""
        behaviour = Behaviour.none(self.curves.n_scenarios)
        return simulate(self.positions, self.curves, behaviour, (self.buckets,), self.options)


def options(threads: int) -> SimulationOptions:
    """Return the choices of the work item: its conventions, and only the lenses it asks for."""
    return SimulationOptions(
        as_of_date=AS_OF_DATE,
        threads=threads,
        eve_margins="included",
        lenses=("value", "income"),
        nii_path="forward",
        nii_paths=("forward",),
        replacement="window_end",
        interest_split="days",
    )


def prepared_work(book: Book, threads: int = 1, shock_scales: tuple[float, ...] = (1.0,)) -> Work:
    """Return the call that runs a book under the base curve and the shocks of every scale."""
    return Work(
        book=book,
        positions=as_positions(book),
        curves=as_curves(shock_scales),
        buckets=as_buckets(),
        options=options(threads),
    )


def checks(work: Work, result: SimulationResult) -> Checks:
    """Return what implementations compare.

    ``sum_pv``: present values as if everything were an asset; ``eve``: signed by side;
    ``cf_bucket``: principal and interest of the first four buckets, base curve, signed;
    ``nii12``, ``nii24``: signed. Per scenario where nothing else is said.
    """
    value, bucket = result.present_value, result.buckets[work.buckets.name]
    cash = (bucket.principal + bucket.interest)[:, :N_BUCKETS_CHECKED, 0].sum(axis=0)
    found = {
        "sum_pv": (value * work.positions.sign[:, None]).sum(axis=0),
        "eve": value.sum(axis=0),
        "cf_bucket": cash,
        "nii12": result.net_interest_income[12].sum(axis=0),
        "nii24": result.net_interest_income[24].sum(axis=0),
    }
    return {name: [float(number) for number in numbers] for name, numbers in found.items()}


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def rates(n_contracts: int, n_rows: int, taken: Sequence[float]) -> Record:
    """Return the part of a record that follows from the seconds of every repetition."""
    median = statistics.median(taken)
    return {
        "seconds_median": median,
        "seconds": [round(one, 6) for one in taken],
        "contracts_per_s": n_contracts / median,
        "rows_per_s": n_rows / median,
    }


def record(work: Work, taken: Sequence[float], found: Checks) -> Record:
    """Return the measurement in the format that all implementations print."""
    n_contracts, n_rows = len(work.book), work.book.n_payments
    return {
        "tool": TOOL,
        "version": __version__,
        "task": TASK,
        "threads": work.options.threads,
        "n": n_contracts,
        "rows": n_rows,
        **rates(n_contracts, n_rows, taken),
        "checks": found,
        "sha": work.book.fingerprint,
    }


def measured_record(n_contracts: int, threads: int, repeat: int, note: Note) -> Record:
    """Run the engine once untimed and ``repeat`` times timed; tell ``note`` what takes time."""
    work = prepared_work(make_book(n_contracts), threads)
    started = time.perf_counter()
    result = work.run()
    note(f"first call, not counted: {time.perf_counter() - started:.2f} s")
    taken = [seconds(work.run) for _ in range(repeat)]
    return record(work, taken, checks(work, result))
