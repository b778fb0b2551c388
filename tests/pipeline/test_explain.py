"""Every position of the small bank, explained date by date, adds up to the value stored for it."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.explain import explain_position
from alm_pipeline.reporting.explanation import print_explanation
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import DAY, UP
from tests.pipeline.conftest import Closed


@pytest.mark.parametrize("scenario", ["base", UP])
def test_the_dates_of_a_position_add_up_to_its_stored_value(closed_small_bank: Closed, scenario):
    rows = closed_small_bank.folder.rows("scenarios.position_values", scenario=scenario)
    assert len(rows) > 10
    for row in rows:
        partition = Partition(DAY, scenario)
        found = explain_position(closed_small_bank.folder.bank, row["position_id"], partition)
        assert found.stored_value == row["present_value"]
        assert found.stored_option_value == row["option_value"]
        assert found.option_value == pytest.approx(row["option_value"], rel=1e-12, abs=1e-9)
        assert found.present_value == pytest.approx(row["present_value"], rel=1e-12, abs=1e-9)


def test_a_position_is_printed_with_what_made_each_amount(closed_small_bank: Closed):
    rows = closed_small_bank.folder.rows("scenarios.position_values", scenario="base")
    largest = max(rows, key=lambda row: abs(row["present_value"]))
    partition = Partition(DAY, "base")
    found = explain_position(closed_small_bank.folder.bank, largest["position_id"], partition)
    console = Console(width=180, record=True, file=StringIO())
    print_explanation(found, console)
    text = console.export_text()
    assert largest["position_id"] in text
    assert f"stored by the close  {largest['present_value']:,.6f}" in text


def test_an_unknown_position_is_refused_by_name(closed_small_bank: Closed):
    with pytest.raises(ConfigurationError, match="there is no position NOBODY"):
        explain_position(closed_small_bank.folder.bank, "NOBODY", Partition(DAY, "base"))
