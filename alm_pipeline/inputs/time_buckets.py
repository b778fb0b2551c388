"""The time buckets into which cash flows are slotted (`data_contracts/rules/time_buckets.yaml`).

Bounds are calendar tenors: in days they depend on the as-of date, and a payment on the three-month
date is on the same side of the bound whatever the length of the months. Answers the bounds in days
of an as-of date, for SQL and for the engine. Slotting itself is the engine's.
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

__all__ = [
    "DAYS",
    "BucketSet",
    "TimeBuckets",
    "daily_buckets",
    "engine_buckets",
    "load_time_buckets",
    "read_time_buckets",
]

DAYS = "days"
"""Name of the bucket set of single days."""


class Bucket(Record):
    """One bucket up to a tenor; null is open."""

    label: Annotated[str, StringConstraints(min_length=1)]
    upper: Tenor | None
    midpoint_years: float = Field(ge=0.0)


class BucketSet(Sourced):
    """Buckets in order. A flow on a bound is in the bucket that the bound closes.

    ``closed_side`` upper: the one before the bound, ``(lower, upper]``; lower: the one after it.
    ``kept_by`` position: what every position pays is kept, not what products add up to.
    """

    closed_side: Literal["lower", "upper"]
    slotted_by: Literal["repricing", "payment"]
    kept_by: Literal["product", "position"] = "product"
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
        last = days if self.closed_side == "upper" else days - 1
        return np.append(last.astype(np.int32), np.int32(MAX_OFFSET))


class TimeBuckets(Record):
    """The bucket sets of the project."""

    about: str
    kind: Literal["time_buckets"]
    effective_from: dt.date
    effective_to: dt.date | None
    bucket_sets: dict[Name, BucketSet]


def engine_buckets(
    time_buckets: TimeBuckets, as_of_date: dt.date, kept_by: str = "product"
) -> tuple[Buckets, ...]:
    """Return the bucket sets kept by product or position as the engine takes them, in order."""
    return tuple(
        Buckets(
            name=name,
            upper_offset=one.upper_offsets(as_of_date),
            is_by_repricing=one.slotted_by == "repricing",
        )
        for name, one in time_buckets.bucket_sets.items()
        if one.kept_by == kept_by
    )


def daily_buckets(n_days: int) -> Buckets:
    """Return a bucket for every day from the as-of date on, and one for all after the last."""
    bounds = np.arange(n_days + 1, dtype=np.int32)
    return Buckets(name=DAYS, upper_offset=np.append(bounds, np.int32(MAX_OFFSET)))


def load_time_buckets(overlay: Path | None = None) -> TimeBuckets:
    """Return the time buckets, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(read_time_buckets(problems, overlay))


def read_time_buckets(problems: Problems, overlay: Path | None = None) -> TimeBuckets | None:
    """Return the time buckets; what is wrong with them is added to `problems`."""
    return problems.read(TimeBuckets, contract_file("rules/time_buckets.yaml", overlay))
