"""A fresh database for every SQL test."""

from __future__ import annotations

import pytest

from tests.sql.harness import SqlBench
from tests.sql.report_rows import FOOTERS, PACK, RATES, SCENARIOS, UNITS


@pytest.fixture
def bench() -> SqlBench:
    """Runs SQL files on given rows."""
    return SqlBench()


@pytest.fixture
def reports(bench):
    """A bench with units, footers, rates, scenarios and a pack."""
    bench.give("book.reporting_units", UNITS)
    bench.give("metrics.report_footers", FOOTERS)
    bench.give("book.translation_rates", RATES)
    bench.give("inputs.scenarios", SCENARIOS)
    bench.give("inputs.rule_packs", PACK)
    bench.give("inputs.products", [{"product_code": "loan", "family": "loans"}])
    return bench
