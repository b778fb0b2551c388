"""The job `calibrate` on the demo bank: tables with all they promise, pictures, proposals."""

from __future__ import annotations

import pytest

from alm_pipeline.demo import deliver_demo
from alm_pipeline.demo.balance_sheet import DEPOSIT_TRUTH
from alm_pipeline.inputs.assumptions import load_assumptions
from alm_pipeline.orchestration.assets.publication import entries_of_close
from alm_pipeline.orchestration.calibration import calibration_folder
from alm_pipeline.warehouse.partition import Partition
from tests.pipeline.banks import DAY, Folder, write_folder

MODELS, PARAMETERS = "behaviour.calibrated_models", "behaviour.calibrated_parameters"


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory) -> Folder:
    folder = write_folder(tmp_path_factory.mktemp("calibrated") / "bank", ("base",))
    deliver_demo(folder.path / "landing", 500, 1, DAY, 3)
    for job in ("close_book", "calibrate"):
        assert folder.run(job, Partition(DAY)).success
    return folder


@pytest.mark.slow(seconds=260)
def test_every_model_says_estimate_error_sample_fit_and_both_errors_out_of_time(calibrated):
    models, parameters = calibrated.rows(MODELS), calibrated.rows(PARAMETERS)
    keys = ("subject", "product_code", "currency", "entity_id", "method")
    assert {row["subject"] for row in models} == {
        "deposit_rate", "deposit_volume", "prepayment", "early_withdrawal", "line_usage",
    }  # fmt: skip
    assert {tuple(r[k] for k in keys) for r in models} == {
        tuple(r[k] for k in keys) for r in parameters
    }
    for row in models:
        assert row["n_observations"] > 0
        assert row["n_hold_out"] >= 24
        assert row["model_error"] >= 0.0
        assert row["benchmark_error"] >= 0.0
        assert row["is_better_out_of_time"] == (row["model_error"] < row["benchmark_error"])
        # 24 months up to October 2026 are held out: the sample ends with October 2024
        assert str(row["sample_end_date"]) == "2024-10-31"
    files = calibration_folder(calibrated.bank, Partition(DAY))
    assert {p.name for p in (files / "pictures").iterdir()} == {r["picture"] for r in models}
    hashes = {p.stem.rsplit("-", 1)[1] for p in (files / "specifications").iterdir()}
    assert {r["specification_hash"][:16] for r in models} == hashes

    # proposals rest on models that won, and give what the demo bank was made with
    assert all(row["is_better_out_of_time"] for row in models if row["is_proposed"])
    book = load_assumptions(files / "proposals")
    for segment in ("retail_savings", "retail_money_market", "wholesale_operational"):
        found = book.value("deposits", segment, "pass_through_up", -1.0)
        assert found == pytest.approx(DEPOSIT_TRUTH[segment].beta, abs=0.01)

    # a close neither reads nor pins them
    tables = {entry.table for entry in entries_of_close(calibrated.bank, Partition(DAY))}
    assert not tables & {MODELS, PARAMETERS}

    # the same history again computes and commits nothing
    before = calibrated.contents()
    assert calibrated.run("calibrate", Partition(DAY)).success
    assert calibrated.contents() == before
