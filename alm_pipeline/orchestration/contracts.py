"""Read everything people wrote in YAML and SQL, as a check before any run."""

from __future__ import annotations

from alm_pipeline import paths
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.products import undecided_products
from alm_pipeline.inputs.settings import config_path
from alm_pipeline.orchestration.bank import open_bank
from alm_pipeline.orchestration.daily_bank import open_daily_bank
from alm_pipeline.orchestration.lineage import edges_of
from alm_pipeline.validation.compatibility import refuse_breaking_changes


def check_contracts() -> str:
    """Read every data contract, figure and SQL header; return what was read.

    In a checkout, contracts of extracts are also compared with those of the last tag (of the last
    commit without one): what breaks a delivery or a reader needs a new major version.

    Raises
    ------
    AlmError
        With every problem of the first kind of file that has any.
    """
    bank = open_bank(config_path())
    banks = [bank, *([open_daily_bank(config_path())] if bank.source.daily else [])]
    edges = {file.relative: len(edges_of(one, file)) for one in banks for file in one.sql_files}
    figures, personas = bank.figures, bank.access.personas
    n_packs = len(figures.packs) + len(figures.liquidity)
    undecided = undecided_products(figures.products, figures.assumptions.decided)
    if undecided:
        raise ConfigurationError(
            f"{len(undecided)} products have no assumption",
            where="products.yaml",
            detail="; ".join(undecided),
            fix="add the segments to data_contracts/assumptions, or name other ones",
        )
    revision = refuse_breaking_changes(paths.DATA_CONTRACTS.parent, bank.contracted)
    return (
        f"{len(bank.contracted)} extracts, {len(bank.tables)} tables,"
        f" {len(bank.dictionary)} columns, {len(edges)} SQL files,"
        f" {sum(edges.values()):,} column edges, {len(figures.scenarios.scenarios)} scenarios,"
        f" {n_packs} rule packs, {len(personas)} personas: all agree"
        + (f"; nothing broken since {revision}" if revision else "")
    )
