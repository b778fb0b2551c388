"""The engine in pairs with other tools, and with itself at other threads and scenarios.

A pair is one call of each, one directly after the other, because a machine is rarely alone: what
slows both down leaves their ratio as it is. Every ratio is kept, round by round.

What does not belong here: how a peer is called (``peers``), what the result looks like (``table``).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alm_pipeline.bench.machine import machine
from alm_pipeline.bench.measure import (
    TOOL,
    Checks,
    Note,
    Record,
    Work,
    checks,
    prepared_work,
    rates,
    record,
    seconds,
)
from alm_pipeline.bench.peers import PEERS, Peer, peer_folder, peer_record
from alm_pipeline.bench.work_item import make_book
from alm_pipeline.errors import AlmError

THREADS = 2
SHOCK_SCALES = (1.0, 0.8, 0.6, 0.4, 0.2)
"""The six shocks at five sizes: with the base curve 31 scenarios."""

N_START = 1_000
"""Contracts of a process whose start is measured."""


@dataclass(frozen=True)
class Line:
    """A measurement and how it compares: ``ratios`` round by round, ``meaning`` in words.

    ``is_start``: what is measured is getting ready, so contracts per second mean nothing.
    """

    name: str
    record: Record
    ratios: tuple[float, ...] = ()
    meaning: str = ""
    n_scenarios: int = 7
    is_start: bool = False

    @property
    def published(self) -> Record:
        """Return the record with scenarios, machine and ratios."""
        more: Record = {"n_scenarios": self.n_scenarios, "machine": machine()}
        if self.ratios:
            more["ratio_median"] = statistics.median(self.ratios)
            more["ratios"] = [round(one, 3) for one in self.ratios]
            more["ratio_meaning"] = self.meaning
        return self.record | more


def compared(n_contracts: int, rounds: int, note: Note) -> list[Line]:
    """Return the lines of the engine and of every tool that can be measured here."""
    work = prepared_work(make_book(n_contracts))
    first = record(work, [seconds(work.run)], checks(work, work.run())) | {"task": "first call"}
    note(f"first call on {n_contracts:,} contracts: {first['seconds_median']:.2f} s")
    lines = own_lines(work, rounds, note)
    note("a new process with kernels compiled before, and one with nothing compiled")
    lines += [Line(f"{TOOL}, first call", first, is_start=True), *start_lines()]
    folder = peer_folder()
    if folder is None:
        note("peers: not measured, the shared material is absent | to measure: set ALM_SHARED")
        return lines
    for peer in PEERS:
        note(f"{peer.name}: {rounds} rounds")
        try:
            lines.append(beside_peer(work, folder, peer, rounds))
        except AlmError as problem:
            note(f"not measured: {problem}")
            continue
        theirs = lines[-1].record
        own = prepared_work(make_book(int(theirs["n"])))
        note(difference(checks(own, own.run()), theirs["checks"]))
    return lines


def own_lines(work: Work, rounds: int, note: Note) -> list[Line]:
    """Return the engine at one thread, at two, and under 31 scenarios at one."""
    threaded = prepared_work(work.book, THREADS)
    wide = prepared_work(work.book, shock_scales=SHOCK_SCALES)
    note(f"{THREADS} threads: {rounds} rounds")
    by_threads = pairs_of_seconds(work.run, threaded.run, rounds)
    few, many = work.curves.n_scenarios, wide.curves.n_scenarios
    note(f"{many} scenarios: {rounds} rounds")
    by_scenarios = pairs_of_seconds(work.run, wide.run, rounds)
    alone = [one for one, _ in by_threads + by_scenarios]
    return [
        Line(TOOL, record(work, alone, checks(work, work.run()))),
        Line(
            TOOL,
            record(threaded, [two for _, two in by_threads], checks(threaded, threaded.run())),
            tuple(one / two for one, two in by_threads),
            "the speed of one thread",
        ),
        Line(
            TOOL,
            record(wide, [wider for _, wider in by_scenarios], checks(wide, wide.run())),
            tuple(wider / narrow for narrow, wider in by_scenarios),
            f"the time of {few} scenarios",
            many,
        ),
    ]


def pairs_of_seconds(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> list[tuple[float, float]]:
    """Return how long two calls take, in turns, after one call of the second that is not timed."""
    second()
    return [(seconds(first), seconds(second)) for _ in range(rounds)]


def start_lines() -> list[Line]:
    """Return whole processes of few contracts: kernels compiled before, and nothing compiled."""
    warm = process_record("whole process, kernels compiled before", {})
    with tempfile.TemporaryDirectory() as empty:
        cold = process_record("whole process, nothing compiled", {"NUMBA_CACHE_DIR": empty})
    return [Line(f"{TOOL}, {one['task']}", one, is_start=True) for one in (warm, cold)]


def process_record(task: str, environment: dict[str, str]) -> Record:
    """Return what a process of its own printed, with the time from its start to its end."""
    command = [sys.executable, "-m", "alm_pipeline.bench", "--n", str(N_START), "--repeat", "1"]
    printed: list[bytes] = []

    def process() -> None:
        settings = os.environ | environment
        printed.append(
            subprocess.run(command, env=settings, stdout=subprocess.PIPE, check=True).stdout
        )

    taken = [seconds(process)]
    one: Record = json.loads(printed[0])[0]
    return one | {"task": task} | rates(one["n"], one["rows"], taken)


def beside_peer(work: Work, folder: Path, peer: Peer, rounds: int) -> Line:
    """Return a peer, and how many times as many contracts the engine does in the same time."""
    records: list[Record] = []
    ratios: list[float] = []
    for _ in range(rounds):
        ours = len(work.book) / seconds(work.run)
        records.append(peer_record(folder, peer, peer.n_contracts))
        ratios.append(ours / float(records[-1]["contracts_per_s"]))
    taken = [float(second) for one in records for second in one["seconds"]]
    one = records[0]
    merged = one | rates(int(one["n"]), int(one["rows"]), taken)
    return Line(peer.name, merged, tuple(ratios), f"its speed: {TOOL}, one thread")


def difference(ours: Checks, theirs: Checks) -> str:
    """Return by how much the checks that both have differ, in words."""
    shared = [name for name in ours if name in theirs]
    if not shared:
        return "no check in common"
    worst = {
        name: float(np.abs(np.array(ours[name]) / np.array(theirs[name]) - 1.0).max())
        for name in shared
    }
    return "relative difference: " + ", ".join(f"{name} {one:.1e}" for name, one in worst.items())
