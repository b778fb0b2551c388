"""Results of a pass as rows of the contracted tables, one scenario at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alm_pipeline.engine.simulation.result import BucketAmounts
from alm_pipeline.inputs.time_buckets import DAYS
from alm_pipeline.inputs.zero_rates import zero_rate_table
from alm_pipeline.orchestration.simulation import INCOME_MONTHS, MonthPass
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition

Items = Mapping[str, NDArray[np.float64]]
"""Amounts by name, (n, n_places) each."""

_PRINCIPAL = {
    "opening_principal": "opening",
    "drawn_principal": "drawn",
    "capitalised_interest": "capitalised",
    "scheduled_principal": "scheduled",
    "prepaid_principal": "prepaid",
    "written_off_principal": "written_off",
}
_MONTHLY = {
    **_PRINCIPAL,
    "closing_principal": "closing",
    "interest_amount": "interest",
    "replacement_interest": "replacement",
    "margin_interest": "margin",
    "option_interest": "option",
    "average_principal": "average",
}


def zero_rates(done: MonthPass, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.zero_rates``."""
    return zero_rate_table(done.markets.base, done.markets.shocked[partition.scenario])


def stopped_currencies(done: MonthPass, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.stopped_currencies``."""
    stopped = done.markets.stopped(partition.scenario)
    held = [done.held.get(currency, (0, 0)) for currency in stopped]
    return _table(
        partition,
        {
            "currency": pa.array(list(stopped), pa.string()),
            "cause": pa.array(list(stopped.values()), pa.string()),
            "n_positions": pa.array([n for n, _ in held], pa.int64()),
            "outstanding_principal": pa.array([float(amount or 0) for _, amount in held]),
        },
    )


def position_values(done: MonthPass, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.position_values``; stopped currencies have none."""
    book, result = done.book, done.result
    column = done.scenarios.index(partition.scenario)
    group = book.positions.group
    kept = np.flatnonzero(~np.isin(book.currency[group], _stopped(done, partition)))
    chosen, other = result.net_interest_income, result.net_interest_income_other_path
    numbers = {
        "present_value": result.present_value,
        "option_value": result.option_value,
        **{f"nii_{n}m": chosen[n] for n in INCOME_MONTHS},
        **{f"nii_{n}m_other_path": other[n] for n in INCOME_MONTHS},
        **{f"amortised_{n}m": result.amortised[n] for n in INCOME_MONTHS},
        **{name: result.principal[item] for name, item in _PRINCIPAL.items()},
        "remaining_principal": result.principal["remaining"],
    }
    amounts = {name: pa.array(values[kept, column]) for name, values in numbers.items()}
    return position_table(book, partition, kept, amounts)


def position_table(
    book: EngineBook,
    partition: Partition,
    kept: NDArray[np.int64],
    columns: Mapping[str, pa.Array],
    words: Mapping[str, str] | None = None,
) -> pa.Table:
    """Return rows by position: those of ``kept`` (m,), named, with columns (m,) and equal words."""
    is_all = np.array_equal(kept, np.arange(book.names.num_rows))
    names = book.names if is_all else book.names.take(kept)
    same = {name: _repeated(word, len(kept)) for name, word in (words or {}).items()}
    named = dict(zip(names.column_names, names.columns, strict=True))
    return _table(partition, {**same, **named, **columns})


def group_table(
    book: EngineBook,
    partition: Partition,
    groups: NDArray[np.int64],
    columns: Mapping[str, pa.Array],
    words: Mapping[str, str] | None = None,
) -> pa.Table:
    """Return rows by entity, currency and product: of ``groups`` (m,), as many of each as fit.

    Columns (m x n,), group after group, and equal words.
    """
    n_rows = len(next(iter(columns.values())))
    keys = {
        "entity_id": book.entity_id,
        "currency": book.currency,
        "product_code": book.product_code,
    }
    row = np.repeat(groups, n_rows // max(len(groups), 1))
    named = {name: pa.array(one[row], pa.string()) for name, one in keys.items()}
    same = {name: _repeated(word, n_rows) for name, word in (words or {}).items()}
    return _table(partition, {**same, **named, **columns})


def cash_flow_buckets(done: MonthPass, partition: Partition, scenario: str = "") -> pa.Table:
    """Return the rows of ``cash_flow_buckets``: by repricing or pay date as the set says."""
    column = done.scenarios.index(scenario or partition.scenario)
    groups = _groups(done, partition if partition.scenario else partition.under(scenario))
    parts = []
    for name, amounts in done.result.buckets.items():
        if name == DAYS:
            continue
        items = bucket_items(amounts, column)
        n_buckets = items["principal_amount"].shape[1]
        parts.append(
            group_table(
                done.book,
                partition,
                groups,
                {
                    "bucket": pa.array(np.tile(np.arange(1, n_buckets + 1), len(groups))),
                    **{item: pa.array(found[groups].ravel()) for item, found in items.items()},
                },
                {"bucket_set": name},
            )
        )
    return pa.concat_tables(parts)


def contractual_days(done: MonthPass, partition: Partition) -> pa.Table:
    """Return the rows of ``cash_flows.contractual_days``: days on which something is paid."""
    items = bucket_items(done.result.buckets[DAYS], 0)
    paid = {item: items[item][:, :-1] for item in ("principal_amount", "interest_amount")}
    group, day = where_any(paid)
    columns = {name: pa.array(found) for name, found in amounts_at(paid, group, day).items()}
    return group_table(done.book, partition, group, {"flow_day": pa.array(day), **columns})


def bucket_items(amounts: BucketAmounts, column: int) -> dict[str, NDArray[np.float64]]:
    """Return what a bucket set says under one scenario, (n_groups, n_buckets) each."""
    principal = amounts.repricing_principal if amounts.is_by_repricing else amounts.principal
    paid = 0.0 if amounts.is_by_repricing else 1.0
    return {
        "principal_amount": principal[:, :, column],
        "interest_amount": amounts.interest[:, :, column] * paid,
        "present_value": amounts.present_value[:, :, column],
    }


def where_any(items: Items) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where amounts (n, n_places) are not all nothing."""
    row, place = np.nonzero(np.any([values != 0.0 for values in items.values()], axis=0))
    return row, place


def amounts_at(items: Items, row: NDArray[np.int64], place: NDArray[np.int64]) -> Items:
    """Return the amounts (n, n_places) of these places, (m,) each."""
    return {name: values[row, place] for name, values in items.items()}


def monthly_balances(done: MonthPass, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.monthly_balances``."""
    column = done.scenarios.index(partition.scenario)
    groups, items = _groups(done, partition), month_items(done.result.monthly, column)
    n_months = items["opening_principal"].shape[1]
    return group_table(
        done.book,
        partition,
        groups,
        {
            "month_index": pa.array(np.tile(np.arange(1, n_months + 1), len(groups))),
            **{item: pa.array(found[groups].ravel()) for item, found in items.items()},
        },
    )


def growth_income(done: MonthPass, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.growth_income``."""
    assert done.growth is not None
    column = done.scenarios.index(partition.scenario)
    return _table(partition, done.growth.columns(column, _stopped(done, partition)))


def month_items(
    monthly: Mapping[str, NDArray[np.float64]], column: int
) -> dict[str, NDArray[np.float64]]:
    """Return what months say under one scenario, (n_groups, n_months) each."""
    return {name: monthly[item][:, :, column] for name, item in _MONTHLY.items()}


def _stopped(done: MonthPass, partition: Partition) -> list[str]:
    return list(done.markets.stopped(partition.scenario))


def _groups(done: MonthPass, partition: Partition) -> Any:
    return np.flatnonzero(~np.isin(done.book.currency, _stopped(done, partition)))


def _table(partition: Partition, columns: Mapping[str, pa.Array]) -> pa.Table:
    n_rows = len(next(iter(columns.values())))
    keys = {"as_of_date": _repeated(partition.as_of_date, n_rows)}
    if partition.scenario:
        keys["scenario"] = _repeated(partition.scenario, n_rows)
    return pa.table({**keys, **columns})


def _repeated(value: Any, n_rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), n_rows)
