"""How long a close takes: the demo bank from nothing to the reports, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from alm_pipeline.bench.measure import seconds

STATUS_COMPLETE, STATUS_WITH_DECLARED_GAPS = 0, 3


def close_text(n_positions: int) -> str:
    """Return how long ``alm demo`` takes, which builds a bank and closes its last two months."""
    command = [sys.executable, "-m", "alm_pipeline.cli", "demo", "--positions", str(n_positions)]
    answers = []
    with tempfile.TemporaryDirectory() as place:
        taken = seconds(
            lambda: answers.append(
                subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
            )
        )
    text = f"Demo of {n_positions:,} positions, built and two month ends closed: {taken:.1f} s."
    answer = answers[0]
    if answer.returncode in (STATUS_COMPLETE, STATUS_WITH_DECLARED_GAPS):
        return text
    return f"{text} It ended with status {answer.returncode}: {answer.stderr[-300:]}"
