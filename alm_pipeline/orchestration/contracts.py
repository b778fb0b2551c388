"""Read everything people wrote in YAML and SQL, as a check before any run."""

from __future__ import annotations

from alm_pipeline.inputs.settings import config_path
from alm_pipeline.orchestration.bank import open_bank
from alm_pipeline.orchestration.sql_assets import edges_of


def check_contracts() -> str:
    """Read every data contract, figure and SQL header; return what was read.

    Raises
    ------
    AlmError
        With every problem of the first kind of file that has any.
    """
    bank = open_bank(config_path())
    n_edges = sum(len(edges_of(bank, file)) for file in bank.sql_files)
    figures = bank.figures
    return (
        f"{len(bank.extracts)} extracts, {len(bank.tables)} tables,"
        f" {len(bank.dictionary)} columns, {len(bank.sql_files)} SQL files,"
        f" {n_edges:,} column edges, {len(figures.scenarios.scenarios)} scenarios,"
        f" {len(figures.packs)} rule packs: all agree"
    )
