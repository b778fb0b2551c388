"""The text of every definition a close was made from, kept under its hash, read-only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from alm_pipeline.errors import WarehouseError
from alm_pipeline.warehouse.manifests import write_atomically

__all__ = ["Definitions"]


class Definitions:
    """The folder `definitions` of a warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, texts: Iterable[str]) -> None:
        """Keep texts; what is there already is not written again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            path = self.folder / hashlib.sha256(text.encode()).hexdigest()
            if not path.is_file():
                write_atomically(path, text)

    def text(self, sha256: str) -> str:
        """Return one text."""
        path = self.folder / sha256
        if not path.is_file():
            raise WarehouseError("a definition is not kept", where=str(path.parent), detail=sha256)
        return path.read_bytes().decode()

    def texts(self, hashes: Mapping[str, str]) -> dict[str, str]:
        """Return texts by name for hashes by name."""
        return {name: self.text(sha256) for name, sha256 in hashes.items()}
