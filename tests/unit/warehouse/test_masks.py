"""Pseudonyms: stable, joinable, keyed; the key is private to its owner."""

from __future__ import annotations

import hashlib
import os
import stat

import duckdb
import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.warehouse.masks import FILE, VARIABLE, masked, pseudonym_key

KEY = "a key of sixteen or more"
WAYS = {"counterparty_id": "identifier", "name": "withheld", "payload": "json"}


@pytest.fixture(autouse=True)
def _no_key_of_the_machine(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def shown(column: str, value: str | None, key: str = KEY) -> str | None:
    select = masked([column], WAYS, ["counterparty_id", "name"])
    given = {"key": key} if "$key" in select else {}
    row = duckdb.execute(
        f"select {select} from (select $value::varchar as {column})", {"value": value, **given}
    ).fetchone()
    assert row is not None
    found: str | None = row[0]
    return found


def test_a_pseudonym_is_the_nested_hash_of_key_and_value():
    # SHA-256 of key + hex(SHA-256 of key + value), by another library; its first 16 hex digits.
    inner = hashlib.sha256(f"{KEY}C1".encode()).hexdigest()
    expected = "p_" + hashlib.sha256(f"{KEY}{inner}".encode()).hexdigest()[:16]
    assert shown("counterparty_id", "C1") == expected


def test_equal_values_stay_equal_and_others_differ():
    assert shown("counterparty_id", "C1") == shown("counterparty_id", "C1")
    assert shown("counterparty_id", "C1") != shown("counterparty_id", "C2")
    assert shown("counterparty_id", "C1") != shown(
        "counterparty_id", "C1", "another key, also long"
    )


def test_nothing_stays_nothing():
    assert shown("counterparty_id", None) is None
    assert shown("name", None) is None


def test_a_name_is_withheld():
    assert shown("name", "Ada Lovelace") == "withheld"


def test_personal_fields_inside_json_are_withheld_and_others_stay():
    payload = '{"loan_no":"L1","counterparty_id":"C1","name":"Ada"}'
    assert shown("payload", payload) == (
        '{"loan_no":"L1","counterparty_id":"withheld","name":"withheld"}'
    )
    # a sample of failing rows is JSON inside JSON
    assert shown("payload", r'["{\"counterparty_id\": \"C1\", \"source_row\": 4}"]') == (
        r'["{\"counterparty_id\": \"withheld\", \"source_row\": 4}"]'
    )


def test_other_columns_are_taken_as_they_are():
    assert masked(["position_id", "amount"], WAYS, []) == '"position_id", "amount"'


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path):
    key = pseudonym_key(tmp_path)
    assert len(key) == 64
    assert pseudonym_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_two_warehouses_have_two_keys(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert pseudonym_key(tmp_path / "a") != pseudonym_key(tmp_path / "b")


def test_the_variable_wins_and_writes_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, KEY)
    assert pseudonym_key(tmp_path) == KEY
    assert not (tmp_path / FILE).exists()


def test_a_key_that_others_may_read_is_refused(tmp_path):
    pseudonym_key(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"permissions 644 \| to fix: chmod 600"):
        pseudonym_key(tmp_path)


def test_a_short_key_is_refused_without_being_shown(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, VARIABLE, "secret")
    with pytest.raises(ConfigurationError, match="6 characters, at least 16") as refused:
        pseudonym_key(tmp_path)
    assert "secret" not in str(refused.value).replace("keep them secret", "")
