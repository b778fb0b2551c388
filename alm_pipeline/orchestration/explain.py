"""`alm explain`: one position of a closed month under one scenario, date by date.

Runs the close's own projection for that position alone and sets its total beside the value that the
close stored.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.simulation.explain import explain
from alm_pipeline.engine.simulation.redemption import redemption_values
from alm_pipeline.engine.simulation.sensitivities import sensitivities
from alm_pipeline.engine.simulation.setting import prepared
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import customers_of
from alm_pipeline.orchestration.markets import curves_of, markets_of
from alm_pipeline.orchestration.simulation import (
    EVENTS,
    LENSES,
    book_of,
    options_of,
    pass_inputs,
    redeemable_of,
)
from alm_pipeline.reporting.explanation import KEY_TENOR_YEARS, Explanation
from alm_pipeline.warehouse.partition import Partition


def explain_position(bank: Bank, position_id: str, partition: Partition) -> Explanation:
    """Project one position again and return its dates.

    Raises
    ------
    ConfigurationError
        If there is no such position at that month end.
    """
    scenarios = (partition.scenario,)
    pass_inputs(bank, partition)
    session = bank.store.session
    markets = markets_of(bank, partition, scenarios)
    select = "select * from book.positions where position_id = $id"
    rows = session.query(select, {"id": position_id})
    if rows.num_rows != 1:
        raise ConfigurationError(
            f"there is no position {position_id}",
            where=str(partition.as_of_date),
            fix="take a position_id of book.positions",
        )
    events = session.query(f"{EVENTS} where position_id = $id", {"id": position_id})
    book = book_of(bank, partition, markets, rows, events)
    options = options_of(bank, partition, book, LENSES)
    curves = curves_of(markets, scenarios)
    volatilities = markets.volatilities.under(bank.figures.scenarios, scenarios)
    redeemable = redeemable_of(bank.figures.scenarios, markets, book, scenarios)
    tenors = np.array(KEY_TENOR_YEARS, dtype=np.int32) * 365
    held = customers_of(bank, partition, book, curves, scenarios)
    given = (held.book.positions, curves, held.behaviour, options)
    ready = prepared(*given[:3], (), options, book.agendas, volatilities)
    return Explanation(
        position_id,
        partition,
        str(book.currency[0]),
        str(book.product_code[0]),
        explain(*given, book.agendas, volatilities),
        float(redemption_values(ready, curves, options, redeemable).sum()),
        sensitivities(*given, tenors, book.agendas),
        *_stored_values(bank, position_id, partition),
    )


def _stored_values(
    bank: Bank, position_id: str, partition: Partition
) -> tuple[float | None, float | None]:
    bank.store.bind("scenarios.position_values", partition)
    found = bank.store.session.rows(
        "select present_value, option_value from scenarios.position_values where position_id = $id",
        {"id": position_id},
    )
    return (found[0]["present_value"], found[0]["option_value"]) if found else (None, None)
