"""Which checks must have passed before anyone reads a table; the warehouse's gate asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from alm_pipeline.inputs.data_contracts import ExtractContract
from alm_pipeline.validation.rules import compile_rules
from alm_pipeline.validation.table_checks import SCENARIO_CHECKS, TABLE_CHECKS


def blocking_checks(extracts: Mapping[str, ExtractContract]) -> dict[str, frozenset[str]]:
    """Return the blocking checks of every table that has any, by table."""
    required = {
        f"raw.{name}": frozenset(
            rule.rule_id
            for rule in compile_rules(contract)
            if rule.is_blocking and rule.stage == "raw"
        )
        for name, contract in extracts.items()
    }
    for check in (*TABLE_CHECKS, *SCENARIO_CHECKS):
        if check.severity == "blocking":
            known = required.get(check.table, frozenset())
            required[check.table] = known | {check.check_id}
    return required
