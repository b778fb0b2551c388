"""Arrow without pandas: a command of two seconds does not wait one for a library it never uses.

The first array that Arrow makes looks for pandas and imports it where it is installed. Arrow
remembers that it was not there and imports it all the same when rows are wanted as a frame.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa

_PANDAS = "pandas"


class _NotFound(MetaPathFinder):
    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == _PANDAS:
            raise ModuleNotFoundError(f"No module named '{_PANDAS}'", name=_PANDAS)
        return None


def start_arrow() -> None:
    """Make Arrow's first array where pandas is not found; nothing where it is loaded already."""
    if _PANDAS in sys.modules:
        return
    hiding = _NotFound()
    sys.meta_path.insert(0, hiding)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(hiding)
