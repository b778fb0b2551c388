"""Great Expectations suites from the rules of a data contract.

Two suites say the same. Over metrics: one row per rule with the number of rows that break it, for
tables of any size and for all tables of a close at once; what the close uses. Over rows: plain
expectations on the delivered rows in pandas, for small tables; what a reader of a suite knows, and
the proof that the counts are right.

Great Expectations takes seconds to import, so only functions import it. What a failure leads to
does not belong here.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alm_pipeline.inputs.data_contracts import ExtractContract
from alm_pipeline.validation.counts import Session, flag_name, flagged_relations, row_rules
from alm_pipeline.validation.rules import Rule, text_name

if TYPE_CHECKING:
    import pandas as pd

_SEVERITIES = {"blocking": "critical", "quarantine": "warning", "warning": "info"}
_NATIVE = ("required", "allowed", "pattern", "unique", "range")


def gx_suite_metrics() -> Any:
    """Return the suite over a metrics frame: no rule, of whichever severity, has a failing row."""
    gx = load_great_expectations()
    return gx.ExpectationSuite(
        name="data_contracts",
        expectations=[
            gx.expectations.ExpectColumnValuesToBeBetween(
                column=severity,
                max_value=0,
                severity=gx_severity,
                meta={"notes": f"no row breaks a rule of severity {severity}"},
            )
            for severity, gx_severity in _SEVERITIES.items()
        ],
    )


def failing_checks(failed_rows: Mapping[str, int], severities: Mapping[str, str]) -> set[str]:
    """Validate the failing rows of many checks in one frame; return the checks that fail.

    Parameters
    ----------
    failed_rows : mapping of check to int
        Rows that break the check, or 1 where a total is outside its threshold.
    severities : mapping of check to str
        `blocking`, `quarantine` or `warning`.
    """
    import pandas as pd

    if not failed_rows:
        return set()
    frame = pd.DataFrame(
        {
            "check_id": list(failed_rows),
            **{
                severity: [
                    float(count) if severities[check] == severity else None
                    for check, count in failed_rows.items()
                ]
                for severity in _SEVERITIES
            },
        }
    )
    result = _validate(frame, gx_suite_metrics(), ["check_id"])
    return {
        row["check_id"]
        for outcome in result.results
        for row in outcome.result.get("unexpected_index_list") or ()
    }


def gx_suite_rows(rules: Sequence[Rule]) -> Any:
    """Return the plain suite over the rows of a small table, one expectation per row-level rule.

    Presence, allowed values, form and key are GX's own expectations on the delivered columns. What
    pandas cannot say (a reference, a condition in SQL, an exact cast) is a column
    `fails_<rule position>` that must be false.
    """
    gx = load_great_expectations()
    expectations = [
        _row_expectation(rule, position) for position, rule in enumerate(row_rules(rules))
    ]
    return gx.ExpectationSuite(name="rows", expectations=expectations)


def failing_rows(
    session: Session, contract: ExtractContract, rules: Sequence[Rule]
) -> dict[str, int]:
    """Validate the rows of a small table with the plain suite; failing rows per rule identifier."""
    frame = _row_frame(session, contract, rules)
    result = _validate(frame, gx_suite_rows(rules), [])
    return {
        outcome.expectation_config.meta["rule_id"]: int(outcome.result["unexpected_count"])
        for outcome in result.results
    }


def _row_expectation(rule: Rule, position: int) -> Any:
    """Return the expectation that says the same as one row-level rule."""
    gxe = load_great_expectations().expectations
    meta = {"rule_id": rule.rule_id, "about": rule.about}
    if rule.kind == "required":
        return gxe.ExpectColumnValuesToNotBeNull(column=f"filled__{rule.columns[0]}", meta=meta)
    if rule.kind == "allowed":
        return gxe.ExpectColumnValuesToBeInSet(
            column=rule.columns[0], value_set=list(rule.values), meta=meta
        )
    if rule.kind == "pattern":
        return gxe.ExpectColumnValuesToMatchRegex(
            column=rule.columns[0], regex=rule.values[0], meta=meta
        )
    if rule.kind == "unique" and len(rule.columns) == 1:
        return gxe.ExpectColumnValuesToBeUnique(column=rule.columns[0], meta=meta)
    if rule.kind == "unique":
        return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(rule.columns), meta=meta)
    if rule.kind == "range":
        low, high = rule.bounds
        return gxe.ExpectColumnValuesToBeBetween(
            column=f"number__{rule.columns[0]}", min_value=low, max_value=high, meta=meta
        )
    return gxe.ExpectColumnValuesToBeInSet(column=flag_name(position), value_set=[False], meta=meta)


def _row_frame(session: Session, contract: ExtractContract, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return the delivered text, numbers for the ranges, and flags for what pandas cannot say."""
    chosen = row_rules(rules)
    delivered = {
        c.name: c.name if c.type == "text" else text_name(c.name) for c in contract.columns
    }
    columns = [f"{text} as {name}" for name, text in delivered.items()]
    columns += [
        f"nullif(trim({delivered[rule.columns[0]]}), '') as filled__{rule.columns[0]}"
        for rule in chosen
        if rule.kind == "required"
    ]
    columns += [
        f"cast({rule.columns[0]} as double) as number__{rule.columns[0]}"
        for rule in chosen
        if rule.kind == "range"
    ]
    columns += [
        flag_name(position) for position, rule in enumerate(chosen) if rule.kind not in _NATIVE
    ]
    sql = f"with {flagged_relations(contract, rules)}\nselect {', '.join(columns)} from flagged"
    frame: pd.DataFrame = session.query(sql).to_pandas()
    return frame


def load_great_expectations() -> Any:
    """Import the library on first use, without telemetry and chatter."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return great_expectations


def _validate(frame: pd.DataFrame, suite: Any, index_columns: Iterable[str]) -> Any:
    """Validate a frame in a context that lives for this call only, without telemetry or bars."""
    gx = load_great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch(
        batch_parameters={"dataframe": frame}
    )
    return batch.validate(
        suite,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": list(index_columns),
        },
    )
