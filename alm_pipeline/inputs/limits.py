"""Policy limits and regulatory thresholds (`data_contracts/limits.yaml`).

Answers at which value a metric turns amber and red. The metric itself is SQL, and so is the
comparison; who was told of a breach does not belong here.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pydantic import Field, model_validator

from alm_pipeline.inputs.records import Name, Problems, Record, Source, Status, Thresholds
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = ["Limit", "LimitBook", "load_limits", "read_limits"]


class Limit(Thresholds):
    """One limit: the values at which a metric turns amber and red, where and since when."""

    metric: Name
    scope: Name
    unit: Name
    status: Status
    source: Source
    owner: str
    approver: str
    effective_from: dt.date
    expires: dt.date

    @model_validator(mode="after")
    def _dates_in_order(self) -> Limit:
        if self.expires < self.effective_from:
            raise ValueError("it expires before it takes effect")
        return self

    def is_in_force(self, as_of_date: dt.date) -> bool:
        """Say whether the limit may be used on a date; both ends included."""
        return self.effective_from <= as_of_date <= self.expires


class LimitBook(Record):
    """All limits of a bank."""

    about: str
    limits: list[Limit] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_limit_per_direction(self) -> LimitBook:
        keys = [(one.metric, one.scope, one.direction, one.unit) for one in self.limits]
        twice = sorted({f"{key[0]} {key[1]}" for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"limits that stand twice: {', '.join(twice)}")
        return self


def load_limits(overlay: Path | None = None) -> LimitBook:
    """Return the limits of a bank, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(read_limits(problems, overlay))


def read_limits(problems: Problems, overlay: Path | None = None) -> LimitBook | None:
    """Return the limits; what is wrong with them is added to `problems`."""
    return problems.read(LimitBook, contract_file("limits.yaml", overlay))
