"""Automatic options apart from the rest of the book: who holds them, with them and without.

What bounds add to the interest of a month is what is paid with them less what would be paid
without, balances included: an instalment that follows a capped rate repays otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.engine.arrays import CountArray, FloatArray
from alm_pipeline.engine.cash_flows.accepted_terms import without_options
from alm_pipeline.orchestration.markets import OPTION_HELD, RIGHT_HELD
from alm_pipeline.warehouse.array_bridge import EngineBook

OPTIONS_HELD = f"({OPTION_HELD}) or ({RIGHT_HELD})"
"""Which rows of `book.positions` have bounds on their rate or may be redeemed early."""


def without_automatic_options(book: EngineBook) -> EngineBook:
    """Return a book whose rates have no bounds and whose positions run to their maturity."""
    return replace(book, positions=without_options(book.positions), rights=())


def rows_among(held: EngineBook, book: EngineBook) -> CountArray:
    """Return where the positions of a selection stand in a whole book, (n_held,)."""
    ids, every = (pa.array(one.position_ids, pa.string()) for one in (held, book))
    return np.asarray(pc.index_in(ids, value_set=every), dtype=np.int64)


def option_interest(
    held: EngineBook, run: Callable[[EngineBook], Mapping[str, FloatArray]]
) -> FloatArray:
    """Return what bounds on rates add to the interest of groups by month, (n_groups, n_months, S).

    Parameters
    ----------
    held : EngineBook
        Positions with options.
    run : callable
        The engine on a book, as `SimulationResult.monthly`.
    """
    with_bounds, without = (run(one)["interest"] for one in (held, without_automatic_options(held)))
    return np.asarray(with_bounds - without)


def of_groups(amounts: FloatArray, held: EngineBook, book: EngineBook) -> FloatArray:
    """Return amounts by group of a selection as those of a whole book; other groups have none."""
    places = {key: row for row, key in enumerate(_groups(book))}
    found = np.zeros((len(places), *amounts.shape[1:]))
    found[[places[key] for key in _groups(held)]] = amounts
    return found


def _groups(book: EngineBook) -> list[tuple[str, str, str]]:
    named = zip(book.entity_id, book.currency, book.product_code, strict=True)
    return [(str(entity), str(currency), str(code)) for entity, currency, code in named]
