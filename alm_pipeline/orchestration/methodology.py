"""`alm methodology`: write the pages of all models, with the state of the latest close."""

from __future__ import annotations

from pathlib import Path

from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.checklist import PROOF_COVERAGE
from alm_pipeline.reporting.methodology import Fingerprint, write_pages

_WORST_FIRST = ("failed", "not applicable", "nothing to prove", "proved")


def write_methodology(bank: Bank, into: Path) -> list[Path]:
    """Write one page per model and an index; return what was written."""
    return write_pages(bank.figures, fingerprint_of(bank), into)


def fingerprint_of(bank: Bank) -> Fingerprint:
    """Return the latest published close and what its proofs said."""
    day = max(bank.closes.published_dates(), default=None)
    manifest = bank.closes.current(day) if day else None
    if manifest is None or day is None:
        return Fingerprint("", "", bank.code_hash, {})
    store = bank.store
    pinned = manifest.pinned(PROOF_COVERAGE)
    files = [f for p in pinned for f in store.lake.files(p.table, p.partition, p.version)]
    store.session.bind_files(PROOF_COVERAGE, files, store.shape(PROOF_COVERAGE).columns)
    rows = store.session.rows(f"select * from {PROOF_COVERAGE} order by all")
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: _WORST_FIRST.index(row["status"]), reverse=True):
        found[row["invariant_group"]] = row["status"]
    return Fingerprint(manifest.run_id, day.isoformat(), bank.code_hash, found)
