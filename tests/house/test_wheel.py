"""What is installed is complete: SQL and data contracts travel in the wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from tests.house.project import CONTRACTS, ROOT, SQL

REPORT = "import alm_pipeline.paths as p; print(p.SQL); print(p.DATA_CONTRACTS)"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow(seconds=10)
def test_the_wheel_holds_every_sql_file_and_data_contract(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"alm_pipeline/sql/{p.relative_to(SQL).as_posix()}" for p in SQL.rglob("*.sql")}
    expected |= {
        f"alm_pipeline/data_contracts/{p.relative_to(CONTRACTS).as_posix()}"
        for p in CONTRACTS.rglob("*.yaml")
    }
    assert expected
    assert expected - inside == set()
    assert not [name for name in inside if name.startswith("tests/")]


@pytest.mark.slow(seconds=10)
def test_an_installed_package_finds_them_inside_itself(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {REPORT}"
    command = [sys.executable, "-P", "-c", program]
    answer = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    sql, contracts = answer.stdout.split()
    assert sql == str(tmp_path / "alm_pipeline" / "sql")
    assert contracts == str(tmp_path / "alm_pipeline" / "data_contracts")
