"""What a measurement was made on: cores, processor, versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def cpu_model() -> str:
    """Return what the processor calls itself."""
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for row in described.read_text(encoding="utf-8").splitlines():
            name, _, value = row.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """Return the description that goes below a table and into every record."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba"))
    return f"{os.cpu_count()} cores, {cpu_model()}, Python {platform.python_version()}, {versions}"
