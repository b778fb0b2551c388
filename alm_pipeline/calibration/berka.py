"""Deposit volumes of a real Czech bank in 1993, from a folder of its raw files (PKDD'99, Berka).

Balances are rebuilt from transactions by week, of the accounts opened in the first quarter: with
later accounts the total would only tell how fast the bank grew. Nine months are far too short for
an assumption; they show the methods on real movements. The files have no posted rates and no early
repayments, so neither is studied.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TextIO

import numpy as np

from alm_pipeline.calibration.deposit_volumes import MinimumVolume, TrendCore
from alm_pipeline.calibration.records import Rows, SeriesKey
from alm_pipeline.calibration.study import Planned, Windows, reader_of
from alm_pipeline.errors import SourceError

__all__ = ["berka_studies"]

OPENED_UNTIL = np.datetime64("1993-03-31")
HOLD_OUT_WEEKS = 9
_WEEKS = 52
_SIGNS = {"PRIJEM": 1.0, "VYDAJ": -1.0, "VYBER": -1.0}
_ACCOUNTS, _TRANSACTIONS = "account.asc", "trans_1993.asc.gz"


def berka_studies(folder: Path) -> list[Planned]:
    """Return what is to be studied in a folder of Berka files.

    Raises
    ------
    SourceError
        If a file is missing or has a transaction of an unknown kind.
    """
    missing = [name for name in (_ACCOUNTS, _TRANSACTIONS) if not (folder / name).is_file()]
    if missing:
        raise SourceError(
            f"{len(missing)} files are missing",
            where=str(folder),
            detail=", ".join(missing),
            fix="give the folder with Berka's raw files",
        )
    rows = _weekly_balances(folder)
    weeks = rows["month"]
    windows = Windows(weeks[0], weeks[-1 - HOLD_OUT_WEEKS], weeks[-1])
    key = SeriesKey("deposit_volume", "berka_current", "CZK")
    methods = (MinimumVolume(periods_per_year=_WEEKS), TrendCore())
    return [(key, methods, windows, reader_of(rows))]


def _weekly_balances(folder: Path) -> Rows:
    """Return the balance of the early accounts at the end of each week after the first quarter."""
    with (folder / _ACCOUNTS).open(encoding="latin-1") as stream:
        early = {row["account_id"] for row in _rows(stream) if _day(row["date"]) <= OPENED_UNTIL}
    days, amounts = [], []
    with gzip.open(folder / _TRANSACTIONS, "rt", encoding="latin-1") as stream:
        for row in _rows(stream):
            if row["account_id"] in early:
                days.append(_day(row["date"]))
                amounts.append(_signed(row))
    order = np.argsort(np.array(days), kind="stable")
    moved, running = np.array(days)[order], np.cumsum(np.array(amounts)[order])
    weeks = np.arange(OPENED_UNTIL + 7, moved[-1] + 1, 7)
    balance = running[np.searchsorted(moved, weeks, side="right") - 1]
    return {"month": weeks, "vintage": np.full(len(weeks), "1993"), "balance_amount": balance}


def _rows(stream: TextIO) -> Iterator[dict[str, str]]:
    return iter(csv.DictReader(stream, delimiter=";"))


def _day(text: str) -> np.datetime64:
    return np.datetime64(date(1900 + int(text[:2]), int(text[2:4]), int(text[4:6])))


def _signed(row: dict[str, str]) -> float:
    sign = _SIGNS.get(row["type"])
    if sign is None:
        raise SourceError(
            f"a transaction is of the unknown kind {row['type']!r}",
            where=_TRANSACTIONS,
            detail=f"trans_id {row['trans_id']}",
            fix=f"expected {', '.join(_SIGNS)}",
        )
    return sign * float(row["amount"])
