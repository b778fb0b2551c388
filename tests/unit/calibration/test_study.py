"""The specification is fixed before the hold-out is read; a proposal needs a model that won."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alm_pipeline.calibration.deposit_rates import PathRegression
from alm_pipeline.calibration.pictures import draw
from alm_pipeline.calibration.prepayment import RefinancingCurve
from alm_pipeline.calibration.proposals import (
    capped,
    proposed_figures,
    that_are_given,
    write_proposals,
)
from alm_pipeline.calibration.records import Rows, SeriesKey
from alm_pipeline.calibration.study import (
    SealedHistory,
    Specification,
    Study,
    Windows,
    study,
)
from alm_pipeline.errors import CalculationError
from alm_pipeline.inputs.assumptions import load_assumptions
from alm_pipeline.inputs.yaml_files import contract_files, read_yaml
from tests.unit.calibration.histories import loans, market_path, months

KEY = SeriesKey("deposit_rate", "retail_savings", "USD")
WINDOWS = Windows.before(np.datetime64("2016-01-01"), np.datetime64("2025-12-31"), 24)


def savings(beta: float = 0.4) -> Rows:
    """Ten years in which savings follow the market a month late, half of the gap a month."""
    index, rate, rates = market_path(120), 0.006, []
    for month in range(120):
        rate += 0.5 * (0.002 + beta * index[max(month - 1, 0)] - rate)
        rates.append(rate)
    return {"month": months(120), "posted_rate": np.array(rates), "index_rate": index}


class Reading:
    """A reader that remembers what was asked, and what stood in the folder then."""

    def __init__(self, rows: Rows, folder: Path) -> None:
        self.rows, self.folder, self.asked = rows, folder, list[tuple[Any, Any, int]]()

    def __call__(self, first: np.datetime64, last: np.datetime64) -> Rows:
        self.asked.append((first, last, len(list(self.folder.glob("*.json")))))
        kept = (self.rows["month"] >= first) & (self.rows["month"] <= last)
        return {name: column[kept] for name, column in self.rows.items()}


def studied(rows: Rows, folder: Path) -> tuple[Study, Reading]:
    read = Reading(rows, folder)
    return study(KEY, [PathRegression()], WINDOWS, read, folder), read


def test_the_hold_out_is_read_once_after_the_specification_was_written(tmp_path):
    _, read = studied(savings(), tmp_path)
    first, second = read.asked
    # 120 months from January 2016; the last 24 begin in January 2024
    assert first == (np.datetime64("2016-01-01"), np.datetime64("2023-12-31"), 0)
    assert second == (np.datetime64("2024-01-01"), np.datetime64("2025-12-31"), 1)


def test_nothing_in_the_hold_out_changes_what_was_decided(tmp_path):
    rows = savings()
    other = {
        **rows,
        "posted_rate": np.where(np.arange(120) < 96, rows["posted_rate"], 0.09),
        "index_rate": np.where(np.arange(120) < 96, rows["index_rate"], 0.11),
    }
    (one,), (two,) = (studied(r, tmp_path / n)[0].results for r, n in ((rows, "a"), (other, "b")))
    assert one.specification_hash == two.specification_hash
    assert one.fit.parameters == two.fit.parameters
    assert one.forecast.model_error != two.forecast.model_error


def test_the_specification_says_windows_choices_and_estimates(tmp_path):
    (result,) = studied(savings(), tmp_path)[0].results
    (file,) = tmp_path.glob("*.json")
    said = json.loads(file.read_text())
    assert result.specification_hash.startswith(file.stem.rsplit("-", 1)[1])
    assert said["windows"] == {
        "first": "2016-01-01", "last_of_sample": "2023-12-31", "last": "2025-12-31",
    }  # fmt: skip
    method = said["methods"]["path_regression"]
    assert method["choices"]["lag_months"] == "1"
    assert float(method["estimates"]["beta"]) == pytest.approx(0.4, abs=1e-4)


@pytest.mark.parametrize("damage", ["missing", "edited", "other"])
def test_a_hold_out_without_its_specification_stays_closed(tmp_path, damage):
    history = SealedHistory(KEY, WINDOWS, Reading(savings(), tmp_path))
    fit = PathRegression().fit(history.sample())
    assert fit is not None
    series = SeriesKey("deposit_rate", "retail_current", "USD") if damage == "other" else KEY
    specification = Specification(series, WINDOWS, (fit,))
    path = specification.write(tmp_path)
    if damage == "missing":
        path.unlink()
    if damage == "edited":
        path.write_text(path.read_text().replace("0.4", "0.5"))
    with pytest.raises(CalculationError, match="a hold-out is opened without its specification"):
        history.hold_out(specification, path)


def test_a_hold_out_longer_than_the_history_is_refused():
    with pytest.raises(CalculationError, match="give a hold-out shorter than the history"):
        Windows.before(np.datetime64("2024-06-01"), np.datetime64("2025-12-31"), 24)


def test_the_error_out_of_time_is_reported_whichever_wins(tmp_path):
    rows = savings()
    (won,) = studied(rows, tmp_path / "won")[0].results
    # in the hold-out the bank stops following: the rate stays where it was, as does the benchmark
    # when the market ends where the sample ended
    stays = {
        **rows,
        "posted_rate": np.where(np.arange(120) < 96, rows["posted_rate"], rows["posted_rate"][95]),
        "index_rate": np.where(np.arange(120) < 96, rows["index_rate"], rows["index_rate"][95]),
    }
    (lost,) = studied(stays, tmp_path / "lost")[0].results
    assert won.is_better
    assert won.forecast.model_error < won.forecast.benchmark_error
    assert not lost.is_better
    assert lost.forecast.benchmark_error == pytest.approx(0.0, abs=1e-12)
    assert proposed_figures([lost], {"retail_savings": "retail_savings"}) == []
    # a segment of which one series lost is not proposed either
    assert proposed_figures([won, lost], {"retail_savings": "retail_savings"}) == []


def test_a_proposal_is_a_whole_file_that_the_loader_takes(tmp_path):
    (result,) = studied(savings(), tmp_path / "specifications")[0].results
    proposed = proposed_figures([result], {"retail_savings": "retail_savings"})
    current = {path.stem: read_yaml(path) for path in contract_files("assumptions")}
    (file,) = write_proposals(proposed, current, tmp_path / "overlay")
    book, before = load_assumptions(tmp_path / "overlay"), load_assumptions()

    def value(name: str, segment: str = "retail_savings", of: Any = book) -> float:
        return float(of.value("deposits", segment, name, -1.0))

    assert value("pass_through_up") == value("pass_through_down") == pytest.approx(0.4, abs=1e-3)
    # one month late, then half of the gap a month: 1 + (1 - 0.5) / 0.5 = 2 months on average
    assert value("lag_months") == 2.0
    found = {one.assumption_id: one.figure for one in book.figures}
    assert found["deposits.retail_savings.lag_months"].version == 2
    assert found["deposits.retail_savings.core_share"].version == 1
    assert value("core_share") == value("core_share", of=before)  # volumes were not studied
    assert value("lag_months", "retail_current") == value("lag_months", "retail_current", before)
    assert result.name in file.read_text()
    assert file.read_text().startswith("# A proposal of the calibration, not an assumption")


def refinancing(folder: Path) -> Study:
    """Ten years of four cohorts that refinance along a curve, five in a hundred at random."""
    rng, incentive = np.random.default_rng(5), np.tile(np.linspace(-0.02, 0.04, 120), 4)
    speed = 0.05 + 0.20 / (1.0 + np.exp(-150.0 * (incentive - 0.012)))
    rows = loans(speed * rng.normal(1.0, 0.05, 480), incentive)
    key = SeriesKey("prepayment", "mortgage_fixed", "USD")
    return study(key, [RefinancingCurve()], WINDOWS, Reading(rows, folder), folder)


def test_a_refinancing_curve_is_proposed_to_a_segment_that_has_one(tmp_path):
    (result,) = refinancing(tmp_path / "specifications").results
    assert result.is_better
    current = {path.stem: read_yaml(path) for path in contract_files("assumptions")}
    found = proposed_figures([result], {"mortgage_fixed": "mortgage"})
    assert that_are_given(found, current) == found
    (file,) = write_proposals(found, current, tmp_path / "overlay")
    book = load_assumptions(tmp_path / "overlay")
    for name, value, off in (
        ("rate", 0.2, 0.01),
        ("slope", 150.0, 15.0),
        ("midpoint_rate", 0.012, 4e-4),
    ):
        proposed = book.value("prepayment", "mortgage", f"refinance_{name}", -1.0)
        assert proposed == pytest.approx(value, abs=off)
    assert file.name == "prepayment.yaml"
    assert book.value("prepayment", "mortgage", "annual_prepayment_rate", -1.0) == 0.02  # its own


def test_nothing_is_proposed_to_a_segment_without_the_figure(tmp_path):
    (result,) = refinancing(tmp_path / "specifications").results
    current = {path.stem: read_yaml(path) for path in contract_files("assumptions")}
    found = proposed_figures([result], {"mortgage_fixed": "sme"})
    assert len(found) == 3
    assert that_are_given(found, current) == []


def test_a_proposal_leaves_the_assumptions_alone(tmp_path):
    files = contract_files("assumptions")
    before = [path.read_bytes() for path in files]
    (result,) = studied(savings(), tmp_path)[0].results
    proposed = proposed_figures([result], {"retail_savings": "retail_savings"})
    write_proposals(proposed, {p.stem: read_yaml(p) for p in files}, tmp_path)
    assert [path.read_bytes() for path in files] == before


def test_a_figure_above_a_cap_is_cut_and_says_so(tmp_path):
    (result,) = studied(savings(), tmp_path / "specifications")[0].results
    proposed = proposed_figures([result], {"retail_savings": "retail_savings"})
    (lag,) = [one for one in proposed if one.parameter == "lag_months"]
    (cut,) = capped([lag], {("retail_savings", "lag_months"): 1.0})
    assert (cut.value, cut.estimate) == (1.0, 2.0)
    assert capped([lag], {("retail_savings", "lag_months"): 2.0}) == [lag]
    current = {path.stem: read_yaml(path) for path in contract_files("assumptions")}
    (file,) = write_proposals([cut], current, tmp_path / "overlay")
    assert "retail_savings.lag_months = 1, estimated at 2 and cut to the cap" in file.read_text()


def test_a_picture_is_the_same_bytes_each_time(tmp_path):
    (result,) = studied(savings(), tmp_path)[0].results
    one, two = draw(result, tmp_path / "a"), draw(result, tmp_path / "b")
    assert one.read_bytes() == two.read_bytes()
    text = one.read_text()
    assert "retail_savings, USD: deposit rate by path regression" in text
    assert "hold-out: the model is nearer" in text
