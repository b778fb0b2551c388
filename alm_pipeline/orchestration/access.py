"""What each persona reads of `alm.duckdb`, from `data_contracts/access.yaml` and the dictionary."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.warehouse.face import Reading, share
from alm_pipeline.warehouse.masks import pseudonym_key


def reading_of(bank: Bank) -> Reading:
    """Return the masks and views of a bank's face; its key is made when there is none yet."""
    access, dictionary = bank.access, bank.dictionary
    return Reading(
        personal={
            table: access.personal(table, shape.columns, dictionary)
            for table, shape in bank.shapes.items()
        },
        personal_names=frozenset(
            name
            for name, entry in dictionary.items()
            if entry.personal and entry.personal != "json"
        ),
        key=pseudonym_key(bank.pseudonym_folder),
        views={persona: tables_of(bank, persona) for persona in access.personas},
    )


def tables_of(bank: Bank, persona: str) -> dict[str, tuple[str, ...]]:
    """Return the tables a persona reads, with the columns it sees.

    Raises
    ------
    ConfigurationError
        If there is no such persona.
    """
    personas = bank.access.personas
    if persona not in personas:
        near = get_close_matches(persona, personas, n=1) or sorted(personas)
        raise ConfigurationError(
            f"there is no persona {persona}",
            where="data_contracts/access.yaml",
            fix=f"name one of {', '.join(near)}",
        )
    one = personas[persona]
    return {
        table: tuple(column for column in shape.columns if column not in one.without)
        for table, shape in sorted(bank.shown_shapes.items())
        if one.sees(table)
    }


def share_with(bank: Bank, persona: str, into: Path) -> int:
    """Write a file with the tables of one persona and return how many there are."""
    tables = tables_of(bank, persona)
    face = bank.settings.warehouse_folder / "alm.duckdb"
    if not face.is_file():
        raise ConfigurationError("nothing is published yet", fix="run `alm close` first")
    share(face, tables, into)
    return len(tables)
