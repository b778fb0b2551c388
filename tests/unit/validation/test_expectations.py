"""Counts in DuckDB and Great Expectations over the rows find the same faults, rule by rule."""

from __future__ import annotations

import pytest

from alm_pipeline.validation.counts import read_counts, row_rules
from alm_pipeline.validation.expectations import (
    failing_checks,
    failing_rows,
    gx_suite_metrics,
    gx_suite_rows,
)
from alm_pipeline.validation.rules import compile_rules
from tests.unit.validation.conftest import COUNTERPARTY, LOAN
from tests.unit.validation.test_rules import LOAN_FAULTS


def counted(session, contract):
    counts = read_counts(session, contract, compile_rules(contract))
    return {name: sum(one.failed_rows[name] for one in counts) for name in counts[0].failed_rows}


@pytest.fixture
def faulty_bank(bank):
    """Every planted fault in one delivery, a key that stands twice, and a sound loan."""
    faults = [fault for fault, _ in LOAN_FAULTS.values()]
    loans = [{**LOAN, "loan_no": f"L{i}", **fault} for i, fault in enumerate(faults)]
    bank.deliver("loan", [*loans, LOAN | {"loan_no": "TWICE"}, LOAN | {"loan_no": "TWICE"}])
    return bank


def test_both_ways_count_the_same_failing_rows_for_every_rule(faulty_bank, contracts):
    rules = compile_rules(contracts["loan"])
    by_counts = counted(faulty_bank, contracts["loan"])
    by_rows = failing_rows(faulty_bank, contracts["loan"], rules)
    assert by_rows == by_counts
    assert sum(count > 0 for count in by_counts.values()) > 35


def test_both_ways_agree_on_a_table_without_entity_or_amount(bank, contracts):
    bank.deliver(
        "counterparty",
        [
            COUNTERPARTY,
            COUNTERPARTY | {"counterparty_id": "C2", "country": "usa"},
            COUNTERPARTY | {"counterparty_id": "C3", "counterparty_type": "person"},
            COUNTERPARTY | {"counterparty_id": "C3", "lei": "x", "turnover_amount": "-1.00"},
        ],
    )
    contract = contracts["counterparty"]
    found = failing_rows(bank, contract, compile_rules(contract))
    assert {name: n for name, n in found.items() if n} == {
        "counterparty.key.unique": 2,
        "counterparty.country.pattern": 1,
        "counterparty.counterparty_type.allowed": 1,
        "counterparty.lei.pattern": 1,
        "counterparty.turnover_amount.range": 1,
    }
    assert found == counted(bank, contract)


def test_the_plain_suite_has_one_expectation_per_rule_with_its_name(contracts):
    rules = compile_rules(contracts["loan"])
    suite = gx_suite_rows(rules)
    named = [expectation.meta["rule_id"] for expectation in suite.expectations]
    assert named == [rule.rule_id for rule in row_rules(rules)]
    kinds = {type(expectation).__name__ for expectation in suite.expectations}
    assert "ExpectCompoundColumnsToBeUnique" in kinds
    assert "ExpectColumnValuesToMatchRegex" in kinds


def test_the_metrics_suite_names_the_failing_checks_of_each_severity():
    counts = {"a": 0, "b": 3, "c": 1, "d": 7, "e": 0}
    severities = {
        "a": "blocking",
        "b": "blocking",
        "c": "quarantine",
        "d": "warning",
        "e": "warning",
    }
    assert failing_checks(counts, severities) == {"b", "c", "d"}
    assert failing_checks({}, {}) == set()


def test_severities_of_the_metrics_suite_are_those_of_great_expectations():
    severities = {e.column: str(e.severity.value) for e in gx_suite_metrics().expectations}
    assert severities == {"blocking": "critical", "quarantine": "warning", "warning": "info"}
