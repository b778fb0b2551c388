"""A fresh database for every SQL test."""

from __future__ import annotations

import pytest

from tests.sql.harness import SqlBench


@pytest.fixture
def bench() -> SqlBench:
    """Runs SQL files on given rows."""
    return SqlBench()
