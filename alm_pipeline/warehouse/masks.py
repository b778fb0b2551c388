"""How a personal value is shown outside `raw`: a stable pseudonym, or not at all.

A pseudonym is the same for the same value everywhere in one warehouse, so that joins and
concentrations still work, and cannot be computed without the warehouse's key. The key is
``ALM_PSEUDONYM_KEY`` or, when that is not set, the file `pseudonym.key` of the warehouse, made at
random at the first publication and readable by its owner only.

Masks are put on when `alm.duckdb` is built, never in the lake: what the lake holds, its content
hashes and a replay are the same whatever the key, and the key stands in none of them. The lake
keeps delivered rows anyway and is for those alone who may read them.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from alm_pipeline.errors import ConfigurationError

VARIABLE, FILE = "ALM_PSEUDONYM_KEY", "pseudonym.key"
IDENTIFIER, WITHHELD, JSON = "identifier", "withheld", "json"
WAYS = (IDENTIFIER, WITHHELD, JSON)
_MIN_LENGTH = 16
_HEX_DIGITS = 16  # 64 bits: two of a million customers meet once in 37 million warehouses


def pseudonym_key(warehouse: Path) -> str:
    """Return the key of a warehouse; made and kept when there is none yet.

    Raises
    ------
    ConfigurationError
        If the key is too short, or others than its owner can read its file.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        return _long_enough(given, f"the variable {VARIABLE}")
    path = warehouse / FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _long_enough(_kept(path), FILE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_hex(32)
        file.write(key + "\n")
    return key


def masked(columns: Iterable[str], ways: Mapping[str, str], personal_names: Iterable[str]) -> str:
    """Return the list of columns for a SELECT, personal ones masked; `$key` is the warehouse's key.

    Parameters
    ----------
    ways
        How each personal column is masked, one of `WAYS`.
    personal_names
        Fields whose values are taken out of JSON text.
    """
    names = "|".join(sorted(personal_names))
    shown = {
        IDENTIFIER: f"'p_' || left(sha256($key || sha256($key || {{0}})), {_HEX_DIGITS})",
        WITHHELD: "case when {0} is not null then 'withheld' end",
        JSON: f'regexp_replace({{0}}, \'(\\\\?"(?:{names})\\\\?"\\s*:\\s*\\\\?")[^"\\\\]*\','
        " '\\1withheld', 'g')",
    }
    return ", ".join(
        f'{shown[ways[c]].format(_quoted(c))} as "{c}"' if c in ways else f'"{c}"' for c in columns
    )


def _quoted(column: str) -> str:
    return f'"{column}"'


def _kept(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(
            f"others than its owner may read {FILE}",
            where=str(path.parent.name),
            detail=f"permissions {mode:o}",
            fix=f"chmod 600 {path.name}; if it was read, set a new key and publish again",
        )
    return path.read_text(encoding="ascii").strip()


def _long_enough(key: str, where: str) -> str:
    if len(key) < _MIN_LENGTH:
        raise ConfigurationError(
            "the key of the pseudonyms is too short to keep them secret",
            where=where,
            detail=f"{len(key)} characters, at least {_MIN_LENGTH} are needed",
            fix="give a longer random one",
        )
    return key
