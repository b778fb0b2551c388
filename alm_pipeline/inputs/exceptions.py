"""What somebody accepted for a time: waivers of checks and amounts added by hand.

Both are records of reviewed files (`waivers.yaml`, `adjustments.yaml`), approved by another person
than the one who asks, and end by themselves. Answers which of them count on an as-of date. Whether
a check fails and what a cell holds does not belong here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from alm_pipeline.inputs.approvals import SignedOff
from alm_pipeline.inputs.records import Name, Problems, Record
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = [
    "NO_WAIVERS",
    "Adjustment",
    "AdjustmentBook",
    "Waiver",
    "WaiverBook",
    "load_adjustments",
    "load_waivers",
]


class _Dated(Record):
    """A record that counts from one as-of date to another, both included."""

    effective_from: dt.date
    expires: dt.date

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> _Dated:
        if self.expires < self.effective_from:
            raise ValueError("it expires before it takes effect")
        return self

    def is_in_force(self, as_of_date: dt.date) -> bool:
        """Say whether the record counts on a date."""
        return self.effective_from <= as_of_date <= self.expires


class Waiver(_Dated):
    """A failing check that is accepted, up to a number of failing rows."""

    check: str = Field(min_length=1)
    applies_to: str = Field(min_length=1)
    failed_rows: int = Field(ge=1)
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    approver: str = Field(min_length=1)

    @model_validator(mode="after")
    def _two_people(self) -> Waiver:
        if self.owner.strip().casefold() == self.approver.strip().casefold():
            raise ValueError(f"{self.approver} owns the waiver and cannot approve it")
        return self


class WaiverBook(Record):
    """Every waiver of a bank, expired ones too."""

    about: str
    waivers: list[Waiver]

    def find(
        self, check: str, applies_to: str, failed_rows: int, as_of_date: dt.date
    ) -> Waiver | None:
        """Return the waiver that covers a failure on a date, or None."""
        for one in self.waivers:
            is_meant = (one.check, one.applies_to) == (check, applies_to)
            if is_meant and one.is_in_force(as_of_date) and failed_rows <= one.failed_rows:
                return one
        return None


NO_WAIVERS = WaiverBook(about="Nothing is waived.", waivers=[])


class Adjustment(_Dated, SignedOff):
    """An amount added to one published cell."""

    report: Name
    row: Mapping[Name, str | int]
    column: Name
    amount: float
    comment: str = Field(min_length=1)

    @field_validator("amount")
    @classmethod
    def _whole_cents(cls, amount: float) -> float:
        if amount == 0.0 or round(amount, 2) != amount:
            raise ValueError("an adjustment is an amount in whole cents, not zero")
        return amount

    @property
    def table(self) -> str:
        """The report as a table."""
        return f"reports.{self.report}"

    @property
    def report_row(self) -> str:
        """The row as it is written for `alm trace`: column=value, separated by commas."""
        return ",".join(f"{name}={value}" for name, value in self.row.items())

    @property
    def money(self) -> Decimal:
        """The amount as the tables of record have it."""
        return Decimal(str(self.amount)).quantize(Decimal("0.01"))


class AdjustmentBook(Record):
    """Every adjustment of a bank, lapsed ones too."""

    about: str
    adjustments: list[Adjustment]

    @model_validator(mode="after")
    def _one_comment_each(self) -> AdjustmentBook:
        keys = [(a.report, a.report_row, a.column, a.comment) for a in self.adjustments]
        twice = sorted({f"{k[0]} {k[1]} {k[2]}" for k in keys if keys.count(k) > 1})
        if twice:
            raise ValueError(f"adjustments that stand twice: {', '.join(twice)}")
        return self

    def in_force(self, as_of_date: dt.date) -> list[Adjustment]:
        """Return the adjustments that are applied on a date."""
        return [one for one in self.adjustments if one.is_in_force(as_of_date)]


def load_waivers(overlay: Path | None = None) -> WaiverBook:
    """Return a bank's waivers, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(problems.read(WaiverBook, contract_file("waivers.yaml", overlay)))


def load_adjustments(overlay: Path | None = None) -> AdjustmentBook:
    """Return a bank's adjustments, or raise every problem of the file at once."""
    problems = Problems()
    path = contract_file("adjustments.yaml", overlay)
    return problems.settled(problems.read(AdjustmentBook, path))
