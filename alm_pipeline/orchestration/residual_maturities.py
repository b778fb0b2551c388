"""What every position pays as agreed, by the residual maturities of the liquidity ratios."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.markets import markets_of
from alm_pipeline.orchestration.result_tables import (
    amounts_at,
    bucket_items,
    position_table,
    where_any,
)
from alm_pipeline.orchestration.simulation import BASE, PassOptions, month_book, run_each
from alm_pipeline.warehouse.partition import Partition

RESIDUAL = "cash_flows.residual_maturities"
_AGREED = PassOptions((BASE,), is_contractual=True, lenses=("value",), kept_by="position")
_PAID = ("principal_amount", "interest_amount")


def residual_maturities(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of `cash_flows.residual_maturities`: buckets in which something is paid."""
    markets = markets_of(bank, partition, (BASE,))
    book = month_book(bank, partition, markets)

    def rows() -> Iterator[pa.Table]:
        for first, of_each in run_each(bank, partition, markets, book, _AGREED):
            for name, one in of_each.buckets.items():
                items = bucket_items(one, 0)
                paid = {item: items[item] for item in _PAID}
                row, bucket = where_any(paid)
                found = amounts_at(paid, row, bucket)
                columns = {item: pa.array(amounts) for item, amounts in found.items()}
                yield position_table(
                    book,
                    partition,
                    first + row,
                    {"bucket": pa.array(bucket + 1), **columns},
                    {"bucket_set": name},
                )

    return pa.concat_tables(rows())
