"""Today's book on the rates and assumptions of the close before: why value and income moved.

The book is run twice in the base: on the rates, volatilities and assumptions before, then on
today's rates with the assumptions before. What lies between two runs is the step. A curve before is
taken by tenor: it starts today as it started then. Exchange rates and what left or joined the book
are SQL's (`sql/70_scenarios/position_changes.sql`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.inputs.behaviour import BehaviourRow, behaviour_rows
from alm_pipeline.inputs.prepayment_terms import figures_of_text
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import with_customers
from alm_pipeline.orchestration.markets import Markets, Quoted, curves_of, markets_of
from alm_pipeline.orchestration.result_tables import position_table
from alm_pipeline.orchestration.simulation import BASE, PassOptions, month_book, run_engine
from alm_pipeline.warehouse.partition import Partition

RESTATED = "scenarios.restated_values"
PRIOR_QUOTES, PRIOR_VOLATILITIES = "book.prior_quotes", "book.prior_volatilities"
PRIOR_FIGURES = "behaviour.prior_figures"
PRIOR_READS = (PRIOR_QUOTES, PRIOR_VOLATILITIES, PRIOR_FIGURES)
"""What this table reads besides what every table of the engine does."""

_LENSES = ("value", "income", "premiums", "options")
_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("restatement", pa.string()),
        *((n, pa.string()) for n in ("position_id", "entity_id", "currency", "product_code")),
        *((n, pa.float64()) for n in ("present_value", "option_value", "nii_12m", "amortised_12m")),
    ]
)


def restated_values(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.restated_values``; none where no close came before."""
    for table in PRIOR_READS:
        bank.store.bind(table, partition)
    day = bank.store.session.value(f"select max(prior_as_of_date) from {PRIOR_QUOTES}")
    if day is None:
        return _SCHEMA.empty_table()
    before = markets_of(bank, partition, (BASE,), Quoted(PRIOR_QUOTES, PRIOR_VOLATILITIES, day))
    now = markets_of(bank, partition, (BASE,))
    assumed = _assumed_before(bank)
    return pa.concat_tables(
        [
            _rows(bank, partition, "rates and assumptions before", before, assumed),
            _rows(bank, partition, "assumptions before", now, assumed),
        ]
    )


def _rows(
    bank: Bank,
    partition: Partition,
    restatement: str,
    markets: Markets,
    assumed: Sequence[BehaviourRow],
) -> pa.Table:
    book = month_book(bank, partition, markets)
    held = with_customers(partition.as_of_date, book, curves_of(markets, (BASE,)), assumed)
    chosen = PassOptions((BASE,), lenses=_LENSES, customers=held)
    made = run_engine(bank, partition, markets, book, chosen)
    amounts = {
        "present_value": made.present_value,
        "option_value": made.option_value,
        "nii_12m": made.net_interest_income[12],
        "amortised_12m": made.amortised[12],
    }
    columns = {name: pa.array(values[:, 0]) for name, values in amounts.items()}
    every, words = np.arange(len(book.position_ids)), {"restatement": restatement}
    return position_table(book, partition, every, columns, words)


def _assumed_before(bank: Bank) -> list[BehaviourRow]:
    """Return what was assumed before; of a segment that is new, what is assumed today."""
    figures = bank.figures
    now = behaviour_rows(figures.assumptions, figures.scenarios, (BASE,))
    found = bank.store.session.rows(f"select * exclude (as_of_date) from {PRIOR_FIGURES}")
    before = {row["behaviour_segment"]: _behaviour_row(row) for row in found}
    return [before.get(row.behaviour_segment, row) for row in now]


def _behaviour_row(row: dict[str, Any]) -> BehaviourRow:
    given = {name: row[name] for name in BehaviourRow.__dataclass_fields__ if name in row}
    of_texts = {
        "core_profile": tuple(map(float, str(row["core_profile"] or "").split())),
        "prepayment_figures": figures_of_text(row["prepayment_figures"] or ""),
    }
    return BehaviourRow(**given | of_texts | {"scenario": BASE, "status": row["assumption_status"]})
