"""A demo bank: files as a core banking system would deliver them, for any size, date and seed."""

from __future__ import annotations

from alm_pipeline.demo.build import (
    DEFAULT_POSITIONS,
    DEFAULT_SEED,
    deliver_days,
    deliver_demo,
    write_demo_bank,
)
from alm_pipeline.demo.calendar import latest_month_ends, month_ends

__all__ = [
    "DEFAULT_POSITIONS",
    "DEFAULT_SEED",
    "deliver_days",
    "deliver_demo",
    "latest_month_ends",
    "month_ends",
    "write_demo_bank",
]
