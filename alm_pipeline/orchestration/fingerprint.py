"""Everything a close is made from, by name and hash; the run's id is the hash of it.

Part of it: the as-of date, every delivered file under its name, every data contract, assumption,
scenario, rule pack, limit and SQL file in force, the settings that decide a result, the sources of
the package that compute, Python and the libraries of `inputs/libraries.py`, and the earlier closes
that are read. Not part of it, because no cell depends on them: folders, threads, memory, locale,
time zone, the machine.
"""

from __future__ import annotations

from datetime import date

from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.warehouse import raw_files
from alm_pipeline.warehouse.manifests import Manifest


def close_inputs(bank: Bank, as_of_date: date) -> dict[str, str]:
    """Return the hash of everything a close of this month end is made from, by name."""
    files = raw_files.register_files(bank.source, bank.folders, as_of_date)
    return {
        "as_of_date": as_of_date.isoformat(),
        "code": bank.code_hash,
        **bank.libraries,
        **{f"file:{file.delivered_as}": file.sha256 for file in files},
        **{f"earlier:{m.as_of_date}": m.run_id for m in earlier_closes(bank, as_of_date)},
        **bank.definition_hashes,
    }


def earlier_closes(bank: Bank, as_of_date: date) -> list[Manifest]:
    """Return the earlier published closes that are read: by a file, and by rules about drift."""
    back = max((r.months_back for f in bank.sql_files for r in f.reads), default=0)
    return bank.history.before(as_of_date)[: max(back, 1)]
