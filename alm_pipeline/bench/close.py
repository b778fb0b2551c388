"""How long a close takes: the demo bank from nothing to the reports, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from alm_pipeline.bench.measure import seconds
from alm_pipeline.errors import AlmError

STATUS_COMPLETE, STATUS_WITH_DECLARED_GAPS = 0, 3
PRODUCT = Path("warehouse") / "alm.duckdb"
"""What a close leaves behind; without it none has taken place."""


def close_text(n_positions: int) -> str:
    """Return how long ``alm demo`` takes, which builds a bank and closes its last two months."""
    arguments = ["demo", "--positions", str(n_positions)]
    with tempfile.TemporaryDirectory() as place:
        taken = seconds(lambda: run_alm(arguments, Path(place)))
        if not (Path(place) / PRODUCT).is_file():
            raise AlmError(
                "the demo ended without a close",
                detail=f"{PRODUCT} is missing",
                fix="run `alm demo` in an empty folder and read what it says",
            )
    return f"Demo of {n_positions:,} positions, built and two month ends closed: {taken:.1f} s."


def neutral(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what leads a command to another bank's folders."""
    return {
        name: value
        for name, value in environment.items()
        if name == "ALM_THREADS" or not name.startswith(("ALM_", "DAGSTER_HOME"))
    }


def run_alm(arguments: list[str], folder: Path) -> None:
    """Run the command `alm` in a folder.

    Raises
    ------
    AlmError
        If it ends as anything but complete.
    """
    command = [sys.executable, "-c", "from alm_pipeline.cli import program; program()", *arguments]
    answer = subprocess.run(
        command, cwd=folder, env=neutral(os.environ), capture_output=True, text=True, check=False
    )
    if answer.returncode not in (STATUS_COMPLETE, STATUS_WITH_DECLARED_GAPS):
        raise AlmError(
            f"alm {' '.join(arguments)} ended with status {answer.returncode}",
            detail=answer.stderr.strip()[-300:],
            fix="run it in an empty folder and read what it says",
        )
