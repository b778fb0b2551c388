"""The sources on which a cell may depend, as one hash; commands and the demo's maker are not."""

from __future__ import annotations

import hashlib

from alm_pipeline import paths

__all__ = ["computing_code_hash"]

_NOT_COMPUTING = ("cli", "bench", "demo", "calibration")


def computing_code_hash() -> str:
    """Return the hash of the sources that compute, of their names and texts."""
    digest = hashlib.sha256()
    for path in sorted(paths.PACKAGE.rglob("*.py")):
        relative = path.relative_to(paths.PACKAGE)
        if not relative.parts[0].startswith(_NOT_COMPUTING):
            digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
