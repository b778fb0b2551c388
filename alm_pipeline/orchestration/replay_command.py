"""`alm replay`: make a close again, say what is the same, and record that it was done."""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alm_pipeline.audit.comparison import Verdict, by_stage
from alm_pipeline.inputs.data_contracts import SCHEMAS
from alm_pipeline.inputs.settings import Settings, load_settings
from alm_pipeline.orchestration.command import keep_quiet
from alm_pipeline.orchestration.replay import Replay, replay_close
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.replay_journal import TABLE, record_replay

_MAX_SHOWN = 20
Say = Callable[[str], None]


def replay_with_record(config: Path, run: str, into: Path | None, say: Say) -> int:
    """Replay a close, print the result, record it, and return the exit status."""
    keep_quiet()
    settings = load_settings(config)
    with _folder(into) as folder:
        found = replay_close(settings, run, folder, say)
    for line in lines_of(found):
        say(line)
    say(_record(settings, found))
    if into is not None:
        say(f"replayed bank  {into / 'alm.yaml'}")
    return 0 if found.is_same else 1


def lines_of(found: Replay) -> list[str]:
    """Return what a replay found, in words: what changed, each stage, each difference."""
    manifest = found.manifest
    lines = [f"close {manifest.run_id} of {manifest.as_of_date}"]
    if found.run_id == manifest.run_id:
        lines.append("inputs, code and versions are the close's: same run id")
    lines += [
        f"not the close's: {name} {before[:16]} -> {after[:16]}"
        for name, (before, after) in found.changed.items()
    ]
    lines += [f"the replay stopped: {failure}" for failure in found.failures]
    stages = by_stage(found.comparisons)
    for stage in (s for s in SCHEMAS if s in stages):
        counted = stages[stage]
        words = [f"{n:,} {verdict.value}" for verdict, n in counted.items()]
        lines.append(f"  {stage:<11} {sum(counted.values()):>4} partitions: {', '.join(words)}")
    unlike = [one for one in found.comparisons if one.verdict is not Verdict.IDENTICAL]
    lines += [str(one) for one in unlike[:_MAX_SHOWN]]
    if len(unlike) > _MAX_SHOWN:
        lines.append(f"and {len(unlike) - _MAX_SHOWN:,} partitions more")
    return [*lines, _summary(found)]


def _summary(found: Replay) -> str:
    counted, n = found.counted, len(found.comparisons)
    if found.is_same and counted[Verdict.IDENTICAL] == n:
        return f"identical: all {n:,} partitions have the content hashes of the close"
    if found.is_same:
        return f"the same rows to nine digits under other versions: all {n:,} partitions"
    return f"not the same: {counted[Verdict.IDENTICAL]:,} of {n:,} partitions are identical"


@contextmanager
def _folder(into: Path | None) -> Iterator[Path]:
    """Yield the folder to work in; one that was not named is removed afterwards."""
    if into is not None:
        yield into.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="alm-replay-") as folder:
        yield Path(folder).resolve() / "bank"


def _record(settings: Settings, found: Replay) -> str:
    """Append what was found to the original's journal; say so where it cannot be written."""
    counted = found.counted
    row = {
        "as_of_date": found.manifest.as_of_date,
        "run_id": found.manifest.run_id,
        "replayed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "replayed_by": getpass.getuser(),
        "replayed_run_id": found.run_id,
        "changed_inputs": ", ".join(found.changed),
        "n_identical": counted[Verdict.IDENTICAL],
        "n_equal": counted[Verdict.EQUAL],
        "n_different": len(found.comparisons) - counted[Verdict.IDENTICAL] - counted[Verdict.EQUAL],
        "is_passed": found.is_same,
        "message": "; ".join(found.failures) or _summary(found),
    }
    if record_replay(Lake(settings.warehouse_folder / "lake"), row):
        return f"recorded in {TABLE}"
    return "not recorded: the warehouse is read-only"
