"""Dagster's own SQLite storages, with one kept connection instead of a new one per event.

A close writes some thousands of events; the stock storages open an engine and a file for each, and
a database per run, which costs more than the events. Everything stored is stock Dagster, in
write-ahead mode: after a power cut the last events may be missing, never a table of the lake.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

_BUSY_SECONDS = 60


def pooled_engine(url: str) -> Engine:
    """Return an engine that keeps its connections and waits for the disk at checkpoints only."""
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=4, connect_args={"timeout": _BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def _relax(connection: object, _: object) -> None:
        connection.execute("pragma synchronous = normal")  # type: ignore[attr-defined]

    return engine


class EventLog(ConsolidatedSqliteEventLogStorage):
    """All events of all runs in one SQLite file."""

    _engine: Engine | None = None

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        if self._engine is None:
            self._engine = pooled_engine(self._conn_string)
        with self._engine.connect() as connection, connection.begin():
            yield connection


class RunLog(SqliteRunStorage):
    """All runs in one SQLite file."""

    _engine: Engine | None = None

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection inside a transaction."""
        if self._engine is None:
            self._engine = pooled_engine(self._conn_string)
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @classmethod
    def from_config_value(cls, inst_data, config_value):  # type: ignore[no-untyped-def]  # Dagster's own signature
        """Build the storage from ``dagster.yaml``."""
        return cls.from_local(inst_data=inst_data, **config_value)
