"""Which governed inputs differ from those approved last, and who approved the difference.

Answers what is new, field by field, and whether its approval counts: of this very content, by
somebody else than its author. What a change does to the results is `audit/change_impact.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from alm_pipeline.inputs.approvals import ApprovalBook, ApprovalPolicy
from alm_pipeline.inputs.differences import FieldDifference, differences_of_sets
from alm_pipeline.inputs.governed import SETTINGS, GovernedSet

__all__ = ["Comparison"]


@dataclass(frozen=True)
class Comparison:
    """The governed inputs of a close beside those approved last.

    Attributes
    ----------
    before : GovernedSet or None
        As the close `compared_run_id` had them, but what that one was published with unapproved is
        as it was approved last. None for the first close of a bank.
    """

    now: GovernedSet
    before: GovernedSet | None
    compared_run_id: str
    approvals: ApprovalBook
    policy: ApprovalPolicy

    @cached_property
    def changed(self) -> list[str]:
        """Objects that say something else than before; every object for a first close."""
        return self.now.objects if self.before is None else self.now.changed(self.before)

    def status(self, name: str) -> str:
        """Say whether the present content of an object is approved."""
        if self.before is None:
            owner, approver = self.now.people(name)
            return "baseline, approved" if owner and approver else "baseline"
        return self.approvals.status(name, self.now.content_hash(name))

    @property
    def unapproved(self) -> list[str]:
        """Changed objects that nobody approved as they are."""
        if self.before is None:
            return []
        return [name for name in self.changed if self.status(name) != "approved"]

    @property
    def last_approved(self) -> dict[str, str]:
        """What every unapproved object said when it was approved last."""
        if self.before is None:
            return {}
        return {name: self.before.said(name) for name in self.unapproved}

    def differences(self, name: str) -> list[FieldDifference]:
        """Return the fields of an object that differ."""
        if self.before is None:
            return []
        sides = [_fields(one, name) for one in (self.before, self.now)]
        return differences_of_sets(*sides)


def _fields(governed: GovernedSet, name: str) -> dict[str, str]:
    if name == SETTINGS:
        lines = [f'{key}: "{value}"' for key, value in sorted(governed.definitions.items())]
        return {SETTINGS: "\n".join(lines)}
    text = governed.texts.get(f"{name}.yaml")
    return {} if text is None else {f"{name}.yaml": text}
