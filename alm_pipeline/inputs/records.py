"""What every YAML file of figures shares: frozen records, sources, status words, problem lists.

A figure somebody may argue about carries its unit, source, status, owner and dates. Problems are
collected over all files of a reading and raised as one error, so that a person corrects them in
one go. What a particular file holds does not belong here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.yaml_files import read_yaml
from alm_pipeline.inputs.yaml_places import line_of

__all__ = [
    "Currency",
    "Figure",
    "Name",
    "Problems",
    "Record",
    "Share",
    "Source",
    "Sourced",
    "Status",
    "Thresholds",
    "worst_status",
]

Status = Literal["verified", "assumed", "secondary", "unverified"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]

_STATUS_ORDER: tuple[Status, ...] = ("verified", "assumed", "secondary", "unverified")


class Record(BaseModel):
    """A frozen record that refuses unknown keys and numbers written as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Source(Record):
    """Where a figure was read: the document and the place in it."""

    title: str = Field(min_length=1)
    place: str = Field(min_length=1)

    def __str__(self) -> str:
        return f"{self.title}, {self.place}"


class Sourced(Record):
    """A block of figures with one source and status; a house choice names who answers for it."""

    source: Source
    status: Status
    owner: str | None = None
    approver: str | None = None

    @model_validator(mode="after")
    def _house_choices_have_an_owner(self) -> Sourced:
        if self.status == "assumed" and (self.owner is None or self.approver is None):
            raise ValueError("an assumed figure names its owner and approver")
        _refuse_one_person(self.owner, self.approver)
        return self


class Thresholds(Record):
    """At which value a measure turns amber and red; amber comes before red in its direction."""

    direction: Literal["at_least", "at_most"]
    amber: float
    red: float

    @model_validator(mode="after")
    def _amber_comes_first(self) -> Thresholds:
        ahead = self.amber - self.red if self.direction == "at_least" else self.red - self.amber
        if ahead < 0.0:
            raise ValueError(f"amber {self.amber} is beyond red {self.red}")
        return self


class Figure(Record):
    """One number a committee decided, with everything needed to question it.

    ``version`` counts the decisions about it; ``rationale`` says why it is what it is.
    """

    version: int = Field(ge=1)
    value: float
    unit: str
    rationale: str = Field(min_length=1)
    source: Source
    owner: str
    approver: str
    effective_from: dt.date
    expires: dt.date
    status: Status

    @model_validator(mode="after")
    def _two_people_decide(self) -> Figure:
        _refuse_one_person(self.owner, self.approver)
        return self

    def is_in_force(self, as_of_date: dt.date) -> bool:
        """Say whether the figure may be used on a date; both ends included."""
        return self.effective_from <= as_of_date <= self.expires


def _refuse_one_person(owner: str | None, approver: str | None) -> None:
    if owner and approver and owner.strip().casefold() == approver.strip().casefold():
        raise ValueError(f"{owner} owns the figure and approves it; somebody else approves")


def worst_status(statuses: Iterable[Status]) -> Status:
    """Return the least reliable of several status words; `verified` of none."""
    return max(statuses, key=_STATUS_ORDER.index, default="verified")


_R = TypeVar("_R", bound=Record)
_T = TypeVar("_T")


class Problems:
    """Every problem found while reading files, raised together.

    Examples
    --------
    >>> problems = Problems()
    >>> problems.add("limits.yaml", "amber is beyond red")
    >>> problems.raise_if_any()
    Traceback (most recent call last):
    alm_pipeline.errors.ConfigurationError: 1 problem in YAML files | limits.yaml | ...
    """

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, where: str, what: str) -> None:
        """Remember one problem and the file it stands in."""
        self.found.append((where, what))

    def content(self, path: Path) -> dict[str, object] | None:
        """Return what a YAML file holds, or None after remembering why it cannot be read."""
        try:
            return read_yaml(path)
        except ConfigurationError as error:
            self.add(path.name, ": ".join(part for part in (error.what, error.detail) if part))
            return None

    def record(
        self, model: type[_R], content: object, where: str, file: Path | None = None
    ) -> _R | None:
        """Return the content as a record, or None after remembering all its problems.

        With the file it was read from, each problem says in which line it stands.
        """
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for one in error.errors():
                place = ".".join(str(part) for part in one["loc"])
                line = "" if file is None else f":{line_of(file, one['loc'])}"
                self.add(f"{where}{line}", f"{place}: {one['msg']}" if place else one["msg"])
            return None

    def read(self, model: type[_R], path: Path) -> _R | None:
        """Return a YAML file as a record, or None after remembering all its problems."""
        content = self.content(path)
        return None if content is None else self.record(model, content, path.name)

    def settled(self, result: _T | None) -> _T:
        """Return the result of a reading without problems; raise when there are any."""
        self.raise_if_any()
        if result is None:
            raise ConfigurationError("a YAML file gave no result", fix="report this as a defect")
        return result

    def raise_if_any(self) -> None:
        """Raise one error that names every problem found so far."""
        if not self.found:
            return
        n_found = len(self.found)
        raise ConfigurationError(
            f"{n_found} problem{'s' if n_found > 1 else ''} in YAML files",
            where=", ".join(sorted({where for where, _ in self.found})),
            detail="; ".join(f"{where}: {what}" for where, what in self.found),
            fix="correct every line named",
        )
