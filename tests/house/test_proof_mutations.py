"""The list of slips that a close has to stop keeps up with engine and SQL: each has one place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlglot

from tests.mutation import Mutation, mutated
from tests.proof_mutation import proof_mutations

ENOUGH = 25
"""Slips that a close stops."""


def test_the_list_is_long_enough():
    seen = [mutation for mutation in proof_mutations() if not mutation.equivalent]
    assert len(seen) >= ENOUGH
    assert {Path(mutation.file).suffix for mutation in seen} == {".py", ".sql"}


@pytest.mark.parametrize("mutation", proof_mutations(), ids=str)
def test_a_slip_has_one_place_and_can_be_run(mutation: Mutation, root: Path):
    text = mutated(mutation, (root / mutation.file).read_text(encoding="utf-8"))
    if mutation.file.endswith(".py"):
        compile(text, mutation.file, "exec")
    else:
        assert sqlglot.parse_one(text, read="duckdb").key in ("select", "union")


def test_every_slip_says_which_rule_it_breaks():
    rules = Counter(str(mutation) for mutation in proof_mutations())
    assert [rule for rule, n in rules.items() if n > 1] == []
