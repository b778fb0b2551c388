"""Calibration end to end on real data: FRED's deposits of all banks, Berka's accounts."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from alm_pipeline.calibration.berka import berka_studies
from alm_pipeline.calibration.fred import fred_studies
from alm_pipeline.errors import SourceError
from alm_pipeline.orchestration.calibrate_command import public_lines


def test_fred_runs_end_to_end(shared, tmp_path):
    folder = shared / "data" / "us_deposit_rates_volumes_fred"
    lines = list(public_lines(folder, None, tmp_path))
    # two rates by two methods, five volumes by two, each with a picture; one specification each
    assert len(list((tmp_path / "pictures").glob("*.svg"))) == 14
    assert len(list((tmp_path / "specifications").glob("*.json"))) == 7
    assert len(lines) == 16
    assert not list(tmp_path.rglob("*.yaml"))


def test_the_first_hold_out_month_of_fred_is_january_2002(shared):
    # the series end in December 2006; five years before that
    folder = shared / "data" / "us_deposit_rates_volumes_fred"
    key, _, windows, read = fred_studies(folder)[0]
    assert (key.product_code, str(windows.last_of_sample)) == ("M2OWN", "2001-12-01")
    rows = read(windows.last_of_sample + 1, windows.last)
    assert len(rows["month"]) == 60
    # FRED: M2OWN 2.460 and FEDFUNDS 5.24 per cent in December 2006
    assert rows["posted_rate"][-1] == pytest.approx(0.0246)
    assert rows["index_rate"][-1] == pytest.approx(0.0524)


def test_fred_deposits_pass_most_of_the_market_on_but_late(shared):
    folder = shared / "data" / "us_deposit_rates_volumes_fred"
    for _, methods, windows, read in fred_studies(folder)[:2]:
        sample = read(windows.first, windows.last_of_sample)
        for method in methods:
            fit = method.fit(sample)
            assert fit is not None
            # between the move of 1993-95 (M2OWN 0.3 of the funds rate's) and all of it
            assert 0.3 < fit.value("beta") < 1.2
            assert 0.0 < fit.value("adjustment") < 0.3


def test_berka_runs_end_to_end(shared, tmp_path):
    lines = list(public_lines(None, shared / "data" / "berka", tmp_path))
    assert len(list((tmp_path / "pictures").glob("*.svg"))) == 2
    assert len(lines) == 4


def test_berka_balances_are_those_of_the_transactions(shared):
    # the last balance that the bank printed on each account opened by 1993-03-31, added up, where
    # an account's last day has one transaction; the others cannot be told from the file's order
    folder = shared / "data" / "berka"
    (_, _, windows, read) = berka_studies(folder)[0]
    rows = read(windows.first, windows.last)
    end = rows["month"][-1].item().strftime("%y%m%d")
    with (folder / "account.asc").open(encoding="latin-1") as stream:
        early = {r["account_id"] for r in csv.DictReader(stream, delimiter=";")
                 if r["date"] <= "930331"}  # fmt: skip
    net = 0.0
    with gzip.open(folder / "trans_1993.asc.gz", "rt", encoding="latin-1") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            if row["account_id"] in early and row["date"] <= end:
                net += float(row["amount"]) * (1 if row["type"] == "PRIJEM" else -1)
    assert rows["balance_amount"][-1] == pytest.approx(net, abs=0.01)
    assert np.all(rows["balance_amount"] > 0.0)


def test_a_folder_without_the_series_is_refused_by_name(tmp_path):
    (tmp_path / "some.csv").write_text("series,date,value\nM2OWN,1990-01-01,5.0\n")
    with pytest.raises(SourceError, match="7 series are missing"):
        fred_studies(tmp_path)
    with pytest.raises(SourceError, match=r"account\.asc, trans_1993\.asc\.gz"):
        berka_studies(tmp_path)
