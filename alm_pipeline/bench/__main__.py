"""The command of the benchmark.

python -m alm_pipeline.bench --n 200000 --threads 1 --repeat 5
    one record of the engine on the work item, as JSON, and nothing else on standard output
python -m alm_pipeline.bench
    the engine in pairs with other people's tools, as a table; the records go to a file
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from alm_pipeline.bench.close import close_text
from alm_pipeline.bench.comparison import compared
from alm_pipeline.bench.measure import measured_record
from alm_pipeline.bench.table import markdown
from alm_pipeline.errors import AlmError


def note(text: str) -> None:
    """Tell the person who waits, not the program that reads the record."""
    print(text, file=sys.stderr, flush=True)


def count(text: str) -> int:
    """Return a whole number above zero, or refuse the argument."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above zero")
    return number


def arguments() -> argparse.ArgumentParser:
    """Return what the command understands."""
    parser = argparse.ArgumentParser(prog="python -m alm_pipeline.bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    one = parser.add_argument_group("one record")
    one.add_argument("--n", type=count, help="contracts; without it the tools are compared")
    one.add_argument("--threads", type=count, default=1)
    one.add_argument("--repeat", type=count, default=5, help="timed calls after an untimed one")
    pairs = parser.add_argument_group("comparison")
    pairs.add_argument("--positions", type=count, default=200_000, help="contracts of the engine")
    pairs.add_argument("--rounds", type=count, default=5, help="pairs of ours and another's")
    pairs.add_argument("--out", type=Path, default=Path("bench.json"), help="file of the records")
    pairs.add_argument(
        "--close", type=count, nargs="?", const=20_000, help="close a demo bank of so many too"
    )
    return parser


def main(given: Sequence[str] | None = None) -> None:
    """Measure and print; what cannot be measured here says why."""
    parser = arguments()
    chosen = parser.parse_args(given)
    if chosen.n:
        if chosen.close:
            parser.error("--close belongs to the comparison, without --n")
        print(
            json.dumps([measured_record(chosen.n, chosen.threads, chosen.repeat, note)], indent=1)
        )
        return
    lines = compared(chosen.positions, chosen.rounds, note)
    chosen.out.write_text(json.dumps([one.published for one in lines], indent=1), encoding="utf-8")
    note(f"records: {chosen.out}")
    print(markdown(lines, chosen.rounds))
    if chosen.close:
        try:
            print(f"\n{close_text(chosen.close)}")
        except AlmError as problem:
            parser.exit(1, f"close not measured: {problem}\n")


if __name__ == "__main__":
    main()
