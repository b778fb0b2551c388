"""Reads what the demo bank delivered and adds it up, in exact cents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from alm_pipeline.demo.files import column_types

CONTRACT_EXTRACTS = ("loan", "security", "deposit_term", "deposit_nmd", "borrowing")
LOANS = frozenset(
    {
        "mortgage_fixed",
        "mortgage_interest_only",
        "mortgage_floating",
        "mortgage_teaser",
        "consumer_loan",
        "auto_loan",
        "credit_card",
        "overdraft",
        "sme_loan",
        "corporate_loan",
        "non_performing_loan",
    }
)
ARROW = {"money": pa.decimal128(18, 2), "date": pa.date32(), "text": pa.string()}


def rows(folder: Path, extract: str) -> list[dict[str, Any]]:
    """Every row of an extract."""
    parquet = folder / f"{extract}.parquet"
    if parquet.exists():
        return list(pq.read_table(parquet).to_pylist())
    types = {n: ARROW[k] for n, k in column_types(extract).items() if k in ARROW}
    options = pacsv.ConvertOptions(column_types=types, strings_can_be_null=True)
    return list(pacsv.read_csv(folder / f"{extract}.csv.gz", convert_options=options).to_pylist())


def sheet(folder: Path) -> Iterable[tuple[dict[str, Any], str, Decimal]]:
    """Row, side and amount of everything on the balance sheet."""
    for extract in (*CONTRACT_EXTRACTS, "other_balance", "derivative"):
        for row in rows(folder, extract):
            amount = row["carrying_amount"] + (row.get("accrued_interest") or Decimal(0))
            side = row["side"]
            if extract == "derivative":
                side, amount = ("asset" if amount >= 0 else "liability"), abs(amount)
            yield row, side, amount


def ratios(folder: Path) -> dict[str, dict[str, float]]:
    """Equity, loan-to-deposit and margin per entity and for the group, from the files alone."""
    rate = next(r["fx_rate"] for r in rows(folder, "fx_rate") if r["base_currency"] == "EUR")
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row, side, amount in sheet(folder):
        value = float(amount) * (rate if row["currency"] == "EUR" else 1.0)
        principal = float(row.get("outstanding_principal") or 0)
        interest = principal * (row.get("coupon_rate") or 0.0)
        interest *= rate if row["currency"] == "EUR" else 1.0
        for key in (row["entity_id"], "GROUP"):
            into = sums[key]
            into[side] += value
            into["equity"] += value if row.get("line") == "equity" else 0.0
            into["loans"] += value if row["product_code"] in LOANS else 0.0
            into["deposits"] += value if "account_no" in row or "deposit_no" in row else 0.0
            into["income"] += interest if side == "asset" else -interest
    return {
        key: {
            "equity": s["equity"] / s["asset"],
            "loan_to_deposit": s["loans"] / s["deposits"],
            "margin": s["income"] / s["asset"],
        }
        for key, s in sums.items()
    }
