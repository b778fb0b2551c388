"""A pytest plugin for continuous integration: some of the slow tests, others on every commit.

`-p tests.slow_slice --slow-slice COMMIT --slow-seconds 300` orders the collected tests by a hash
of the commit and their name, and starts a test only while the time it is expected to take,
`@pytest.mark.slow(seconds=...)`, still fits. What did not fit is reported as skipped, by number
and reason; `make test-all` runs everything.
"""

from __future__ import annotations

import hashlib
import time

import pytest

EXPECTED_SECONDS = 30.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the seed and the time limit."""
    group = parser.getgroup("slow slice")
    group.addoption("--slow-slice", default="", help="seed of the order: the commit hash")
    group.addoption("--slow-seconds", default=300.0, type=float, help="time the slice may take")


def pytest_configure(config: pytest.Config) -> None:
    """Register the clock, if a slice is asked for."""
    seed = config.getoption("--slow-slice")
    if seed:
        config.pluginmanager.register(SlowSlice(seed, config.getoption("--slow-seconds")))


def rank(seed: str, test: str) -> str:
    """Return the place of a test in this commit's order."""
    return hashlib.sha256(f"{seed} {test}".encode()).hexdigest()


def expected_seconds(item: pytest.Item) -> float:
    """Return how long a test says it takes."""
    marker = item.get_closest_marker("slow")
    return float(marker.kwargs.get("seconds", EXPECTED_SECONDS)) if marker else EXPECTED_SECONDS


class SlowSlice:
    """Order the tests by the commit and start only what fits into the time."""

    def __init__(self, seed: str, seconds: float) -> None:
        self.seed, self.seconds = seed, seconds
        self.started = time.monotonic()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order by file first, so that a module's fixtures are built once."""
        items.sort(key=lambda item: (rank(self.seed, str(item.path)), rank(self.seed, item.nodeid)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Leave out what would end after the limit."""
        spent = time.monotonic() - self.started
        if spent + expected_seconds(item) > self.seconds:
            pytest.skip(f"not in this commit's slice of {self.seconds:.0f} s")
