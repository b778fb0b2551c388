"""Deposit rates and volumes of all banks in the United States, from a folder of FRED series.

The folder holds one CSV file with ``series, date, value`` (gzip or plain). Rates are in per cent,
volumes in billions of dollars; a rate on an aggregate (M2OWN) is what its holders earn on average.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from alm_pipeline.calibration.deposit_rates import ErrorCorrection, PathRegression
from alm_pipeline.calibration.deposit_volumes import MinimumVolume, TrendCore
from alm_pipeline.calibration.records import Rows, SeriesKey
from alm_pipeline.calibration.study import Planned, Windows, reader_of
from alm_pipeline.errors import SourceError

__all__ = ["HOLD_OUT_MONTHS", "fred_studies"]

HOLD_OUT_MONTHS = 60
MARKET = "FEDFUNDS"
RATES = ("M2OWN", "MZMOWN")
VOLUMES = ("SVGCBNS", "SVGTI", "TCDNS", "OCDCBN", "STDCBNS")
_FIRST = np.datetime64("1986-04-01")
"""Regulation Q: ceilings on deposit rates ended in March 1986; before, rates followed the law."""


def fred_studies(folder: Path) -> list[Planned]:
    """Return what is to be studied in a folder of FRED series.

    Raises
    ------
    SourceError
        If there is not one such file, or a series is missing.
    """
    found = _series(folder)
    missing = sorted({MARKET, *RATES, *VOLUMES} - found.keys())
    if missing:
        raise SourceError(
            f"{len(missing)} series are missing",
            where=str(folder),
            detail=", ".join(missing),
            fix="give the folder with the FRED deposit series",
        )
    planned: list[Planned] = []
    for name in RATES:
        rows = _together(found[name], found[MARKET])
        key = SeriesKey("deposit_rate", name, "USD")
        methods = (PathRegression(), ErrorCorrection())
        planned.append((key, methods, _windows(rows), reader_of(rows)))
    for name in VOLUMES:
        rows = _volume(found[name])
        key = SeriesKey("deposit_volume", name, "USD")
        planned.append((key, (MinimumVolume(), TrendCore()), _windows(rows), reader_of(rows)))
    return planned


def _series(folder: Path) -> dict[str, dict[np.datetime64, float]]:
    files = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
    if len(files) != 1:
        raise SourceError(
            f"{len(files)} CSV files instead of one",
            where=str(folder),
            fix="give the folder with the FRED deposit series",
        )
    content = files[0].read_bytes()
    text = gzip.decompress(content) if files[0].suffix == ".gz" else content
    series: dict[str, dict[np.datetime64, float]] = {}
    for row in csv.DictReader(text.decode().splitlines()):
        series.setdefault(row["series"], {})[np.datetime64(row["date"])] = float(row["value"])
    return series


def _together(rate: Mapping[np.datetime64, float], market: Mapping[np.datetime64, float]) -> Rows:
    months = [month for month in sorted(rate.keys() & market.keys()) if month >= _FIRST]
    return {
        "month": np.array(months),
        "posted_rate": np.array([rate[month] for month in months]) / 100.0,
        "index_rate": np.array([market[month] for month in months]) / 100.0,
    }


def _volume(volume: Mapping[np.datetime64, float]) -> Rows:
    months = [month for month in sorted(volume) if month >= _FIRST and volume[month] > 0.0]
    return {
        "month": np.array(months),
        "vintage": np.full(len(months), "0"),
        "balance_amount": np.array([volume[month] for month in months]),
    }


def _windows(rows: Rows) -> Windows:
    months = rows["month"]
    return Windows(months[0], months[-1 - HOLD_OUT_MONTHS], months[-1])
