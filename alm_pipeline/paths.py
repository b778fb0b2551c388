"""Where the SQL and the data contracts are: in a checkout beside the package, in a wheel inside it.

Paths of a bank (warehouse, landing, overlay) are settings, not here.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_ROOT = PACKAGE if (PACKAGE / "sql").is_dir() else PACKAGE.parent

SQL = _ROOT / "sql"
DATA_CONTRACTS = _ROOT / "data_contracts"
