"""What a warehouse keeps of its closes, for looking back: manifests, tables, files, texts.

Opened without the bank: no data contract, overlay or landing of today is needed to look at an old
close. Nothing is written through it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from alm_pipeline.warehouse.definitions import Definitions
from alm_pipeline.warehouse.history import History
from alm_pipeline.warehouse.lake import Lake
from alm_pipeline.warehouse.manifests import Closes, Manifest


class Archive:
    """The kept side of a warehouse."""

    def __init__(self, root: Path) -> None:
        self.closes, self.lake = Closes(root / "closes"), Lake(root / "lake")
        self.definitions = Definitions(root / "definitions")
        self.raw_files = root / "raw_files"

    def history(self, manifest: Manifest) -> History:
        """Return the earlier closes that a close named, superseded or not."""
        named = manifest.earlier_closes.items()
        pinned = [self.closes.read(date.fromisoformat(day), run_id) for day, run_id in named]
        return History(self.closes, self.lake, pinned)
