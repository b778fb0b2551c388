"""Which installed versions a result depends on, and the full list as information.

A library is decisive when another version of it could change a cell of a result table. What only
orders the work or prints it is not: a close is the same close under another version of those.
Locale, time zone, threads, memory and folders never matter (`tests/pipeline/test_fingerprint.py`).
What can move the last digit between machines without being an input (the processor's vector
instructions, the system's mathematical library) is named in the manifest, outside its hash.
"""

from __future__ import annotations

import platform
from importlib import metadata

import numpy as np

DECISIVE = {
    "duckdb": "all SQL",
    "numpy": "the engine",
    "numba": "the engine",
    "llvmlite": "the engine's machine code",
    "pyarrow": "types, casts and text of delivered files",
    "deltalake": "what is read back from the lake",
    "holidays": "business days of calendars",
    "python-dateutil": "moving holidays",
    "pandas": "verdicts of checks",
    "great-expectations": "verdicts of checks",
    "sqlglot": "stored lineage",
    "pyyaml": "how a written figure is read",
    "pydantic": "how a written figure is read",
    "pydantic-core": "how a written figure is read",
    "pydantic-settings": "which setting wins",
    "open-data-contract-standard": "rules of extracts",
}
"""Libraries whose version is part of a run's identity, and what each decides."""

INDIFFERENT = {
    "dagster": "order and records of the work",
    "dagster-webserver": "pages",
    "rich": "the terminal",
    "typer": "the command line",
}
"""Direct dependencies that no cell depends on."""


def decisive_versions() -> dict[str, str]:
    """Return Python's version and that of every decisive library, by name."""
    versions = {f"library:{name}": metadata.version(name) for name in DECISIVE}
    return {"python": platform.python_version(), **versions}


def environment() -> dict[str, str]:
    """Return what is installed and what the processor offers, as information."""
    found = {f"library:{d.name.lower()}": d.version for d in metadata.distributions()}
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        **dict(sorted(found.items())),
        "machine": platform.machine(),
        "c_library": " ".join(platform.libc_ver()).strip(),
        "processor_features": " ".join(simd.get("found", [])),
    }
