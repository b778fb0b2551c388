"""The time buckets into which cash flows are slotted (`data_contracts/rules/time_buckets.yaml`).

Bounds are calendar tenors: in days they depend on the as-of date, and a payment on the three-month
date is in the three-month bucket whatever the length of the months. Answers the bounds in days of
an as-of date, for SQL and for the engine. Slotting itself is the engine's.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints, model_validator

from alm_pipeline.engine.arrays import MAX_OFFSET, Buckets
from alm_pipeline.engine.market.tenors import tenor_offsets
from alm_pipeline.inputs.curves import Tenor
from alm_pipeline.inputs.records import Name, Problems, Record, Sourced
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = ["BucketSet", "TimeBuckets", "engine_buckets", "load_time_buckets", "read_time_buckets"]


class Bucket(Record):
    """One bucket up to and including a tenor; null is open."""

    label: Annotated[str, StringConstraints(min_length=1)]
    upper: Tenor | None
    midpoint_years: float = Field(ge=0.0)


class BucketSet(Sourced):
    """Buckets in order; each holds what is after the bound before it, up to its own."""

    closed_side: Literal["upper"]
    slotted_by: Literal["repricing", "payment"]
    buckets: list[Bucket] = Field(min_length=2)

    @model_validator(mode="after")
    def _only_the_last_is_open(self) -> BucketSet:
        bounds = [bucket.upper for bucket in self.buckets]
        if bounds.count(None) != 1 or bounds[-1] is not None:
            raise ValueError("the last bucket, and only the last, has the upper bound null")
        return self

    @property
    def midpoint_years(self) -> NDArray[np.float64]:
        """Return the midpoint of every bucket [years]."""
        return np.array([bucket.midpoint_years for bucket in self.buckets])

    def upper_offsets(self, as_of_date: dt.date) -> NDArray[np.int32]:
        """Return the last day of every bucket, in days from the as-of date; the last is open."""
        tenors = [bucket.upper for bucket in self.buckets if bucket.upper is not None]
        days = tenor_offsets(np.datetime64(as_of_date, "D"), tenors)
        return np.append(days, np.int32(MAX_OFFSET))


class TimeBuckets(Record):
    """The bucket sets of the project."""

    about: str
    kind: Literal["time_buckets"]
    effective_from: dt.date
    effective_to: dt.date | None
    bucket_sets: dict[Name, BucketSet]


def engine_buckets(time_buckets: TimeBuckets, as_of_date: dt.date) -> tuple[Buckets, ...]:
    """Return every bucket set as the engine takes it, in the order of the file."""
    return tuple(
        Buckets(
            name=name,
            upper_offset=one.upper_offsets(as_of_date),
            is_by_repricing=one.slotted_by == "repricing",
        )
        for name, one in time_buckets.bucket_sets.items()
    )


def load_time_buckets(overlay: Path | None = None) -> TimeBuckets:
    """Return the time buckets, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(read_time_buckets(problems, overlay))


def read_time_buckets(problems: Problems, overlay: Path | None = None) -> TimeBuckets | None:
    """Return the time buckets; what is wrong with them is added to `problems`."""
    return problems.read(TimeBuckets, contract_file("rules/time_buckets.yaml", overlay))
