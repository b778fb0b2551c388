"""The columns, types, order and key of every table the warehouse can hold.

Tables with a data contract take theirs from it; raw and quarantine tables follow one pattern each,
made here from the extract they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alm_pipeline.errors import ContractError
from alm_pipeline.inputs.data_contracts import ColumnEntry, TableContract, sql_type
from alm_pipeline.warehouse.definitions import text_hash

SOURCE_COLUMNS = {"source_file_id": "VARCHAR", "source_row": "BIGINT"}
QUARANTINE_COLUMNS = {
    "as_of_date": "DATE",
    **SOURCE_COLUMNS,
    "rule_ids": "VARCHAR",
    "reason": "VARCHAR",
    "amount": "DECIMAL(18,2)",
    "currency": "VARCHAR",
    "entity_id": "VARCHAR",
    "gl_account": "VARCHAR",
    "payload": "VARCHAR",
}
_RAW_VERSION = "1.0.0"


@dataclass(frozen=True)
class TableShape:
    """What `warehouse.store` needs to know of a table.

    Attributes
    ----------
    columns : Mapping[str, str]
        Column name to DuckDB type, in the table's order.
    required : frozenset[str]
        Columns that may never be null.
    partition_by : tuple[str, ...]
        ``("as_of_date",)`` or ``("as_of_date", "scenario")``.
    """

    table: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    required: frozenset[str]
    partition_by: tuple[str, ...]
    version: str

    @property
    def hash(self) -> str:
        """Hash of everything the shape says."""
        required, columns = sorted(self.required), list(self.columns.items())
        return text_hash(repr((self.version, columns, self.key, required, self.partition_by)))

    @property
    def is_by_scenario(self) -> bool:
        """Whether each scenario is a partition of its own."""
        return "scenario" in self.partition_by


def raw_shape(table: str, columns: Iterable[str], version: str = _RAW_VERSION) -> TableShape:
    """Return the shape of a raw table: every delivered column as text, plus where it came from."""
    delivered = {f"delivered_{c}" if c == "as_of_date" else c: "VARCHAR" for c in columns}
    typed = {"as_of_date": "DATE", **SOURCE_COLUMNS, **delivered}
    return TableShape(
        table=table,
        columns=typed,
        key=("as_of_date", "source_file_id", "source_row"),
        required=frozenset({"as_of_date", "source_file_id", "source_row"}),
        partition_by=("as_of_date",),
        version=version,
    )


def quarantine_shape(extract: str, version: str) -> TableShape:
    """Return the shape of an extract's quarantine: the row, why it is not trusted, its amount."""
    return TableShape(
        table=f"quarantine.{extract}",
        columns=QUARANTINE_COLUMNS,
        key=("as_of_date", "source_file_id", "source_row"),
        required=frozenset({"as_of_date", "source_file_id", "source_row", "rule_ids", "reason"}),
        partition_by=("as_of_date",),
        version=version,
    )


def report_row_of(key: Iterable[str], values: Mapping[str, str]) -> str:
    """Return how a row of a report is written: column=value for its key, by commas."""
    return ",".join(f"{name}={values[name]}" for name in key)


def contract_shape(
    contract: TableContract, dictionary: Mapping[str, ColumnEntry], table: str = ""
) -> TableShape:
    """Return the shape a table's data contract promises; `table` renames it (what-if twins)."""
    missing = [c for c in contract.columns if c not in dictionary]
    if missing:
        raise ContractError(
            f"{len(missing)} columns are not in the dictionary",
            where=contract.table,
            detail=", ".join(missing),
            fix="add a line for each to data_contracts/columns.yaml",
        )
    name = table or contract.table
    schema = name.partition(".")[0]
    return TableShape(
        table=name,
        columns={c: sql_type(dictionary[c], schema) for c in contract.columns},
        key=contract.key,
        required=frozenset(c for c in contract.columns if c not in contract.nullable),
        partition_by=contract.partition_by or ("as_of_date",),
        version=contract.version,
    )
