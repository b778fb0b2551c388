"""Dagster's own SQLite storages, with one kept connection instead of a new one per event.

A close writes some thousands of events; the stock storages open an engine and a file for each, and
a database per run, which costs more than the events. Everything stored is stock Dagster, in
write-ahead mode: after a power cut the last events may be missing, never a table of the lake.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from dagster import DagsterInstance
from dagster._core.storage.event_log import AssetKeyTable, ConsolidatedSqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from sqlalchemy import Connection, Engine, create_engine, event, inspect
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
    """All events of all runs in one SQLite file; what the file's tables look like is asked once."""

    _engine: Engine | None = None
    _open: Connection | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Store the events of this block in one transaction."""
        with self._connect() as connection:
            self._open = connection
            try:
                yield
            finally:
                self._open = None

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        if self._open is not None:
            yield self._open
            return
        if self._engine is None:
            self._engine = pooled_engine(self._conn_string)
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @cache  # noqa: B019  # one storage per process
    def has_table(self, table_name: str) -> bool:
        """Say whether the file has a table."""
        return super().has_table(table_name)

    @cache  # noqa: B019
    def _columns(self, table_name: str) -> frozenset[str]:
        with self._connect() as connection:
            return frozenset(c["name"] for c in inspect(connection).get_columns(table_name))

    def _has_asset_key_col_on_connection(self, _conn: Connection, column_name: str) -> bool:
        return column_name in self._columns(AssetKeyTable.name)


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


@contextmanager
def events_together(instance: DagsterInstance) -> Iterator[None]:
    """Store the events of this block in one transaction where the instance's storage can."""
    storage = instance.event_log_storage
    if isinstance(storage, EventLog):
        with storage.together():
            yield
    else:
        yield
