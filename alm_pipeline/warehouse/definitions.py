"""The text of every YAML, SQL and settings input a close was made from, kept by its hash.

``definitions/<sha256>`` is written once and never again, as raw files are. A manifest names the
hashes, so an old close can be made again with the very assumptions and SQL it was made with, and
two closes can be compared field by field, whatever the files say today.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from alm_pipeline.errors import WarehouseError


class Definitions:
    """The folder `definitions` of a warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, texts: Iterable[str]) -> None:
        """Keep texts read-only under their hashes; each appears whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            target = self.folder / text_hash(text)
            if not target.is_file():
                beside = target.with_name(f".{target.name}.{os.getpid()}")
                beside.write_bytes(text.encode())
                beside.chmod(0o444)
                beside.replace(target)

    def text(self, sha256: str, name: str = "") -> str:
        """Return a kept text; `name` says in a message what it is.

        Raises
        ------
        WarehouseError
            If it was never kept or is no longer what its hash says.
        """
        path = self.folder / sha256
        if not path.is_file():
            raise WarehouseError(
                f"the text of {name or sha256} was not kept",
                where=f"definitions/{sha256}",
                fix="restore the folder definitions of the warehouse from its backup",
            )
        text = path.read_bytes().decode()
        if text_hash(text) != sha256:
            raise WarehouseError(
                f"the kept text of {name or sha256} was changed",
                where=f"definitions/{sha256}",
                fix="restore the file from the warehouse's backup",
            )
        return text

    def texts(self, hashes: Mapping[str, str]) -> dict[str, str]:
        """Return kept texts by the names their hashes have."""
        return {name: self.text(sha256, name) for name, sha256 in hashes.items()}


def text_hash(text: str) -> str:
    """Return the sha256 of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
