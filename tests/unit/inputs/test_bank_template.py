"""`alm init`: a folder with settings that load and the bank's own data contracts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.bank_template import write_bank
from alm_pipeline.inputs.figures import load_figures
from alm_pipeline.inputs.settings import load_settings


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    named = {name: tmp_path / f"files_{name}" for name in ("berka", "ust")}
    for folder in named.values():
        folder.mkdir()
    return named


def test_a_written_bank_opens_with_its_own_figures(tmp_path: Path, folders: dict[str, Path]):
    written = write_bank("berka", folders, tmp_path / "bank")
    settings = load_settings(written)
    assert (settings.source, settings.reporting_currency) == ("berka", "CZK")
    assert settings.members == ("CZBANK",)
    assert settings.first_as_of_date == date(1993, 1, 31)
    assert {name: settings.resolved(path) for name, path in settings.data.items()} == folders
    assert settings.closing_scenarios[0] == "base"
    assert sum(name.startswith("eu_2024_") for name in settings.closing_scenarios) == 6
    products = load_figures(settings.overlay).products.products
    assert sorted(products) == ["current_account", "overdraft", "personal_loan"]
    assert products["personal_loan"].discount_curve == {"CZK": "czk_proxy"}


def test_the_demo_bank_needs_no_folder(tmp_path: Path):
    settings = load_settings(write_bank("demo", {}, tmp_path / "bank"))
    assert settings.landing_folder == (tmp_path / "bank" / "landing").resolve()
    assert settings.landing_folder.is_dir()


def test_everything_wrong_is_named_at_once_and_nothing_is_written(tmp_path: Path):
    given = {"berka": tmp_path / "absent", "moon": tmp_path}
    with pytest.raises(ConfigurationError) as caught:
        write_bank("berka", given, tmp_path / "bank")
    message = str(caught.value)
    for problem in ("folder ust is not given", "no folder moon", "absent is not a folder"):
        assert problem in message
    assert not (tmp_path / "bank").exists()


def test_a_bank_that_is_there_is_not_overwritten(tmp_path: Path):
    write_bank("demo", {}, tmp_path / "bank")
    with pytest.raises(ConfigurationError, match="is there already"):
        write_bank("demo", {}, tmp_path / "bank")


def test_an_unknown_source_names_the_known_ones(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="name one of berka, demo"):
        write_bank("atlantis", {}, tmp_path / "bank")
