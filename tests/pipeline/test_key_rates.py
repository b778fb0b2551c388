"""Key rates of the demo bank add up to the parallel shift, over all products at once."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.demo import write_demo_bank
from alm_pipeline.engine.simulation.sensitivities import sensitivities
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.inputs.behaviour import behaviour_arrays, behaviour_rows
from alm_pipeline.orchestration.markets import curves_of, markets_of
from alm_pipeline.orchestration.simulation import EVENTS, pass_inputs
from alm_pipeline.reporting.explanation import KEY_TENOR_YEARS
from alm_pipeline.warehouse.array_bridge import BridgeCodes, engine_book
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import BASE, DAY, write_folder

SHARE_OF_GROSS = 0.005


@pytest.mark.slow(seconds=60)
def test_key_rates_of_the_demo_bank_add_up_to_the_parallel_shift(tmp_path):
    folder = write_folder(tmp_path / "bank", (BASE,))
    write_demo_bank(folder.path, month_ends=[DAY], n_positions=2_000, seed=3)
    assert folder.close().failures == ()
    found = _sensitivities(folder.bank)
    gross = np.abs(found.dv01).sum()
    difference = abs(found.key_rate_dv01.sum() - found.dv01.sum())
    assert gross > 0.0
    assert difference <= SHARE_OF_GROSS * gross
    each = np.abs(found.key_rate_dv01.sum(axis=1) - found.dv01).sum()
    assert each <= SHARE_OF_GROSS * gross


def _sensitivities(bank):
    """Return what every position of the month does, with behaviour as in the base."""
    partition = Partition(DAY, BASE)
    pass_inputs(bank, partition)
    figures, session = bank.figures, bank.store.session
    markets = markets_of(bank, partition, (BASE,))
    segments = tuple(figures.assumptions.segments())
    codes = BridgeCodes(
        curve_ids=markets.base.curve_ids,
        segments=segments,
        products=figures.products,
        curves=figures.curves,
    )
    rows = session.query("select * from book.positions order by position_id")
    book = engine_book(rows, session.query(EVENTS), DAY, codes)
    assumed = behaviour_rows(figures.assumptions, figures.scenarios, (BASE,))
    options = SimulationOptions(
        as_of_date=np.datetime64(DAY, "D"), adjustments=book.adjustments, threads=2
    )
    return sensitivities(
        book.positions,
        curves_of(markets, (BASE,)),
        behaviour_arrays(assumed, segments, (BASE,)),
        options,
        np.array(KEY_TENOR_YEARS, dtype=np.int32) * 365,
        book.agendas,
    )
