"""How the base values of a month's positions move with rates, as rows of the contracted table.

The arithmetic is `engine/simulation/sensitivities.py`; what is stopped in the base has no row.
"""

from __future__ import annotations

import pyarrow as pa

from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.engine.scenarios.node_moves import KEY_TENORS
from alm_pipeline.engine.simulation.sensitivities import Sensitivities, sensitivities
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.simulation import (
    BASE,
    EVENTS,
    behaviour_of,
    book_of,
    curves_of,
    markets_of,
    options_of,
    valued_rows,
)
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition

SENSITIVITIES = "scenarios.position_sensitivities"


def position_sensitivities(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.position_sensitivities``; what the engine reads is bound."""
    markets = markets_of(bank, partition, (BASE,))
    rows = valued_rows(bank, markets)
    events = bank.store.session.query(f"{EVENTS} order by all")
    book = book_of(bank, partition, markets, rows, events)
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
    group = book.positions.group
    names = {
        "position_id": book.position_ids,
        "entity_id": book.entity_id[group],
        "currency": book.currency[group],
        "product_code": book.product_code[group],
    }
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
    days = pa.array([partition.as_of_date] * len(group), pa.date32())
    texts = {name: pa.array(values, pa.string()) for name, values in names.items()}
    return pa.table({"as_of_date": days, **texts, **{n: pa.array(v) for n, v in numbers.items()}})
