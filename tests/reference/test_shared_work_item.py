"""The engine against an implementation written by others, on the shared book of 2,000 contracts.

The peer is plain NumPy (`bench/bench_numpy.py` of the shared material), itself checked against a
loop over dates. One convention differs: a floater that rolls on the 29th to 31st counts its index
period from the clipped reset date here and to the roll day there, up to 1e-4 of such a contract.
"""

from __future__ import annotations

import numpy as np
import pytest

from alm_pipeline import bench

N_CONTRACTS = 2_000
OF_THE_BOOK = 2e-6  # what the convention above makes of the total


@pytest.fixture(scope="module")
def both(shared):
    folder = shared / "bench"
    item = bench.work_item(folder)
    ours = bench.engine_run(item, N_CONTRACTS, threads=2)()
    return ours, bench.peer_record(folder, bench.PEERS[0], N_CONTRACTS)["checks"]


def test_net_present_value_under_seven_scenarios_is_that_of_the_peer(both):
    ours, theirs = both
    assert ours.present_value.sum(axis=0) == pytest.approx(theirs["eve"], rel=OF_THE_BOOK)


def test_cash_flow_of_the_first_four_buckets_is_that_of_the_peer(both):
    ours, theirs = both
    liquidity = ours.buckets["liquidity"]
    cash = liquidity.principal[0, :, 0] + liquidity.interest[0, :, 0]
    assert cash[:4] == pytest.approx(theirs["cf_bucket"], rel=OF_THE_BOOK)


def test_both_bucket_sets_hold_the_whole_present_value(both):
    ours, _ = both
    total = ours.present_value.sum(axis=0)
    for buckets in ours.buckets.values():
        np.testing.assert_allclose(buckets.present_value[0].sum(axis=0), total, rtol=1e-12)
