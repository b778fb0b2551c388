"""Personas: what they read, what is personal, and every problem of the file at once."""

from __future__ import annotations

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.access import Access, load_access
from alm_pipeline.inputs.data_contracts import ColumnEntry

TABLES = {
    "raw.counterparty": ["counterparty_id", "name"],
    "staging.counterparty": ["counterparty_id", "name"],
    "staging.entity": ["entity_id", "name"],
    "reports.scorecard": ["value"],
}
DICTIONARY = {
    "counterparty_id": ColumnEntry("counterparty_id", "text", personal="identifier"),
    "name": ColumnEntry("name", "text", personal="withheld"),
    "entity_id": ColumnEntry("entity_id", "text"),
    "value": ColumnEntry("value", "double"),
}
GOOD = """
about: Who reads what.
owner: team:internal-audit
personas:
  board: {about: Reports., reads: [reports]}
  auditor: {about: All., reads: [raw, staging, reports.scorecard], without: [name]}
not_personal:
  - {column: name, tables: [staging.entity], reason: names of the bank's own entities}
"""


def access(tmp_path, text: str = GOOD) -> Access:
    (tmp_path / "access.yaml").write_text(text, encoding="utf-8")
    return load_access(TABLES, DICTIONARY, tmp_path)


def test_a_persona_reads_whole_schemas_and_single_tables(tmp_path):
    personas = access(tmp_path).personas
    assert [t for t in TABLES if personas["board"].sees(t)] == ["reports.scorecard"]
    assert [t for t in TABLES if personas["auditor"].sees(t)] == list(TABLES)


@pytest.mark.parametrize(
    ("table", "personal"),
    [
        ("staging.counterparty", {"counterparty_id": "identifier", "name": "withheld"}),
        ("staging.entity", {}),  # exempt, with a reason
        ("raw.counterparty", {}),  # as delivered
        ("reports.scorecard", {}),
    ],
)
def test_what_is_personal_follows_the_dictionary_but_for_exemptions(tmp_path, table, personal):
    assert access(tmp_path).personal(table, TABLES[table], DICTIONARY) == personal


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("reads: [reports]", "reads: [report]", "board reads report, which is nothing"),
        ("without: [name]", "without: [names]", "auditor leaves out names, which is no column"),
        ("[raw, staging, ", "[staging, ", "no persona reads raw.counterparty"),
        ("  board:", "  metrics:", "metrics is a schema already"),
        ("tables: [staging.entity]", "tables: [reports.scorecard]", "scorecard has no column name"),
        ("reason: names of the bank's own entities", "reason: ''", "at least 1 character"),
    ],
)
def test_a_mistake_is_named(tmp_path, old, new, problem):
    with pytest.raises(ConfigurationError, match=problem):
        access(tmp_path, GOOD.replace(old, new))
