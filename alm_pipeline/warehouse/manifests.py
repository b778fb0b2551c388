"""A close as one file: every input's hash and the version and content of every table.

``closes/<as_of_date>/<run_id>.json`` never changes; ``current`` names the published one. A manifest
holds no clock, user or host: two closes of the same inputs are the same close.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from alm_pipeline.errors import ConfigurationError, WarehouseError
from alm_pipeline.warehouse.partition import Partition


@dataclass(frozen=True)
class PinnedTable:
    """One partition of one table as a close used or wrote it."""

    table: str
    partition: Partition
    version: int
    content_hash: str
    n_rows: int


@dataclass(frozen=True)
class Manifest:
    """What a close was made from and what it made.

    Attributes
    ----------
    run_id : str
        Hash of `inputs`, fixed before the first step.
    inputs : dict[str, str]
        Name to hash: files, data contracts, assumptions, scenarios, packs, SQL, code, settings.
    definitions : dict[str, str]
        The choices printed on every report: margins, base path, source, reporting currency.
    supersedes : str
        The close that was current before, or empty.
    last_approved : dict[str, str]
        Of every governed object published without approval, the hash of its text when it was
        approved last; empty where there was no such object then.
    environment : dict[str, str]
        What was installed and what the processor offered: information, not identity.
    """

    as_of_date: date
    run_id: str
    inputs: dict[str, str]
    definitions: dict[str, str]
    tables: tuple[PinnedTable, ...]
    earlier_closes: dict[str, str]
    supersedes: str = ""
    last_approved: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def raw_tables(self) -> tuple[PinnedTable, ...]:
        """The delivery as this close read it."""
        return tuple(p for p in self.tables if p.table.startswith("raw."))

    def pinned(self, table: str) -> tuple[PinnedTable, ...]:
        """Return the partitions of one table."""
        return tuple(p for p in self.tables if p.table == table)


def run_id_of(inputs: dict[str, str]) -> str:
    """Return the close id: the first 16 hex digits of the hash of all inputs."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


class Closes:
    """The folder `closes` of a warehouse."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def current(self, as_of_date: date) -> Manifest | None:
        """Return the published close of a month end."""
        pointer = self.root / as_of_date.isoformat() / "current"
        return self.read(as_of_date, pointer.read_text().strip()) if pointer.is_file() else None

    def published_dates(self) -> list[date]:
        """Return the month ends that have a published close, earliest first."""
        return sorted(date.fromisoformat(p.parent.name) for p in self.root.glob("*/current"))

    def published(self) -> list[Manifest]:
        """Return the published closes, earliest month end first."""
        return [m for day in self.published_dates() if (m := self.current(day)) is not None]

    def before(self, as_of_date: date) -> list[Manifest]:
        """Return the published closes of earlier month ends, latest first."""
        earlier = [d for d in self.published_dates() if d < as_of_date]
        return [m for d in reversed(earlier) if (m := self.current(d)) is not None]

    def all(self) -> list[Manifest]:
        """Return every close ever published, superseded ones too, in date and id order."""
        files = sorted(self.root.glob("*/*.json"))
        return [self.read(date.fromisoformat(f.parent.name), f.stem) for f in files]

    def find(self, run: str) -> Manifest:
        """Return a close by what a person calls it.

        Parameters
        ----------
        run : str
            The beginning of a run id; a month end, for its published close; or a month end with
            ``~n``, for the close that was superseded n times since.

        Raises
        ------
        ConfigurationError
            If no close or more than one is meant.
        """
        day, separator, steps = run.partition("~")
        try:
            found = self.current(date.fromisoformat(day))
        except ValueError:
            return self._by_prefix(run)
        if separator and not steps.isdigit():
            raise ConfigurationError(f"{run} names no close", fix="write 2026-10-31~1")
        for _ in range(int(steps or 0)):
            if found is not None:
                is_first = not found.supersedes
                found = None if is_first else self.read(found.as_of_date, found.supersedes)
        if found is None:
            raise ConfigurationError(f"there is no close {run}", fix=self._known())
        return found

    def _by_prefix(self, prefix: str) -> Manifest:
        found = [m for m in self.all() if m.run_id.startswith(prefix)]
        if len(found) != 1:
            raise ConfigurationError(
                f"{len(found)} closes have a run id that begins with {prefix}", fix=self._known()
            )
        return found[0]

    def _known(self) -> str:
        listed = ", ".join(f"{m.run_id} of {m.as_of_date}" for m in self.all())
        return f"name one of: {listed}" if listed else "run `alm close` first"

    def read(self, as_of_date: date, run_id: str) -> Manifest:
        """Read one manifest."""
        path = self.root / as_of_date.isoformat() / f"{run_id}.json"
        if not path.is_file():
            raise WarehouseError(
                f"there is no close {run_id} of {as_of_date}", where=str(path.parent.name)
            )
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        pinned = tuple(
            PinnedTable(
                t["table"],
                Partition.parse(t["partition"]),
                t["version"],
                t["content_hash"],
                t["n_rows"],
            )
            for t in body["tables"]
        )
        return Manifest(
            as_of_date=date.fromisoformat(body["as_of_date"]),
            run_id=body["run_id"],
            inputs=body["inputs"],
            definitions=body["definitions"],
            tables=pinned,
            earlier_closes=body["earlier_closes"],
            supersedes=body["supersedes"],
            last_approved=body.get("last_approved", {}),
            environment=body.get("environment", {}),
        )

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest, then make it current; a kill between the two loses nothing."""
        folder = self.root / manifest.as_of_date.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        body = {
            "as_of_date": manifest.as_of_date.isoformat(),
            "run_id": manifest.run_id,
            "inputs": manifest.inputs,
            "definitions": manifest.definitions,
            "earlier_closes": manifest.earlier_closes,
            "supersedes": manifest.supersedes,
            "last_approved": manifest.last_approved,
            "environment": manifest.environment,
            "tables": [
                {
                    "table": t.table,
                    "partition": str(t.partition),
                    "version": t.version,
                    "content_hash": t.content_hash,
                    "n_rows": t.n_rows,
                }
                for t in manifest.tables
            ],
        }
        path = folder / f"{manifest.run_id}.json"
        if not path.is_file():
            write_atomically(path, json.dumps(body, indent=1, sort_keys=True))
        write_atomically(folder / "current", manifest.run_id + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new, never half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
