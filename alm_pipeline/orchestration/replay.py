"""Make a published close again from what was kept of it, and compare every table.

Delivered files come from `raw_files`, data contracts, SQL and settings from `definitions`, earlier
closes from the original's lake by the run ids it named; nothing is read of today's landing,
overlay or SQL. Only the package's own code and the installed libraries are today's: where they are
not those of the close, the result says so by name. The original warehouse is only read, except for
one line in `audit.journal_replays` where it can be written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from alm_pipeline.audit.comparison import Comparison, Verdict, compare
from alm_pipeline.errors import WarehouseError
from alm_pipeline.inputs.settings import Settings
from alm_pipeline.orchestration.assemble import assemble
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.close import Announce, close_month
from alm_pipeline.orchestration.home import open_instance
from alm_pipeline.orchestration.sibling import Recorded, open_sibling, recorded_inputs
from alm_pipeline.warehouse.archive import Archive
from alm_pipeline.warehouse.content import content_hash
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.manifests import Manifest

_VERSIONS = ("python", "library:")


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Attributes
    ----------
    changed : dict[str, tuple[str, str]]
        Inputs that are not those of the close, by name: code, Python, libraries.
    failures : tuple[str, ...]
        What stopped the replay; empty when it came to its end.
    """

    manifest: Manifest
    run_id: str
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def counted(self) -> Counter[Verdict]:
        """Number of partitions by verdict."""
        return Counter(one.verdict for one in self.comparisons)

    @property
    def has_other_versions(self) -> bool:
        """Whether Python or a library is not the close's."""
        return any(name.startswith(_VERSIONS) for name in self.changed)

    @property
    def is_same(self) -> bool:
        """Whether every table is the close's: to the bit, across versions to nine digits."""
        allowed = {Verdict.IDENTICAL, *([Verdict.EQUAL] if self.has_other_versions else [])}
        return not self.failures and bool(self.comparisons) and set(self.counted) <= allowed


def replay_close(settings: Settings, run: str, folder: Path, announce: Announce) -> Replay:
    """Make a close again in an empty folder and compare it with the original.

    Parameters
    ----------
    settings : Settings
        Where the original's warehouse is, and with how many threads to work.
    run : str
        What `Closes.find` understands.
    folder : Path
        Absolute; receives the second bank.
    """
    archive = Archive(settings.warehouse_folder)
    manifest = archive.closes.find(run)
    history = archive.history(manifest)
    recorded = recorded_inputs(archive, manifest)
    announce(f"{len(recorded.files)} delivered files and {_n_texts(recorded)} texts are as kept")
    bank = open_sibling(folder, recorded, settings, history)
    _refuse_changed_history(bank, history, manifest)
    with open_instance(bank) as instance:
        definitions = assemble(folder / "alm.yaml")
        outcome = close_month(bank, definitions, instance, manifest.as_of_date, announce)
    if outcome.manifest is None:
        return Replay(manifest, outcome.run_id, failures=outcome.failures)
    announce("comparing every table")
    compared = compare(manifest.tables, history, bank.store, outcome.manifest.tables)
    changed = _changed(manifest, outcome.manifest)
    return Replay(manifest, outcome.run_id, changed, tuple(compared))


def _n_texts(recorded: Recorded) -> int:
    return 1 + len(recorded.contracts) + len(recorded.sql)


def _changed(before: Manifest, after: Manifest) -> dict[str, tuple[str, str]]:
    names = sorted({*before.inputs, *after.inputs})
    pairs = {n: (before.inputs.get(n, "absent"), after.inputs.get(n, "absent")) for n in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _refuse_changed_history(bank: Bank, history: History, manifest: Manifest) -> None:
    """Raise unless the earlier tables that are read are still what their closes wrote.

    Raises
    ------
    WarehouseError
        Naming the tables.
    """
    read = {r.table for f in bank.sql_files for r in f.reads if r.months_back}
    read |= {f"raw.{name}" for name in bank.extracts}
    session, damaged = bank.store.session, []
    for earlier in history.before(manifest.as_of_date):
        for pin in (pin for table in sorted(read) for pin in earlier.pinned(table)):
            shape = bank.store.shape(pin.table)
            session.bind_files("earlier.rows", history.files(pin), shape.columns)
            order = ", ".join(f'"{column}"' for column in shape.key)
            rows = session.query(f"select * from earlier.rows order by {order}")
            if content_hash(rows) != pin.content_hash:
                damaged.append(f"{pin.table} {pin.partition}")
    if damaged:
        raise WarehouseError(
            f"{len(damaged)} tables of earlier closes are no longer what those closes wrote",
            where=", ".join(sorted(manifest.earlier_closes)),
            detail=", ".join(damaged[:8]),
            fix="restore the lake from its backup, or replay the earlier close first",
        )
