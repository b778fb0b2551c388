"""Lineage for people: the tree that `alm lineage` prints, and the page that an auditor walks.

Edges are those that the published close stored; before anything is published, those of the
definitions. Descriptions and SQL texts are the ones in force; a table whose SQL has changed since
the close says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from alm_pipeline.audit.lineage_graph import Lineage
from alm_pipeline.audit.lineage_page import PageTable, lineage_page
from alm_pipeline.audit.lineage_tree import LineageTree
from alm_pipeline.audit.select_text import column_spans
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.lineage import DELIVERY, lineage_of, origins
from alm_pipeline.warehouse.manifests import Manifest, write_atomically

_PLAIN_WIDTH = 400
PAGE = "lineage.html"


def print_lineage(
    bank: Bank, name: str, as_of_date: date | None = None, *, is_down: bool = False, depth: int = 0
) -> None:
    """Print the tree of a table or column.

    Raises
    ------
    ConfigurationError
        If there is no such name; the nearest are listed.
    """
    found, manifest = _lineage(bank, as_of_date)
    table, column = found.find(name)
    tree = LineageTree(found, origins(bank), is_down=is_down, depth=depth)
    console = Console()
    wide = console if console.is_terminal else Console(width=_PLAIN_WIDTH)
    wide.print(tree.of_column(table, column) if column else tree.of_table(table), soft_wrap=True)
    wide.print(Text(_stand(manifest), style="dim"))


def write_lineage_page(bank: Bank, path: Path, as_of_date: date | None = None) -> Path:
    """Write the page; one file that needs nothing else, no network either."""
    found, manifest = _lineage(bank, as_of_date)
    title = f"{bank.settings.bank_name}, {_stand(manifest)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lineage_page(title, found, list(_page_tables(bank, manifest))))
    return path


def _lineage(bank: Bank, as_of_date: date | None) -> tuple[Lineage, Manifest | None]:
    if as_of_date is not None and bank.closes.current(as_of_date) is None:
        raise ConfigurationError(
            f"{as_of_date} is not closed",
            detail="closed: " + (", ".join(map(str, bank.closes.published_dates())) or "none yet"),
            fix="name a closed month end, or leave --as-of out",
        )
    return lineage_of(bank, as_of_date)


def _stand(manifest: Manifest | None) -> str:
    if manifest is None:
        return "as defined; nothing is published yet"
    return f"as published in close {manifest.run_id} of {manifest.as_of_date}"


def _page_tables(bank: Bank, manifest: Manifest | None) -> Iterator[PageTable]:
    sql = {file.table: file for file in bank.sql_files}
    made_by = origins(bank)
    for table, shape in bank.shapes.items():
        if table.startswith("what_if."):
            continue
        about, owner = described(bank, table)
        file = sql.get(table)
        yield PageTable(
            table=table,
            about=about,
            owner=owner,
            origin=made_by.get(table, ""),
            columns=tuple(shape.columns.items()),
            key=shape.key,
            entries=bank.dictionary,
            sql=file.text if file else "",
            spans=column_spans(file.text) if file else {},
            is_changed=bool(file and manifest and _is_changed(manifest, table, file.code_hash)),
        )
    for name, columns in bank.relation_columns.items():
        yield PageTable(
            table=f"inputs.{name}",
            about="Figures people wrote in YAML, as SQL reads them.",
            columns=tuple((column, "") for column in columns),
            entries=bank.dictionary,
        )
    for spec in bank.source.file_specs:
        name = f"{DELIVERY}/{spec.name}"
        yield PageTable(table=name, about=spec.about, owner=bank.source.owner, origin=made_by[name])


def _is_changed(manifest: Manifest, table: str, code_hash: str) -> bool:
    return manifest.inputs.get(f"sql:{table}", code_hash) != code_hash


def described(bank: Bank, table: str) -> tuple[str, str]:
    """Return what a table holds and who owns it."""
    if table in bank.tables:
        contract = bank.tables[table]
        return contract.about, contract.owner
    schema, _, name = table.partition(".")
    if name in bank.extracts:
        extract = bank.extracts[name]
        if schema == "quarantine":
            return f"Rows of {name} that break a rule: why, and how much money.", extract.owner
        return extract.about, extract.owner
    return "A file of the bank, row by row as delivered.", bank.source.owner
