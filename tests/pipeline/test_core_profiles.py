"""A core that decays, through the whole close: balances by hand, a second valuation that agrees."""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline.paths import DATA_CONTRACTS
from tests.pipeline.banks import small_bank

DECAY = "    core_decay_rate: {value: 0.2, unit: per year, status: assumed}\n"


def test_a_decaying_core_is_valued_and_challenged(tmp_path):
    folder = small_bank(tmp_path / "bank", ("base",))
    text = (DATA_CONTRACTS / "assumptions" / "deposits.yaml").read_text(encoding="utf-8")
    place = text.index("    pass_through_up")  # of the first segment, retail_current_nib
    (folder.path / "contracts" / "assumptions").mkdir()
    path = folder.path / "contracts" / "assumptions" / "deposits.yaml"
    path.write_text(text[:place] + DECAY + text[place:], encoding="utf-8")
    outcome = folder.close()
    assert outcome.manifest is not None, outcome.failures

    # N1: 600,000 with a core of 80 %; 120,000 leave overnight. After m months
    # 480,000 x exp(-0.2 m / 12) are left: 472,066.30 after one, 392,990.76 after twelve
    balances = {
        row["month_index"]: row["closing_principal"]
        for row in folder.rows("scenarios.monthly_balances", scenario="base")
        if row["product_code"] == "retail_current_nib"
    }
    assert balances[1] == pytest.approx(480_000 * np.exp(-0.2 / 12), abs=0.01)
    assert balances[12] == pytest.approx(392_990.76, abs=0.01)

    (second,) = [
        row for row in folder.rows("audit.challenger") if row["position_id"].endswith(":N1")
    ]
    assert second["is_passed"], second
    assert all(row["is_passed"] for row in folder.rows("audit.proofs"))
