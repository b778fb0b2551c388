"""Every error the project raises on purpose, as one small tree.

    AlmError
    ├── ConfigurationError    alm.yaml, a YAML file of data_contracts/, a command's arguments
    ├── ContractError         a data contract contradicts itself or its table
    ├── SourceError           a delivered file is missing, unreadable or off its totals
    ├── DataError             rows or tables that break a rule
    │   └── GateError         a table is read although a blocking check failed or has not run
    ├── MarketDataError       a quote, fixing or rate is missing or stale
    ├── CalculationError      the engine was given terms or arrays it refuses
    └── WarehouseError        the lake, a manifest or the registry is not what it should be

A message answers four questions: what, where, how much or which, and what to do.
Nothing else belongs in this module.
"""

from __future__ import annotations


class AlmError(Exception):
    """An error written for the person who must act on it.

    Parameters
    ----------
    what : str
        What is wrong, with the number of things affected.
    where : str
        Table, file or partition.
    detail : str
        Which rows, keys or amounts.
    fix : str
        What the reader should do next.
    """

    def __init__(self, what: str, *, where: str = "", detail: str = "", fix: str = "") -> None:
        self.what, self.where, self.detail, self.fix = what, where, detail, fix
        parts = [what, where, detail, f"to fix: {fix}" if fix else ""]
        super().__init__(" | ".join(part for part in parts if part))


class ConfigurationError(AlmError):
    """A setting, YAML file or argument cannot be used."""


class ContractError(AlmError):
    """A data contract contradicts itself, the dictionary or the table it describes."""


class SourceError(AlmError):
    """A delivered file is missing, unreadable or disagrees with its control totals."""


class DataError(AlmError):
    """Rows or tables break a rule of their data contract."""


class GateError(DataError):
    """A table is read although a blocking check failed, or has not run, for its content."""


class MarketDataError(AlmError):
    """A quote, fixing, rate or curve is missing or stale."""


class CalculationError(AlmError):
    """The engine was given terms or arrays that it refuses to calculate with."""


class WarehouseError(AlmError):
    """The lake, a close manifest or the registry is not in the state it should be."""
