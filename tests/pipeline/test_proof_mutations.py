"""A close with one rule broken is stopped: a slice of the list, the whole of it in `make test-all`.

`python -m tests.proof_mutation` runs the list by hand and says what stopped each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation import Mutation, copied
from tests.proof_mutation import PUBLISHED, proof_mutations, stopped_by


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which one file at a time is changed."""
    return copied(tmp_path_factory.mktemp("proofs") / "copy").resolve()


@pytest.mark.slow(seconds=20)
def test_a_close_without_a_slip_is_published(copy, tmp_path):
    assert stopped_by(copy, None, tmp_path) == PUBLISHED


@pytest.mark.slow(seconds=40)
@pytest.mark.parametrize("mutation", proof_mutations(), ids=str)
def test_a_slip_stops_the_close_or_is_listed_as_unseen(mutation: Mutation, copy, tmp_path):
    found = stopped_by(copy, mutation, tmp_path)
    if mutation.equivalent:
        assert found == PUBLISHED
    else:
        assert found != PUBLISHED
