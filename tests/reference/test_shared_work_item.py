"""The engine against implementations written by others, on the shared work item.

The plain pandas loop counts dates and days by itself and is the reference; the NumPy peer follows
it and gives the same for ten times as many contracts. Each runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from alm_pipeline.bench.measure import checks, prepared_work
from alm_pipeline.bench.peers import NUMPY, PANDAS, peer_record
from alm_pipeline.bench.work_item import make_book

OF_OTHER_ARITHMETIC = 1e-10  # relative; two orders of additions differ by less
SIZES = {PANDAS: 200, NUMPY: 2_000}
CHECKS = ["sum_pv", "eve", "cf_bucket", "nii12", "nii24"]


@pytest.fixture(scope="module", params=SIZES, ids=lambda peer: peer.script)
def both(request, shared):
    peer = request.param
    work = prepared_work(make_book(SIZES[peer]), threads=2)
    return checks(work, work.run()), peer_record(shared / "bench", peer, SIZES[peer])


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_is_that_of_the_peer(both, name):
    ours, theirs = both
    assert ours[name] == pytest.approx(theirs["checks"][name], rel=OF_OTHER_ARITHMETIC)


def test_the_book_is_the_one_that_the_work_item_defines(shared):
    command = [sys.executable, "-B", "book.py", "--n", "2000"]
    answer = subprocess.run(
        command, cwd=shared / "bench", capture_output=True, text=True, check=True
    )
    said, book = json.loads(answer.stdout), make_book(2_000)
    assert said["sha"] == book.fingerprint
    assert said["rows"] == book.n_payments
