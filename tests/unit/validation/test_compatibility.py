"""A contract may grow in a minor version; what breaks a delivery needs a major one."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from alm_pipeline.errors import ContractError
from alm_pipeline.paths import DATA_CONTRACTS
from alm_pipeline.validation.compatibility import (
    breaking_changes,
    contracts_at,
    last_published,
    refuse_breaking_changes,
    refused_changes,
)


def changed(contract, name, **fields):
    columns = tuple(
        replace(column, **fields) if column.name == name else column for column in contract.columns
    )
    return replace(contract, columns=columns)


BREAKING = {
    "type": (("currency", {"type": "date"}), "column currency changes from text to date"),
    "presence": (("country", {"required": True}), "column country is now required"),
    "value": (("book", {"allowed": ("banking",)}), "column book no longer allows trading"),
    "values": (("country", {"allowed": ("US",)}), "column country now allows listed values only"),
    "form": (("loan_no", {"pattern": "^L"}), "column loan_no must have the form ^L"),
    "low": (("coupon_rate", {"minimum": 0.0}), "column coupon_rate has narrower bounds"),
    "high": (("coupon_rate", {"maximum": 0.5}), "column coupon_rate has narrower bounds"),
    "unit": (
        ("coupon_rate", {"unit": "percent"}),
        "column coupon_rate changes its unit from 'decimal per year' to 'percent'",
    ),
}


@pytest.mark.parametrize(("change", "message"), BREAKING.values(), ids=BREAKING)
def test_a_tighter_column_is_a_breaking_change(contracts, change, message):
    name, fields = change
    new = changed(contracts["loan"], name, **fields)
    assert breaking_changes(contracts["loan"], new) == (message,)


def test_a_column_removed_another_key_or_a_required_column_break(contracts):
    old = contracts["loan"]
    assert breaking_changes(old, replace(old, columns=old.columns[:-1])) == (
        "column collateral_class is gone",
    )
    assert breaking_changes(replace(old, columns=old.columns[1:]), old) == (
        "column as_of_date is new and required",
    )
    assert breaking_changes(old, replace(old, key=("loan_no",))) == (
        "key entity_id, loan_no becomes loan_no",
    )
    assert breaking_changes(replace(old, is_mandatory=False), old) == (
        "the extract is now mandatory",
    )


def test_a_wider_contract_breaks_nobody(contracts):
    old = contracts["loan"]
    wider = changed(old, "coupon_rate", minimum=-0.10, maximum=None)
    wider = changed(wider, "book", allowed=("banking", "trading", "other"))
    wider = changed(wider, "start_date", required=False)
    assert breaking_changes(old, wider) == ()
    assert breaking_changes(replace(old, columns=old.columns[:-1]), old) == ()


def test_a_breaking_change_passes_with_a_new_major_version_only(contracts):
    old = replace(contracts["loan"], version="1.0.0")
    new = replace(changed(old, "country", required=True), version="1.1.0")
    assert refused_changes({"loan": old}, {"loan": new}) == (
        "loan: column country is now required (version 1.0.0 to 1.1.0)",
    )
    assert refused_changes({"loan": old}, {"loan": replace(new, version="2.0.0")}) == ()
    assert refused_changes({"loan": old}, {}) == ("loan: the extract is gone",)


@pytest.fixture
def repository(tmp_path):
    """A repository with one published contract, tagged."""
    folder = tmp_path / "data_contracts" / "extracts"
    folder.mkdir(parents=True)
    text = (DATA_CONTRACTS / "extracts" / "fx_rate.yaml").read_text(encoding="utf-8")
    (folder / "fx_rate.yaml").write_text(text, encoding="utf-8")
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@bank.example"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return tmp_path


def test_contracts_are_compared_with_the_last_tag(repository, contracts):
    assert last_published(repository) == "v1"
    assert contracts_at(repository, "v1") == {"fx_rate": contracts["fx_rate"]}
    assert refuse_breaking_changes(repository, contracts) == "v1"
    broken = changed(contracts["fx_rate"], "base_currency", type="integer")
    with pytest.raises(ContractError, match="raise the major version") as refused:
        refuse_breaking_changes(repository, {"fx_rate": broken})
    assert "column base_currency changes from text to integer" in str(refused.value)


def test_outside_a_repository_there_is_nothing_to_compare_with(tmp_path, contracts):
    assert refuse_breaking_changes(tmp_path, contracts) == ""
    assert contracts_at(tmp_path, "v1") == {}
