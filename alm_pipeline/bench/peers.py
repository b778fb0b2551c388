"""Other people's implementations of the work item, each run in a process of its own.

The scripts lie in the folder `bench` of the shared material (``ALM_SHARED``, or `../shared`);
each prints its records as JSON. Nothing is written there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from alm_pipeline.bench.measure import Record
from alm_pipeline.errors import AlmError
from alm_pipeline.paths import PACKAGE


@dataclass(frozen=True)
class Peer:
    """A script: how many contracts it is given, and the task whose record is read."""

    name: str
    script: str
    n_contracts: int
    task: str
    arguments: tuple[str, ...] = ()


NUMPY = Peer("NumPy, vectorised over contracts", "bench_numpy.py", 60_000, "BCD", ("--task", "BCD"))
QUANTLIB = Peer("QuantLib, values only", "bench_quantlib.py", 1_000, "B 7 scen (build + NPV)")
PANDAS = Peer("pandas, plain loop", "bench_pandas_naive.py", 60, "BCD 7 scen")
PEERS = (NUMPY, QUANTLIB, PANDAS)


def peer_folder() -> Path | None:
    """Return the folder of the scripts, or nothing where it is absent."""
    shared = os.environ.get("ALM_SHARED") or PACKAGE.parent.parent / "shared"
    folder = Path(shared) / "bench"
    return folder if (folder / NUMPY.script).is_file() else None


def peer_record(folder: Path, peer: Peer, n_contracts: int) -> Record:
    """Return the record of one repetition of a peer.

    Raises
    ------
    AlmError
        If the script fails or prints no record of the task.
    """
    command = [sys.executable, peer.script, "--n", str(n_contracts), "--repeat", "1"]
    answer = subprocess.run(
        [*command, *peer.arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise AlmError(
            f"status {answer.returncode}",
            where=peer.script,
            detail=last,
            fix="run the script by itself",
        )
    records: list[Record] = json.loads(answer.stdout)
    found = [one for one in records if one["task"] == peer.task]
    if not found:
        raise AlmError(
            f"no record of the task {peer.task!r}",
            where=peer.script,
            fix="name the task as the script prints it",
        )
    return found[0]
