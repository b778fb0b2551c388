"""Automatic options apart from the rest of the book: who holds them, with them and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.engine.arrays import CountArray
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
