"""What a scenario makes of a bank: value and income before and after, entity by entity.

The amounts are rows of the reports a close publishes, made for this scenario alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

__all__ = ["ScenarioResult", "result_lines"]

Row = Mapping[str, object]


@dataclass(frozen=True)
class ScenarioResult:
    """Rows of `reports.eve_sensitivity`, `nii_sensitivity`, `nii_balance_sheets`, and what stopped.

    ``planned``: income on a balance sheet that follows the plan; ``stopped``: currencies;
    ``windows``: months of income that are shown. Of a liquidity stress also ``survival``, of
    weights of the coverage ratio ``coverage``: rows of the reports of these names.
    """

    scenario: str
    as_of_date: date
    eve: Sequence[Row]
    nii: Sequence[Row]
    planned: Sequence[Row]
    stopped: Sequence[Row]
    windows: Sequence[int] = (12, 24, 36)
    survival: Sequence[Row] = ()
    coverage: Sequence[Row] = ()


def result_lines(result: ScenarioResult) -> Iterator[str]:
    """Yield the result as lines: one per entity and measure, in the reporting currency."""
    yield f"{result.scenario} on the book of {result.as_of_date}"
    amounts = f"{'base':>18} {'scenario':>18} {'change':>18}"
    yield f"{'entity':<12} {'measure':<22} {amounts} {'of Tier 1':>9}"
    measures = [("economic value", "eve", "eve_base", "delta_eve", result.eve)]
    measures += [
        (
            f"interest, {months} months", "nii", "nii_base", "delta_nii",
            [row for row in result.nii if row["horizon_months"] == months],
        )
        for months in result.windows
    ]  # fmt: skip
    for title, moved, base, change, rows in measures:
        for row in _totals(rows, result.scenario):
            share = row.get(f"{change}_tier1_share")
            money = " ".join(_money(row[name]) for name in (base, moved, change))
            line = f"{row['entity_id']!s:<12} {title:<22} {money} {_share(share):>9}"
            yield f"{line}  {row['currency']}"
    yield from _planned_lines(result)
    yield from _liquidity_lines(result)
    for row in result.stopped:
        amount = _money(row["outstanding_principal"]).strip()
        held = f"{row['n_positions']} positions, {amount}"
        yield f"{row['currency']} is stopped: {held}: {row['cause']}"


def _planned_lines(result: ScenarioResult) -> Iterator[str]:
    """Yield income on a balance sheet that follows the plan, beside that of the base."""
    base = {
        (row["entity_id"], row["horizon_months"]): row["nii_dynamic"]
        for row in result.planned
        if row["scenario"] == "base"
    }
    for row in result.planned:
        before, after = base.get((row["entity_id"], row["horizon_months"])), row["nii_dynamic"]
        is_shown = row["scenario"] == result.scenario and row["horizon_months"] in result.windows
        if is_shown and before is not None and after is not None:
            amounts = (before, after, float(str(after)) - float(str(before)))
            title = f"as planned, {row['horizon_months']} months"
            money = " ".join(_money(one) for one in amounts)
            yield f"{row['entity_id']!s:<12} {title:<22} {money} {'':>9}  {row['currency']}"


def _liquidity_lines(result: ScenarioResult) -> Iterator[str]:
    """Yield how long money lasts, and the coverage ratio with the scenario's weights."""
    if result.survival:
        days = " ".join(f"{title:>18}" for title in ("day 1", "day 30", "on the worst day"))
        yield f"{'entity':<12} {'money left':<22} {days}"
    for row in result.survival:
        if (row["stress"], row["contract_currency"]) == (result.scenario, "all"):
            left = ("position_1d_amount", "position_30d_amount", "least_position_amount")
            money = " ".join(_money(row[name]) for name in left)
            yield f"{row['entity_id']!s:<12} {row['survival']!s:<22} {money} {row['currency']:>14}"
    for row in result.coverage:
        if row["what_if"] == result.scenario:
            ratios = (_share(row[name]) for name in ("lcr_share", "what_if_lcr_share"))
            shown = " ".join(f"{ratio or 'none':>18}" for ratio in ratios)
            yield f"{row['entity_id']!s:<12} {'coverage ratio':<22} {shown}"


def _totals(rows: Sequence[Row], scenario: str) -> list[Row]:
    """Return the rows of the scenario over all families, eliminations left out."""
    return [
        row
        for row in rows
        if row["scenario"] == scenario
        and row["family"] == "total"
        and row["row_kind"] != "elimination"
    ]


def _money(amount: object) -> str:
    return f"{'not available':>18}" if amount is None else f"{float(str(amount)):>18,.0f}"


def _share(share: object) -> str:
    return "" if share is None else f"{100.0 * float(str(share)):.2f} %"
