"""Who signed off which change, and how far a result may move without (`approvals.yaml`).

Answers whether a content is approved, by whom, and what tolerance a metric has. A record in which
the author approves is refused when it is read. Which contents changed is `inputs/governed.py`;
what a change does to the results is measured by the close.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.records import Name, Problems, Record, Sourced
from alm_pipeline.inputs.yaml_files import contract_file, parsed_yaml

__all__ = [
    "APPROVALS_FILE",
    "POLICY_FILE",
    "Approval",
    "ApprovalBook",
    "ApprovalPolicy",
    "SignedOff",
    "append_approval",
    "load_approvals",
    "load_policy",
    "policy_of",
]

APPROVALS_FILE, POLICY_FILE = "approvals.yaml", "approval_policy.yaml"
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_APPROVED, _OTHER, _NONE = "approved", "approved with another content", "unapproved"


class SignedOff(Record):
    """What one person wrote and another one approved."""

    author: Person
    approver: Person

    @model_validator(mode="after")
    def _two_people(self) -> SignedOff:
        if self.author.casefold() == self.approver.casefold():
            raise ValueError(f"{self.approver} wrote it and cannot approve it")
        return self


class Approval(SignedOff):
    """The approval of one content of one governed object."""

    object: str
    content_hash: Digest
    approved_on: dt.date
    comment: str = Field(min_length=1)
    recorded_by: Person


class ApprovalBook(Record):
    """Every approval of a bank, in the order in which they were given."""

    about: str
    approvals: list[Approval]

    def find(self, name: str, content_hash: str) -> Approval | None:
        """Return the latest approval of exactly this content of an object."""
        found = [a for a in self.approvals if (a.object, a.content_hash) == (name, content_hash)]
        return found[-1] if found else None

    def status(self, name: str, content_hash: str) -> str:
        """Say whether a content is approved, another content of the object is, or none."""
        if self.find(name, content_hash) is not None:
            return _APPROVED
        return _OTHER if any(a.object == name for a in self.approvals) else _NONE


class ApprovalPolicy(Sourced):
    """How far a metric may move by an unapproved change; a metric not listed may not move."""

    about: str
    owner: str
    approver: str
    effective_from: dt.date
    expires: dt.date
    status: Literal["assumed"]
    notice_days: int = Field(ge=0)
    tolerances: dict[Name, Annotated[float, Field(ge=0.0, lt=1.0)]]

    def tolerance(self, metric: str) -> float:
        """Return how far a metric may move, in its own unit."""
        return self.tolerances.get(metric, 0.0)


def load_approvals(overlay: Path | None = None) -> ApprovalBook:
    """Return a bank's approvals, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(problems.read(ApprovalBook, contract_file(APPROVALS_FILE, overlay)))


def load_policy(overlay: Path | None = None) -> ApprovalPolicy:
    """Return the policy in force, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(problems.read(ApprovalPolicy, contract_file(POLICY_FILE, overlay)))


def policy_of(text: str) -> ApprovalPolicy:
    """Return the policy that a kept text of the file says."""
    problems = Problems()
    content = parsed_yaml(text, POLICY_FILE)
    return problems.settled(problems.record(ApprovalPolicy, content, POLICY_FILE))


def append_approval(approval: Approval, overlay: Path | None) -> Path:
    """Write an approval at the end of the bank's own file and return the file.

    Raises
    ------
    ConfigurationError
        If the bank has no overlay, or its file cannot be read with the record in it.
    """
    if overlay is None:
        raise ConfigurationError(
            "the bank has no folder of its own for approvals",
            where="alm.yaml",
            fix="set `contracts` to a folder with the layout of data_contracts/",
        )
    path = overlay / APPROVALS_FILE
    before = path.read_text(encoding="utf-8") if path.is_file() else _EMPTY
    known = before.rstrip("\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{known.removesuffix(' []')}\n{_lines(approval)}", encoding="utf-8")
    try:
        load_approvals(overlay)
    except ConfigurationError:
        path.write_text(before, encoding="utf-8") if before != _EMPTY else path.unlink()
        raise
    return path


_EMPTY = "about: Signed-off changes of this bank.\napprovals: []\n"


def _lines(approval: Approval) -> str:
    """Return a record as lines of YAML; a JSON text is a YAML text too."""
    fields = approval.model_dump(mode="json")
    quoted = {
        name: value if name == "approved_on" else _quoted(value) for name, value in fields.items()
    }
    first, *others = [f"{name}: {value}" for name, value in quoted.items()]
    return "".join([f"  - {first}\n", *(f"    {line}\n" for line in others)])


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
