"""How base values and income of a month's positions move with rates, as rows of contracted tables.

The arithmetic is `engine/simulation/sensitivities.py`, for par rates
`engine/scenarios/par_key_rates.py`; what is stopped in the base has no row.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.market.curve import ZeroCurve
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.engine.scenarios.node_moves import KEY_TENORS
from alm_pipeline.engine.scenarios.par_key_rates import par_key_rate_weights
from alm_pipeline.engine.simulation.sensitivities import Sensitivities, sensitivities
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import customers_of
from alm_pipeline.orchestration.markets import curves_of, main_rows, markets_of
from alm_pipeline.orchestration.result_tables import position_table
from alm_pipeline.orchestration.simulation import BASE, month_book, options_of
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition

SENSITIVITIES = "scenarios.position_sensitivities"
PAR_KEY_RATES = "scenarios.par_key_rates"


def position_sensitivities(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.position_sensitivities``; what the engine reads is bound."""
    markets = markets_of(bank, partition, (BASE,))
    book = month_book(bank, partition, markets)
    options = options_of(bank, partition, book, ("value",))
    curves = curves_of(markets, (BASE,))
    held = customers_of(bank, partition, book, curves, (BASE,))
    measured = sensitivities(
        held.book.positions,
        curves,
        held.behaviour,
        options,
        tenor_offsets(options.as_of_date, list(KEY_TENORS)),
        book.agendas,
    )
    return _table(book, measured, partition)


def _table(book: EngineBook, measured: Sensitivities, partition: Partition) -> pa.Table:
    numbers = {
        "present_value": measured.present_value,
        "dv01": measured.dv01,
        "curvature": measured.curvature,
        "yield_value": measured.yield_value,
        "yield_dv01": measured.yield_dv01,
        "index_dv01": measured.index_dv01,
        "nii_dv01": measured.nii_dv01,
        "nii_index_dv01": measured.nii_index_dv01,
    }
    for column, tenor in enumerate(KEY_TENORS):
        numbers[f"dv01_{tenor.lower()}"] = measured.key_rate_dv01[:, column]
        numbers[f"nii_dv01_{tenor.lower()}"] = measured.nii_key_rate_dv01[:, column]
    columns = {name: pa.array(amounts) for name, amounts in numbers.items()}
    return position_table(book, partition, np.arange(len(measured.dv01)), columns)


def par_key_rates(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.par_key_rates``; what the engine reads is bound.

    Each currency's first discount curve says what a par rate is.
    """
    base = markets_of(bank, partition, (BASE,)).base
    as_of = np.datetime64(partition.as_of_date, "D")
    main = sorted(set(main_rows(base, bank.figures.curves).tolist()))
    weights = [
        par_key_rate_weights(ZeroCurve(base.tenor_days, base.zero_rates[row]), as_of)
        for row in main
    ]
    n = len(KEY_TENORS)
    return pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(partition.as_of_date), len(main) * n * n),
            "currency": pa.array([base.currencies[row] for row in main for _ in range(n * n)]),
            "tenor": pa.array([par for _ in main for par in KEY_TENORS for _ in KEY_TENORS]),
            "zero_tenor": pa.array(list(KEY_TENORS) * (len(main) * n), pa.string()),
            "zero_move_share": pa.array(np.array(weights, np.float64).ravel()),
        }
    )
