"""What a change of assumptions did to the headline results, and whether that needs an approval.

Two sets of published rows, made from the same book under the inputs before and after a change, are
compared metric by metric and entity by entity. How the rows are made does not belong here: both
sides come out of the pipeline itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alm_pipeline.inputs.approvals import ApprovalPolicy

__all__ = [
    "HEADLINE_TABLES",
    "Effect",
    "Measure",
    "described",
    "effects",
    "measures",
    "sentence_of",
]

HEADLINE_TABLES = (
    "reports.scorecard",
    "reports.irrbb_outlier_test",
    "reports.eve_sensitivity",
    "reports.nii_sensitivity",
    "metrics.report_footers",
)
_AMOUNTS = {"delta_eve": "delta_eve_weighted", "delta_nii_12m": "delta_nii_12m_weighted"}
_ROUNDING = 1e-12
Row = Mapping[str, Any]
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Measure:
    """One headline value of one entity or of the group.

    Attributes
    ----------
    value : float or None
        In `unit`; None where it is not available.
    amount : float or None
        The money behind it in the reporting currency, where there is any.
    tolerance_base : float
        What the tolerance of the metric is multiplied with.
    """

    value: float | None
    unit: str
    currency: str
    limit_status: str
    amount: float | None = None
    tolerance_base: float = 1.0


@dataclass(frozen=True)
class Effect:
    """What a change did to one measure; `key` is entity, row kind, metric, scope, direction."""

    key: Key
    before: Measure
    after: Measure
    tolerance: float

    @property
    def change(self) -> float | None:
        """After less before, None where one of them is not available."""
        return _difference(self.before.value, self.after.value)

    @property
    def amount_change(self) -> float | None:
        """Money after less before."""
        return _difference(self.before.amount, self.after.amount)

    @property
    def is_beyond_tolerance(self) -> bool:
        """Say whether the value moved further than allowed, appeared or disappeared."""
        if self.change is None:
            return self.before.value is not self.after.value
        return abs(self.change) > self.tolerance + _ROUNDING

    @property
    def is_limit_flipped(self) -> bool:
        """Say whether the limit has another status than before."""
        return self.before.limit_status != self.after.limit_status

    @property
    def needs_approval(self) -> bool:
        """Say whether the change may not be published without approval."""
        return self.is_beyond_tolerance or self.is_limit_flipped


def measures(tables: Mapping[str, Sequence[Row]]) -> dict[Key, Measure]:
    """Return the headline measures of one set of `HEADLINE_TABLES`: the scorecard, EVE and NII."""
    tested = {
        (row["entity_id"], row["row_kind"], row["scenario"]): row
        for row in tables["reports.irrbb_outlier_test"]
    }
    found: dict[Key, Measure] = {}
    for row in tables["reports.scorecard"]:
        unit = (row["entity_id"], row["row_kind"])
        test = tested.get((*unit, row["worst_scenario"]), {})
        has_amount = row["unit"] == "share_of_tier1" and row["metric"] in _AMOUNTS
        amount = test.get(_AMOUNTS[row["metric"]]) if has_amount else None
        key = (*unit, row["metric"], row["scope"], row["limit_direction"])
        found[key] = Measure(
            row["value"], row["unit"], row["currency"], row["limit_status"], _float(amount)
        )
    return found | _levels(tables)


def _levels(tables: Mapping[str, Sequence[Row]]) -> dict[Key, Measure]:
    """Return economic value and income of the base scenario, with Tier 1 as what they may move."""
    tier1 = {
        (row["entity_id"], row["row_kind"]): _float(row["tier1_amount"])
        for row in tables["metrics.report_footers"]
    }
    found: dict[Key, Measure] = {}
    for table, metric, column in (
        ("reports.eve_sensitivity", "eve_base", "eve"),
        ("reports.nii_sensitivity", "nii_12m_base", "nii"),
    ):
        for row in tables[table]:
            unit = (row["entity_id"], row["row_kind"])
            is_level = row["scenario"] == "base" and row["family"] == "total"
            if not is_level or unit[1] == "elimination" or row.get("horizon_months", 12) != 12:
                continue
            amount = _float(row[column])
            base = tier1.get(unit) or abs(amount or 0.0)
            key = (*unit, metric, "base", "no limit")
            found[key] = Measure(amount, "amount", row["currency"], "no limit", amount, base)
    return found


def effects(
    before: Mapping[Key, Measure], after: Mapping[Key, Measure], policy: ApprovalPolicy
) -> list[Effect]:
    """Return what happened to every measure that either side has, in the order of their keys."""
    found = []
    for key in sorted({*before, *after}):
        known = before.get(key) or after[key]
        missing = Measure(None, known.unit, known.currency, "not available")
        was, now = before.get(key, missing), after.get(key, missing)
        base = max(was.tolerance_base, now.tolerance_base)
        found.append(Effect(key, was, now, policy.tolerance(key[2]) * base))
    return [e for e in found if e.before.value is not None or e.after.value is not None]


def described(found: Iterable[Effect], entity_id: str) -> str:
    """Return in words what a change did: first the worst loss of value of the group, then others.

    Parameters
    ----------
    found : iterable of Effect
        What it did to every measure.
    entity_id : str
        The group, whose measures come first.
    """
    listed = [e for e in found if e.needs_approval or _is_headline(e, entity_id)]
    listed.sort(key=lambda e: (not _is_headline(e, entity_id), e.key[0] != entity_id, e.key))
    shown = [_sentence(effect) for effect in listed[:_MAX_SHOWN]]
    more = len(listed) - len(shown)
    return "; ".join(shown) + (f"; and {more} more in audit.change_impact" if more > 0 else "")


_MAX_SHOWN = 4


def _is_headline(effect: Effect, entity_id: str) -> bool:
    entity, _, metric, scope, _ = effect.key
    return (entity, metric) == (entity_id, "delta_eve") and scope == "worst_outlier_shape"


def _sentence(effect: Effect) -> str:
    entity_id, _, metric, scope, _ = effect.key
    was, now = effect.before, effect.after
    text = f"{entity_id} {metric} {scope} {_shown(was)} -> {_shown(now)}"
    if effect.is_beyond_tolerance:
        text += ", beyond the tolerance"
    if effect.is_limit_flipped:
        text += f", limit {was.limit_status} -> {now.limit_status}"
    return text


def sentence_of(row: Row) -> str:
    """Return a row of `audit.change_impact` in words."""
    key = (row["entity_id"], row["row_kind"], row["metric"], row["scope"], row["limit_direction"])
    was, now = (
        Measure(
            row[f"value_{side}"],
            row["unit"],
            row["currency"],
            row[f"limit_status_{side}"],
            row[f"amount_{side}"],
        )
        for side in ("before", "after")
    )
    return _sentence(Effect(key, was, now, row["tolerance"]))


def _shown(measure: Measure) -> str:
    if measure.value is None:
        return "not available"
    share = "" if measure.unit == "amount" else f"{100 * measure.value:.2f} %"
    money = "" if measure.amount is None else f"{measure.amount:,.2f} {measure.currency}"
    return f"{money} ({share})" if share and money else share or money


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
