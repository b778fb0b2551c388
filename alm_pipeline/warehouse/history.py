"""Earlier closes as a close reads them: for ``@previous``, ``@history`` and rules about drift.

A close reads the published closes of its own warehouse. A replay reads the very closes the
original named, superseded or not, in the original's lake.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Closes, Manifest, PinnedTable


class History:
    """Closes before a month end and the lake that holds their tables.

    Parameters
    ----------
    closes, lake
        Where earlier manifests and tables are.
    pinned : sequence of Manifest, optional
        The only closes there are, instead of the published ones.
    """

    def __init__(
        self, closes: Closes, lake: Lake, pinned: Sequence[Manifest] | None = None
    ) -> None:
        self._closes, self._lake, self._pinned = closes, lake, pinned

    def before(self, as_of_date: date) -> list[Manifest]:
        """Return the closes of earlier month ends, latest first."""
        if self._pinned is None:
            return self._closes.before(as_of_date)
        earlier = [m for m in self._pinned if m.as_of_date < as_of_date]
        return sorted(earlier, key=lambda m: m.as_of_date, reverse=True)

    def read(self, as_of_date: date, run_id: str) -> Manifest:
        """Return one close, superseded or not."""
        return self._closes.read(as_of_date, run_id)

    def files(self, pin: PinnedTable) -> list[str]:
        """Return the files that hold a table as an earlier close used it."""
        return self._lake.files(pin.table, pin.partition, pin.version)
