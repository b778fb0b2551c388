"""Histories with known parameters: made by hand, or the demo bank's without its balance sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from alm_pipeline.calibration.records import Rows
from alm_pipeline.demo import history
from alm_pipeline.demo.balance_sheet import DEMAND_DEPOSITS
from alm_pipeline.demo.calendar import day_number
from alm_pipeline.demo.market import Market
from alm_pipeline.demo.month import Bank, Month

AS_OF = dt.date(2026, 10, 31)
CUT = np.datetime64("2024-10-31")


def months(n: int, first: str = "2016-01") -> Any:
    """First days of n months."""
    return (np.datetime64(first, "M") + np.arange(n)).astype("datetime64[D]")


def market_path(n: int) -> Any:
    """A market that stays at 1 %, rises to 5 %, stays, and falls to 3 %."""
    points = [(0, 0.01), (20, 0.01), (50, 0.05), (75, 0.05), (95, 0.03), (200, 0.03)]
    return np.interp(np.arange(n), [p[0] for p in points], [p[1] for p in points])


def loans(speed: Any, incentive: Any) -> Rows:
    """Cohorts of 1000 whose schedule repays 10 a month."""
    n = len(speed)
    monthly = 1.0 - (1.0 - speed) ** (1.0 / 12.0)
    return {
        "month": np.repeat(months(n // 4), 4),
        "cohort_id": np.tile([f"c{k}" for k in range(4)], n // 4),
        "vintage": np.tile(["2012", "2013", "2014", "2015"], n // 4),
        "opening_amount": np.full(n, 1000.0),
        "scheduled_amount": np.full(n, 10.0),
        "prepaid_amount": 990.0 * monthly,
        "coupon_rate": 0.03 + incentive,
        "market_rate": np.full(n, 0.03),
        "age_months": np.repeat(np.arange(n // 4), 4),
    }


def demo_month(seed: int) -> Month:
    """A month of the demo bank with its market and size, without contracts."""
    anchor = day_number(AS_OF)
    bank = Bank(seed, anchor, 2_000, Market(seed), None, {}, {})  # type: ignore[arg-type]
    return Month(anchor, bank, [], [], [], [], [])


def demo_cohorts(seed: int, entity: int = 0) -> dict[str, Rows]:
    """Deposit cohorts by product, ending at a billion."""
    month = demo_month(seed)
    return {
        product.code: rows_of([history._cohorts(month, product, entity, 10**11, 0.0)])
        for product in DEMAND_DEPOSITS
    }


def rows_of(tables: Iterable[pa.Table]) -> Rows:
    """Rows of extract tables as arrays, in order of time."""
    table = pa.concat_tables(tables)
    rows = {name: _column(table.column(name)) for name in table.column_names}
    order = np.argsort(rows["month"], kind="stable")
    return {name: column[order] for name, column in rows.items()}


def chosen(rows: Rows, **values: str) -> Rows:
    """Rows in which columns have these values."""
    kept = np.all([rows[name] == value for name, value in values.items()], axis=0)
    return {name: column[kept] for name, column in rows.items()}


def _column(values: pa.ChunkedArray) -> Any:
    if pa.types.is_date(values.type):
        return values.to_numpy().astype("datetime64[D]")
    if pa.types.is_decimal(values.type):
        return values.cast(pa.float64()).to_numpy()
    if pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
        return np.array(values.to_pylist(), dtype=str)
    return values.to_numpy()
