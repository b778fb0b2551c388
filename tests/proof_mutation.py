"""Whether a close notices when a rule is wrong: one slip at a time, in a copy that closes a bank.

`python -m tests.proof_mutation` applies each mutation of `proof_mutations.yaml`, closes the small
bank in the copy and prints what stopped it: a proof, the challenger, a blocking check, a table
whose rows broke their data contract. It exits with 1 when a close is published that should not
be, and when a slip listed as unseen is seen. Nothing in the checkout is touched. A rule of SQL
takes ten seconds, one of the engine half a minute; `pipeline/test_proof_mutations.py` is a slice.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.mutation import Mutation, copied, mutated

MUTATIONS = Path(__file__).with_name("proof_mutations.yaml")
LONGEST_SECONDS = 240
"""Of processor time: a mutation may make a loop endless. A close that was killed proves nothing."""

PUBLISHED = ""
INTERRUPTED = "DagsterExecutionInterruptedError"
"""What a close says that somebody else ended; nothing is known then."""


def proof_mutations(pattern: str = "") -> list[Mutation]:
    """Return the mutations whose line holds a pattern; `equivalent` is why one is unseen."""
    listed = yaml.safe_load(MUTATIONS.read_text(encoding="utf-8"))
    found = [
        Mutation(file, one["rule"], one["text"], one["becomes"], one.get("unseen", ""))
        for file, ones in listed.items()
        for one in ones
    ]
    return [mutation for mutation in found if pattern.lower() in str(mutation).lower()]


@contextmanager
def slip(copy: Path, mutation: Mutation | None) -> Iterator[None]:
    """Break a rule in a copy, and mend it afterwards."""
    if mutation is None:
        yield
        return
    path = copy / mutation.file
    text = path.read_text(encoding="utf-8")
    path.write_text(mutated(mutation, text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def stopped_by(copy: Path, mutation: Mutation | None, folder: Path) -> str:
    """Return what stopped the close of a small bank in a copy; empty when it was published.

    Raises
    ------
    RuntimeError
        If it could not run, or was killed before its end, so that nothing is known.
    """
    is_engine = mutation is not None and "/engine/" in mutation.file
    environment = os.environ | {
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DAGSTER_HOME": str(folder),
        **({"NUMBA_DISABLE_JIT": "1"} if is_engine else {}),
    }
    with slip(copy, mutation):
        done = subprocess.run(
            [sys.executable, "-m", "tests.proof_mutation", "--close", str(folder / "bank")],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    lines = done.stdout.strip().splitlines()
    if done.returncode == -signal.SIGXCPU:
        raise RuntimeError(f"the close did not end within {LONGEST_SECONDS} s of the processor")
    if done.returncode or not lines:
        what = f"the close could not run (exit status {done.returncode})"
        raise RuntimeError("\n".join([what, *done.stderr.splitlines()[-15:]]))
    failures: list[str] = json.loads(lines[-1])
    if any(INTERRUPTED in one for one in failures):
        raise RuntimeError(f"the close was interrupted: {failures[0]}")
    return failures[0] if failures else PUBLISHED


def close_here(folder: Path) -> int:
    """Close a small bank with the package of the working folder; print what stopped it."""
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS + 5))
    import alm_pipeline
    from alm_pipeline.errors import AlmError
    from tests.pipeline.banks import small_bank

    here = Path(alm_pipeline.__file__).resolve()
    if not here.is_relative_to(Path.cwd().resolve()):
        print(f"closed with {here}, not the copy", file=sys.stderr)
        return 2
    try:
        failures = list(small_bank(folder).close().failures)
    except AlmError as refused:  # already when the bank is opened
        failures = [str(refused)]
    print(json.dumps(failures))
    return 0


def judged(copy: Path, mutation: Mutation | None, folder: Path) -> tuple[str, bool]:
    """Return how the close ended, and whether the list says so; one that was killed never is."""
    try:
        found = stopped_by(copy, mutation, folder)
    except RuntimeError as problem:
        return f"UNKNOWN: {problem}", False
    is_expected = bool(found) != (mutation is None or bool(mutation.equivalent))
    return found or "PUBLISHED", is_expected


def main(arguments: Sequence[str]) -> int:
    """Print what stops the close of each mutation, and return 1 if list and closes disagree."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof_mutation", description=__doc__)
    parser.add_argument("--only", default="", metavar="PATTERN", help="in file or rule")
    parser.add_argument("--close", type=Path, help="close one bank here and stop")
    given = parser.parse_args(arguments)
    if given.close is not None:
        return close_here(given.close)
    chosen, started, wrong = proof_mutations(given.only), time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="proofs-") as name:
        copy = copied(Path(name) / "copy").resolve()
        for number, mutation in enumerate([None, *chosen]):
            home = Path(name) / f"run{number}"
            home.mkdir()
            found, is_expected = judged(copy, mutation, home)
            if not is_expected:
                wrong.append(mutation)
            print(f"{mutation or 'nothing broken'}\n    {found}", flush=True)
    n_unseen = sum(bool(m.equivalent) for m in chosen)
    minutes = (time.monotonic() - started) / 60
    print(f"{len(chosen)} slips, {n_unseen} listed as unseen, {len(wrong)} unexpected")
    print("\n".join(f"UNEXPECTED {mutation}" for mutation in wrong))
    print(f"{minutes:.0f} minutes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
