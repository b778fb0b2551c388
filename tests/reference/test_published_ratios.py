"""Ratios that a bank published, made by our reports from the components it published with them.

Differences have two sources: a published coverage ratio is the average of daily ratios, not the
ratio of averages, and a published stable funding ratio is cut after one digit.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from tests.sql.harness import SqlBench
from tests.sql.liquidity_rows import LCR, NSFR, give_packs, total

FILE = "data/published_disclosures/published_dev.csv"
PERCENTAGE_POINT = 0.01
UNIT = {"entity_id": "BANK", "row_kind": "entity", "contract_currency": "all", "currency": "USD",
        "availability": "available", "excluded_rows": 0, "excluded_amount": 0.0,
        "excluded_share": 0.0}  # fmt: skip


def published(shared: Path, ratio: str) -> list[dict[str, float]]:
    """Return the components of every date on which a ratio was published."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    with (shared / FILE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["table"] == ratio:
                found[row["as_of"]][row["item"]] = float(row["value"])
    return list(found.values())


def test_coverage_ratios_are_those_published(shared):
    cases = published(shared, "LCR")
    assert len(cases) == 2
    for case in cases:
        bench = SqlBench()
        give_packs(bench)
        bench.give("reports.hqla_stock", [{**UNIT, "pack": LCR, "hqla_amount": case["HQLA"]}])
        bench.give("reports.lcr_lines", [
            {**UNIT, "pack": LCR, "lcr_rule": side, "ratio_side": side,
             "weighted_line_amount": case[f"{side}s"]} for side in ("outflow", "inflow")
        ])  # fmt: skip
        row = total(bench.run("reports.lcr"))
        assert float(row["net_outflow_amount"]) == pytest.approx(case["net_outflows"], abs=1.0)
        assert row["lcr_share"] == pytest.approx(
            case["LCR_pct"] / 100.0, abs=0.1 * PERCENTAGE_POINT
        )


def test_stable_funding_ratios_are_those_published(shared):
    cases = published(shared, "NSFR")
    assert len(cases) == 2
    for case in cases:
        bench = SqlBench()
        bench.give("reports.nsfr_lines", [
            {**UNIT, "pack": NSFR, "nsfr_rule": side, "residual_maturity": "open",
             "ratio_side": side, "weighted_line_amount": case[name]}
            for side, name in (("available", "ASF"), ("required", "RSF"))
        ])  # fmt: skip
        row = total(bench.run("reports.nsfr"))
        published_ratio = case["NSFR_pct"] / 100.0
        assert row["nsfr_share"] == pytest.approx(published_ratio, abs=0.1 * PERCENTAGE_POINT)
        cut = int(1000.0 * row["nsfr_share"]) / 1000.0
        assert cut == pytest.approx(published_ratio, abs=1e-9)
