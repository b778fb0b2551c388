"""Who published, approved or overrode what, and when: append-only `audit.journal_actions`.

An observation, not a result: it stands outside content hashes and replay. Every action carries the
person named by the bank (`identity` in `alm.yaml`, or `ALM_IDENTITY`) and, always, the user of the
operating system, which no setting can change. Whether an action is allowed does not belong here.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from alm_pipeline.errors import WarehouseError
from alm_pipeline.warehouse.append_log import AppendLog
from alm_pipeline.warehouse.lake import Lake

TABLE = "audit.journal_actions"
ACTIONS = ("publish", "approve", "revoke", "override")

SCHEMA = pa.schema(
    [
        ("recorded_at", pa.timestamp("us", "UTC")),
        ("actor", pa.string()),
        ("system_user", pa.string()),
        ("action", pa.string()),
        ("object_name", pa.string()),
        ("object_hash", pa.string()),
        ("as_of_date", pa.date32()),
        ("run_id", pa.string()),
        ("comment", pa.string()),
    ]
)


@dataclass(frozen=True)
class Action:
    """What somebody did to what.

    Attributes
    ----------
    action : str
        One of `ACTIONS`.
    object_name : str
        What it was done to: ``close``, ``assumptions/deposits.yaml``, ``reports.eve_sensitivity``.
    object_hash : str or None
        Content of the object at that moment.
    as_of_date, run_id : or None
        The close it concerns, when it concerns one.
    """

    action: str
    object_name: str
    object_hash: str | None = None
    as_of_date: date | None = None
    run_id: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class RecordedAction:
    """An action as the journal holds it: when, by whom, as which user of the system."""

    recorded_at: datetime
    actor: str
    system_user: str
    done: Action


class Journal:
    """The journal of one warehouse.

    Parameters
    ----------
    lake : Lake
    identity : str
        The person the bank configured; empty means the user of the operating system.
    """

    def __init__(self, lake: Lake, identity: str = "") -> None:
        self._log = AppendLog(lake, TABLE, SCHEMA)
        self.identity = identity

    @property
    def actor(self) -> str:
        """Name under which this process acts."""
        return self.identity or system_user()

    def record(self, done: Action) -> None:
        """Write an action down; call it before the action takes effect, so that none is missing.

        Raises
        ------
        WarehouseError
            If the journal knows no such action, or the object is not named.
        """
        if done.action not in ACTIONS or not done.object_name:
            raise WarehouseError(
                f"the journal has no action {done.action!r} on {done.object_name!r}",
                where=TABLE,
                fix=f"name an object and one of {', '.join(ACTIONS)}",
            )
        now = datetime.now(UTC)
        who = {"recorded_at": now, "actor": self.actor, "system_user": system_user()}
        self._log.append([who | asdict(done)])

    def actions(self) -> list[RecordedAction]:
        """Return every recorded action, earliest first."""
        return [_recorded(row) for row in self._rows()]

    def table(self) -> pa.Table:
        """Return the journal as rows, earliest first; times in UTC, without a zone."""
        rows = pa.Table.from_pylist(self._rows(), schema=SCHEMA)
        at = rows.column("recorded_at").cast(pa.timestamp("us"))
        return rows.set_column(0, "recorded_at", at)

    def _rows(self) -> list[dict[str, Any]]:
        return sorted(self._log.rows(), key=lambda row: (row["recorded_at"], row["object_name"]))


def system_user() -> str:
    """Return the user of the operating system that this process runs as, whatever variables say."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user may have no name
        return f"uid {number}"


def _recorded(row: dict[str, Any]) -> RecordedAction:
    what = {name: row[name] for name in Action.__dataclass_fields__}
    return RecordedAction(row["recorded_at"], row["actor"], row["system_user"], Action(**what))
