"""What a source declares: read as frozen records, every problem named at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.data_contracts import load_extract_contracts
from alm_pipeline.inputs.sources import load_source, source_relations
from alm_pipeline.paths import DATA_CONTRACTS, SQL

SHIPPED = sorted(path.parent.name for path in (DATA_CONTRACTS / "sources").glob("*/source.yaml"))

DECLARED: dict[str, object] = {
    "source": "town",
    "about": "A savings bank of one town.",
    "owner": "team:town",
    "folders": {"core": {"about": "the core system's files"}},
    "dialects": {"core": {"delimiter": ";", "encoding": "cp1250"}},
    "control": {"is_delivered": False, "reason": "never written", "owner": "team:town"},
    "files": [
        {"name": "book", "folder": "core", "patterns": ["book*.txt"], "dialect": "core"},
    ],
    "sql_extracts": ["loan"],
    "not_delivered": [
        {"extract": "capital", "treatment": "no ratios", "reason": "not kept", "owner": "team:town"}
    ],
    "declared": [
        {
            "item": "loan_rate",
            "value": 0.05,
            "reason": "no rate is kept",
            "owner": "team:town",
            "applies_to": "raw.loan",
        }
    ],
}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "source.yaml"
    path.write_text(yaml.safe_dump(DECLARED | changes), encoding="utf-8")
    return path


def test_a_declaration_becomes_a_frozen_record(tmp_path: Path):
    town = load_source(written(tmp_path), ["loan", "capital"])
    assert town.raw_table("book") == "raw.town__book"
    assert town.file("book").matches("book_1993.txt")
    assert not town.file("book").matches("cookbook.txt")
    with pytest.raises(ValidationError, match="frozen"):
        town.owner = "team:other"


def test_an_identity_file_is_the_extract_itself(tmp_path: Path):
    identity = {
        "folder": "core",
        "patterns": ["{extract}.csv"],
        "dialect": "core",
        "extracts": ["loan"],
    }
    town = load_source(written(tmp_path, sql_extracts=[], identity=identity), ["loan", "capital"])
    assert town.raw_table("loan") == "raw.loan"
    assert town.file("loan").patterns == ("loan.csv",)


def test_code_lists_and_declared_figures_are_rows_for_sql(tmp_path: Path):
    lists = tmp_path / "code_lists"
    lists.mkdir()
    (lists / "side.csv").write_text("code,meaning,value\nC,credit,1\nD,debit,-1\n", "utf-8")
    relations = source_relations(load_source(written(tmp_path)))
    codes = [(row["code_list"], row["code"], row["value"]) for row in relations["source_codes"]]
    assert codes == [("side", "C", "1"), ("side", "D", "-1")]
    (figure,) = relations["declared"]
    assert (figure["item"], figure["value"], figure["label"]) == (
        "loan_rate",
        0.05,
        "declared, not delivered",
    )
    assert relations["not_delivered"][0]["extract"] == "capital"


def test_every_contradiction_is_named_in_one_message(tmp_path: Path):
    book = {"name": "book", "folder": "nowhere", "patterns": ["book.txt"], "dialect": "unknown"}
    path = written(tmp_path, files=[book, book], sql_extracts=["loan", "loan", "moan"])
    with pytest.raises(ConfigurationError) as caught:
        load_source(path, ["loan", "capital", "deposit_nmd"])
    message = str(caught.value)
    for problem in (
        "file book: declared 2 times",
        "extract loan: declared 2 times",
        "file book: folder nowhere is not declared",
        "file book: dialect unknown is not declared",
        "extract moan: no such contract",
        "extract deposit_nmd: neither delivered, built by SQL nor declared not delivered",
    ):
        assert problem in message


def test_every_unknown_or_missing_key_is_named_in_one_message(tmp_path: Path):
    path = written(tmp_path, owner=None, colour="blue", files=[{"name": "Book"}])
    with pytest.raises(ConfigurationError) as caught:
        load_source(path)
    message = str(caught.value)
    for place in ("owner:", "colour:", "files.0.name:", "files.0.folder:", "files.0.patterns:"):
        assert place in message


def test_a_missing_control_file_is_declared_with_reason_and_owner(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="not delivered needs a reason and an owner"):
        load_source(written(tmp_path, control={"is_delivered": False}))
    with pytest.raises(ConfigurationError, match="folder 'elsewhere' is not declared"):
        load_source(written(tmp_path, control={"folder": "elsewhere"}))


def test_a_file_nobody_declared_cannot_be_asked_for(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="name one of: book"):
        load_source(written(tmp_path)).file("cook")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_source_accounts_for_every_contracted_extract(name: str):
    path = DATA_CONTRACTS / "sources" / name / "source.yaml"
    contracts = load_extract_contracts(None)
    daily = {name for name, contract in contracts.items() if contract.is_daily}
    assert load_source(path, set(contracts) - daily, daily).source == name


def test_what_comes_every_day_is_a_source_of_its_own(tmp_path: Path):
    daily = {"folder": "desk", "patterns": ["{extract}.csv"], "extracts": ["capital", "cash"]}
    folders = {"core": {"about": "core"}, "desk": {"about": "desk", "is_per_as_of_date": True}}
    path = written(tmp_path, daily=daily, folders=folders)
    of_a_day = load_source(path, ["loan", "capital"], ["cash"]).of_a_day
    assert of_a_day is not None
    assert [spec.name for spec in of_a_day.file_specs] == ["capital", "cash"]
    assert set(of_a_day.folders) == {"desk"}
    assert of_a_day.of_a_day is None
    assert load_source(written(tmp_path)).of_a_day is None


def test_an_extract_of_days_needs_no_place_in_a_month_end(tmp_path: Path):
    daily = {"folder": "desk", "patterns": ["{extract}.csv"], "extracts": ["cash", "gold"]}
    with pytest.raises(ConfigurationError) as refused:
        load_source(written(tmp_path, daily=daily), ["loan", "capital"], ["cash"])
    assert "daily: folder desk is not declared" in str(refused.value)
    assert "daily extract gold: no such contract" in str(refused.value)
    assert "cash" not in str(refused.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_source_has_one_sql_file_per_table_it_builds(name: str):
    source = load_source(DATA_CONTRACTS / "sources" / name / "source.yaml")
    files = sorted(path.stem for path in (SQL / "10_raw" / name).glob("*.sql"))
    assert files == sorted([*source.sql_extracts, *source.sql_tables])
