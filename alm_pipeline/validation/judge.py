"""Great Expectations in a process beside this one.

Importing it takes seconds of processor time, which a close of a fresh delivery would otherwise wait
for; the process starts while the delivery is read and is kept for the next close. Questions and
answers are lines of JSON. Which rows fail is counted elsewhere.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import lru_cache

from alm_pipeline.validation.expectations import failing_checks, load_great_expectations

_ONE_QUESTION = threading.Lock()


def prepare_judge() -> None:
    """Start the process and its import; return at once."""
    _process()


def judge(failed_rows: Mapping[str, int], severities: Mapping[str, str]) -> set[str]:
    """Return the checks that fail, see `expectations.failing_checks`."""
    question = json.dumps([dict(failed_rows), dict(severities)])
    with _ONE_QUESTION:
        answer = _ask(question)
    if answer:
        return set(json.loads(answer))
    _process.cache_clear()  # somebody ended it, or it failed: the same verdict, or the error, here
    return failing_checks(failed_rows, severities)


def _ask(question: str) -> str:
    process = _process()
    if process.stdin is None or process.stdout is None:
        return ""
    try:
        process.stdin.write(question + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return ""
    return process.stdout.readline()


@lru_cache(maxsize=1)
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", __spec__.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _answer() -> None:
    """Answer questions until there are no more; whatever else is printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    load_great_expectations()
    for question in sys.stdin:
        failed_rows, severities = json.loads(question)
        answers.write(json.dumps(sorted(failing_checks(failed_rows, severities))) + "\n")


if __name__ == "__main__":
    _answer()
