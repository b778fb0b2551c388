"""Banks that several tests look at, written once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from alm_pipeline.demo import month_ends, write_demo_bank

LAST = dt.date(2026, 10, 31)


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two month ends of a bank of 2 000 positions."""
    into = tmp_path_factory.mktemp("small_demo")
    write_demo_bank(into, month_ends=month_ends(LAST, 2), n_positions=2_000)
    return into


@pytest.fixture(scope="session")
def product_codes() -> set[str]:
    """Product codes of the shipped map."""
    shipped = Path(__file__).parents[3] / "data_contracts" / "products.yaml"
    return set(yaml.safe_load(shipped.read_text(encoding="utf-8"))["products"])
