"""The list of mutations keeps up with the engine: each names one place, breaks it, says a rule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.mutation import ENGINE, NEAR, Mutation, mutated, mutations, near

ENOUGH = 60


def test_the_list_is_long_enough():
    assert len(mutations()) >= ENOUGH


@pytest.mark.parametrize("mutation", mutations(), ids=str)
def test_a_mutation_has_one_place_and_compiles(mutation: Mutation, root: Path):
    text = (root / ENGINE / mutation.file).read_text(encoding="utf-8")
    compile(mutated(mutation, text), mutation.file, "exec")


def test_every_mutation_says_which_rule_it_breaks():
    rules = Counter(str(mutation) for mutation in mutations())
    assert [rule for rule, n in rules.items() if n > 1] == []


def test_a_text_that_is_gone_or_stands_twice_is_an_error():
    slip = Mutation(file="lanes.py", rule="a rule", text="x = 1", becomes="x = 2")
    for text in ("y = 1", "x = 1\nx = 1"):
        with pytest.raises(ValueError, match=r"a rule.*to fix"):
            mutated(slip, text)


def test_the_tests_that_run_first_exist(root: Path):
    named = {test for tests in NEAR.values() for test in tests}
    assert [test for test in named if not (root / test).exists()] == []
    assert all(near(mutation.file) for mutation in mutations())
