"""`alm explain`: one position of a closed month under one scenario, date by date.

Runs the close's own projection for that position alone and sets its total beside the value that the
close stored.
"""

from __future__ import annotations

import numpy as np

from alm_pipeline.engine.simulation.explain import explain
from alm_pipeline.engine.simulation.redemption import redemption_values
from alm_pipeline.engine.simulation.sensitivities import sensitivities
from alm_pipeline.engine.simulation.setting import SimulationOptions, prepared
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.behaviour import behaviour_arrays, behaviour_rows
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.simulation import (
    EVENTS,
    LENSES,
    Markets,
    curves_of,
    markets_of,
    pass_inputs,
    redeemable_of,
)
from alm_pipeline.reporting.explanation import KEY_TENOR_YEARS, Explanation
from alm_pipeline.warehouse.array_bridge import BridgeCodes, EngineBook, engine_book
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
    figures, session = bank.figures, bank.store.session
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
    book = engine_book(rows, events, partition.as_of_date, _codes(bank, markets))
    options = _options(bank, partition, book)
    assumed = behaviour_rows(figures.assumptions, figures.scenarios, scenarios)
    behaviour = behaviour_arrays(assumed, tuple(figures.assumptions.segments()), scenarios)
    curves = curves_of(markets, scenarios)
    volatilities = markets.volatilities.under(figures.scenarios, scenarios)
    redeemable = redeemable_of(bank, markets, book, scenarios)
    tenors = np.array(KEY_TENOR_YEARS, dtype=np.int32) * 365
    given = (book.positions, curves, behaviour, options)
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


def _options(bank: Bank, partition: Partition, book: EngineBook) -> SimulationOptions:
    """Return the choices under which the close ran the position."""
    return SimulationOptions(
        as_of_date=np.datetime64(partition.as_of_date, "D"),
        eve_margins=bank.settings.eve_margins,
        nii_path=bank.settings.nii_base_path,
        lenses=LENSES,
        adjustments=book.adjustments,
    )


def _codes(bank: Bank, markets: Markets) -> BridgeCodes:
    return BridgeCodes(
        curve_ids=markets.base.curve_ids,
        segments=tuple(bank.figures.assumptions.segments()),
        products=bank.figures.products,
        curves=bank.figures.curves,
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
