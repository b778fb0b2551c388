"""Where numba keeps compiled kernels: one folder per state of the engine's sources.

numba's own cache notices edits of the file that holds a kernel, not of the modules it imports;
a stale kernel returns numbers of yesterday's code. So the folder's name is a hash of all engine
sources and of the numba, llvmlite and Python versions. A given ``NUMBA_CACHE_DIR`` wins.

This module must not import numba: the variable is read when numba is first imported.
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path


def source_hash(folder: Path) -> str:
    """Return the hash of every engine source and of the compiler's versions."""
    digest = hashlib.sha256()
    for name in ("numba", "llvmlite"):
        digest.update(f"{name} {version(name)};".encode())
    digest.update(sys.version.encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def cache_root() -> Path:
    """Return the user's cache folder for compiled kernels."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "alm_pipeline" / "numba"


def activate() -> None:
    """Set ``NUMBA_CACHE_DIR`` unless it is given."""
    if "NUMBA_CACHE_DIR" not in os.environ:
        folder = cache_root() / source_hash(Path(__file__).resolve().parent)
        os.environ["NUMBA_CACHE_DIR"] = str(folder)
        if "numba" in sys.modules:  # somebody imported numba first: make it read the variable
            sys.modules["numba"].config.reload_config()
