"""The gate before publication: governed inputs that changed are measured and must be approved.

Compared with the close published last for the month end, or else for the one before, every changed
object is measured on the book of this close: alone, and all together. An unapproved change that
moves a headline metric beyond its tolerance, or gives a limit another status, is refused with its
effect; the close published before stays. A change so small that it was published unapproved stays
open: later closes measure against what was approved last, so that small steps add up until somebody
approves. Assumptions past their expiry are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from alm_pipeline.audit.change_impact import Effect, Key, Measure, described, effects
from alm_pipeline.audit.change_rows import change_rows, impact_rows
from alm_pipeline.audit.governed_changes import Comparison
from alm_pipeline.errors import AlmError, ConfigurationError
from alm_pipeline.inputs.approvals import (
    POLICY_FILE,
    ApprovalBook,
    load_approvals,
    load_policy,
    policy_of,
)
from alm_pipeline.inputs.figures import DatedItem, expired
from alm_pipeline.inputs.governed import POLICY, GovernedSet
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.dual_run import headline_measures, measures_under
from alm_pipeline.warehouse.definitions import text_hash
from alm_pipeline.warehouse.journal import Action
from alm_pipeline.warehouse.manifests import Manifest
from alm_pipeline.warehouse.partition import Partition

__all__ = [
    "ALL",
    "UNAPPROVED",
    "comparison",
    "expiry_check",
    "governed_of",
    "measured_effects",
    "pass_gate",
]

ALL, UNAPPROVED = "all changes", "unapproved changes"


def comparison(bank: Bank, partition: Partition, run_id: str = "") -> Comparison | None:
    """Return what a close is compared with; None when that very close is published already."""
    published = bank.closes.current(partition.as_of_date)
    if published is not None and published.run_id == run_id:
        return None
    earlier = [published] if published else bank.closes.before(partition.as_of_date)[:1]
    overlay = bank.settings.overlay
    approvals = load_approvals(overlay)
    found = Comparison(
        now=bank.governed,
        before=approved_of(bank, earlier[0], approvals) if earlier else None,
        compared_run_id=earlier[0].run_id if earlier else "",
        approvals=approvals,
        policy=load_policy(overlay),
    )
    known = found.before.texts.get(POLICY_FILE) if found.before else None
    is_open = known is not None and POLICY in found.unapproved
    return replace(found, policy=policy_of(known)) if known and is_open else found


def governed_of(bank: Bank, manifest: Manifest) -> GovernedSet:
    """Return the governed objects a published close was made from.

    Raises
    ------
    WarehouseError
        If their texts were not kept, or were changed.
    """
    prefix = "contracts:"
    hashes = {
        name.removeprefix(prefix): digest
        for name, digest in manifest.inputs.items()
        if name.startswith(prefix) and GovernedSet.is_governed(name.removeprefix(prefix))
    }
    definitions = {name: manifest.definitions[name] for name in bank.governed.definitions}
    return GovernedSet(bank.definitions.texts(hashes), definitions)


def approved_of(bank: Bank, manifest: Manifest, approvals: ApprovalBook) -> GovernedSet:
    """Return the governed objects of a published close, unapproved ones as approved last."""
    published = governed_of(bank, manifest)
    still_open = {
        name: bank.definitions.text(sha256, name) if sha256 else ""
        for name, sha256 in manifest.last_approved.items()
        if approvals.find(name, published.content_hash(name)) is None
    }
    return published.with_said(still_open)


def pass_gate(bank: Bank, partition: Partition, run_id: str) -> dict[str, str]:
    """Measure what differs from what was approved last and record it with its approval.

    Returns
    -------
    dict of str to str
        Of every object that may be published unapproved, the hash of its text approved last, which
        is kept: `Manifest.last_approved`.

    Raises
    ------
    ConfigurationError
        If an assumption or limit has expired, or a change needs an approval that it does not have.
    """
    _refuse_expired(bank, partition)
    found = comparison(bank, partition, run_id)
    if found is None:  # published already, as it is
        current = bank.closes.current(partition.as_of_date)
        return current.last_approved if current else {}
    if not found.changed:
        return {}
    measured = measured_effects(bank, partition, found) if found.before else {}
    day = partition.as_of_date
    bank.change_log.record(
        change_rows(found, day, run_id), impact_rows(found, measured, day, run_id)
    )
    _refuse_unapproved(bank, partition, found, measured)
    approved = found.last_approved
    bank.definitions.keep(text for text in approved.values() if text)
    return {name: text_hash(text) if text else "" for name, text in approved.items()}


def measured_effects(
    bank: Bank, partition: Partition, found: Comparison
) -> dict[str, list[Effect]]:
    """Return what every changed object does alone, all do together, and the unapproved ones do."""
    now, before, changed = found.now, found.before, found.changed
    if before is None:
        return {}
    after = headline_measures(bank, partition)
    base = _measures_under(bank, partition, found, before)
    together = effects(base, after, found.policy)
    if len(changed) == 1:
        return {changed[0]: together}
    measured = {ALL: together}
    for name in changed:
        alone = _measures_under(bank, partition, found, before.with_objects({name}, now))
        measured[name] = effects(base, alone, found.policy)
    open_ones = set(found.unapproved)
    if len(open_ones) > 1 and open_ones != set(changed):
        without = _measures_under(bank, partition, found, now.with_objects(open_ones, before))
        measured[UNAPPROVED] = effects(without, after, found.policy)
    return measured


def _measures_under(
    bank: Bank, partition: Partition, found: Comparison, governed: GovernedSet
) -> dict[Key, Measure]:
    """Return the measures under other inputs; of an approved change that cannot be run, none."""
    try:
        return measures_under(bank, partition, governed)
    except AlmError as error:
        if not found.unapproved:
            return {}
        raise ConfigurationError(
            f"the effect of a change cannot be measured: {', '.join(found.unapproved)}",
            where=f"close {partition}, against what was approved last at {found.compared_run_id}",
            detail=str(error),
            fix=_fix(found.unapproved),
        ) from error


def overrides(bank: Bank, partition: Partition, run_id: str) -> list[Action]:
    """Return the waivers and adjustments of a close as actions for the journal."""
    day = partition.as_of_date
    named = [(f"{w.check} {w.applies_to}", w.reason) for w in bank.store.gate.waived(day)]
    named += [
        (f"{a.table} {a.report_row} {a.column}", f"{a.money:+,.2f}: {a.comment}")
        for a in bank.adjustments.in_force(day)
    ]
    return [Action("override", name, None, day, run_id, why) for name, why in named]


def _refuse_expired(bank: Bank, partition: Partition) -> None:
    """Raise if an assumption or limit expired before the as-of date and nobody waived that."""
    day = partition.as_of_date
    late = [
        one
        for one in expired(bank.figures, day)
        if not bank.store.gate.waiver(expiry_check(one), day)
    ]
    if not late:
        return
    named = [f"{one.item} on {one.effective_to} ({one.owner})" for one in late[:_MAX_EXPIRED]]
    more = len(late) - len(named)
    raise ConfigurationError(
        f"{len(late)} assumptions and limits have expired",
        where=f"close {partition}",
        detail=", ".join(named) + (f", and {more} more" if more > 0 else ""),
        fix="let the owners review them and write the new expiry into assumptions/ or limits.yaml,"
        " or waive it in waivers.yaml (check assumption_expired or limit_expired)",
    )


def expiry_check(item: DatedItem) -> dict[str, object]:
    """Return an expired item as the failed check that a waiver names."""
    return {
        "check_id": f"{item.item_kind}_expired",
        "table_name": item.item,
        "failed_rows": 1,
    }


_MAX_EXPIRED = 8


def _refuse_unapproved(
    bank: Bank, partition: Partition, found: Comparison, measured: Mapping[str, list[Effect]]
) -> None:
    """Raise if an unapproved change, alone or with others, does more than is tolerated."""
    suspects = [name for name in found.unapproved if _needs_approval(name, measured[name])]
    together = _of_unapproved(found, measured)
    if not suspects and any(effect.needs_approval for effect in together):
        suspects = found.unapproved
    if not suspects:
        return
    fields = [str(d) for name in suspects for d in found.differences(name)]
    shown = described(together, bank.settings.group_entity_id)
    raise ConfigurationError(
        f"{len(suspects)} changed and unapproved: {', '.join(suspects)}",
        where=f"close {partition}, against what was approved last at {found.compared_run_id}",
        detail="; ".join([*fields[:_MAX_FIELDS], *_more(fields), shown]),
        fix=_fix(suspects),
    )


def _of_unapproved(found: Comparison, measured: Mapping[str, list[Effect]]) -> Sequence[Effect]:
    """Return what the unapproved changes do together."""
    if len(found.unapproved) == 1:
        return measured[found.unapproved[0]]
    return measured.get(UNAPPROVED, measured.get(ALL, [])) if found.unapproved else []


_MAX_FIELDS = 6


def _more(fields: list[str]) -> list[str]:
    more = len(fields) - _MAX_FIELDS
    return [f"and {more} more fields in audit.changes"] if more > 0 else []


def _fix(suspects: list[str]) -> str:
    commands = [f"`alm approve {name} --author WHO_WROTE_IT --comment WHY`" for name in suspects]
    return (
        f"let somebody who did not write it run {', '.join(commands)} and close again, or take the"
        " change back; what was published before stays"
    )


def _needs_approval(name: str, found: list[Effect]) -> bool:
    return name == POLICY or any(effect.needs_approval for effect in found)
