"""How the base values of a month's positions move with rates, as rows of the contracted table.

The arithmetic is `engine/simulation/sensitivities.py`; what is stopped in the base has no row.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.engine.scenarios.node_moves import KEY_TENORS
from alm_pipeline.engine.simulation.sensitivities import Sensitivities, sensitivities
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.markets import curves_of, markets_of
from alm_pipeline.orchestration.result_tables import position_table
from alm_pipeline.orchestration.simulation import BASE, behaviour_of, month_book, options_of
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition

SENSITIVITIES = "scenarios.position_sensitivities"


def position_sensitivities(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.position_sensitivities``; what the engine reads is bound."""
    markets = markets_of(bank, partition, (BASE,))
    book = month_book(bank, partition, markets)
    options = options_of(bank, partition, book, ("value",))
    measured = sensitivities(
        book.positions,
        curves_of(markets, (BASE,)),
        behaviour_of(bank, (BASE,)),
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
    } | {
        f"dv01_{tenor.lower()}": measured.key_rate_dv01[:, column]
        for column, tenor in enumerate(KEY_TENORS)
    }
    columns = {name: pa.array(amounts) for name, amounts in numbers.items()}
    return position_table(book, partition, np.arange(len(measured.dv01)), columns)
