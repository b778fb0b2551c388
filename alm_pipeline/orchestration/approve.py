"""What waits for approval at a bank, and how it is approved: the commands `changes` and `approve`.

An approval is a record in the bank's own `approvals.yaml`, which is reviewed like every other file;
the next close reads it. Nothing is published here.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pydantic import ValidationError

from alm_pipeline.audit.change_impact import sentence_of
from alm_pipeline.audit.governed_changes import Comparison
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.approvals import Approval, append_approval
from alm_pipeline.orchestration.assumption_gate import comparison
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.warehouse.journal import Action
from alm_pipeline.warehouse.partition import Partition

__all__ = ["approve_change", "change_lines"]


def approve_change(bank: Bank, name: str, author: str, approver: str, comment: str) -> Path:
    """Record the approval of an object as it is now and return the file with the record.

    Raises
    ------
    ConfigurationError
        If the object did not change, or its author approves it.
    """
    found = _pending(bank)
    if name not in found.changed:
        waiting = ", ".join(found.changed) or "none"
        raise ConfigurationError(
            f"{name} is as it was approved last",
            where=f"close {found.compared_run_id}",
            detail=f"changed: {waiting}",
            fix="name a changed object; `alm changes` lists them",
        )
    try:
        approval = Approval(
            author=author,
            approver=approver or bank.journal.actor,
            object=name,
            content_hash=found.now.content_hash(name),
            approved_on=dt.datetime.now(tz=dt.UTC).date(),
            comment=comment,
            recorded_by=bank.journal.actor,
        )
    except ValidationError as invalid:
        raise ConfigurationError(
            f"the approval of {name} is refused",
            detail="; ".join(str(one["msg"]) for one in invalid.errors()),
            fix="let somebody who did not write the change approve it, and say why",
        ) from invalid
    done = Action("approve", name, approval.content_hash, comment=f"{approval.approver}: {comment}")
    bank.journal.record(done)
    return append_approval(approval, bank.settings.overlay)


def change_lines(bank: Bank) -> list[str]:
    """Return what is not as it was approved last, its approval and its measured effect."""
    found = _pending(bank)
    lines = [
        f"against what was approved last at {found.compared_run_id}: {len(found.changed)} changed"
    ]
    for name in found.changed:
        approval = found.approvals.find(name, found.now.content_hash(name))
        by = f" by {approval.approver}: {approval.comment}" if approval else ""
        lines.append(f"{name}  {found.status(name)}{by}")
        lines += [f"    {d.field_path}  {d.before} -> {d.after}" for d in found.differences(name)]
        lines += [f"    effect  {text}" for text in _measured(bank, found, name)]
    return lines


def _pending(bank: Bank) -> Comparison:
    """Return the governed inputs as they are beside those approved last at the latest close."""
    day = max(bank.closes.published_dates(), default=None)
    found = comparison(bank, Partition(day)) if day else None
    if found is None or found.before is None:
        raise ConfigurationError(
            "there is nothing to compare with",
            where=str(bank.settings.warehouse_folder.name),
            fix="close a month end first; the first close records what is in force",
        )
    return found


def _measured(bank: Bank, found: Comparison, name: str) -> list[str]:
    """Return the effect on the group that a close, refused or not, measured for this content."""
    hashed, group = found.now.content_hash(name), bank.settings.group_entity_id
    runs = bank.change_log.runs_that_met(name, hashed, found.compared_run_id)
    rows = [
        row
        for row in bank.change_log.impact(runs[-1:])
        if row["governed_object"] == name and row["entity_id"] == group
    ]
    return [sentence_of(row) for row in rows if row["value_change"]]
