"""Checks of tables that are no extracts: what must be empty, what must tie.

A check is a SELECT of failing rows over the relations it names, bound to one partition. The month's
checks look into one table each and are what the gate asks for before anybody reads it; the
scenario's checks may look into several. Ledger logic itself is SQL in
`sql/40_book/ledger_reconciliation.sql`, the ties are in `sql/95_audit/proofs.sql`; here only stands
when their rows stop a close.

Rules of a delivered extract do not belong here (`validation/rules.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alm_pipeline.inputs.data_contracts import ExtractContract
from alm_pipeline.validation.counts import Session
from alm_pipeline.validation.evaluation import CheckResult, failing_selection, judged
from alm_pipeline.validation.rules import compile_rules


@dataclass(frozen=True)
class TableCheck:
    """A check of one table: `sql` finds the failing rows, `message` says what must be true.

    `amount_column` of the failing rows, where it is given, says how much it is about; `names` is an
    expression that says in words what each of them is.
    """

    check_id: str
    table: str
    severity: str
    sql: str
    message: str
    reads: tuple[str, ...] = ()
    minimum_rule: int = 0
    amount_column: str = ""
    names: str = ""


MAX_NAMED = 3
"""Failing rows that a message names; the table has all of them."""

TABLE_CHECKS = (
    TableCheck(
        check_id="book.unmapped_positions.is_empty",
        table="book.unmapped_positions",
        severity="blocking",
        sql="select * from book.unmapped_positions",
        message="every position has a product in the product map, every leg its deal",
        minimum_rule=25,
    ),
    TableCheck(
        check_id="book.unmatched_events.is_empty",
        table="book.unmatched_events",
        severity="blocking",
        sql="select * from book.unmatched_events",
        message="every scheduled event belongs to one position, and none of it is in quarantine",
    ),
    TableCheck(
        check_id="book.ledger_reconciliation.ties",
        table="book.ledger_reconciliation",
        severity="blocking",
        sql=(
            "select * from book.ledger_reconciliation"
            " where abs(unexplained_amount) > tolerance_amount"
        ),
        message="sub-ledger, set-aside rows and ledger agree per account within tolerance",
        minimum_rule=22,
        amount_column="unexplained_amount",
    ),
    TableCheck(
        check_id="book.ledger_reconciliation.every_account_is_mapped",
        table="book.ledger_reconciliation",
        severity="blocking",
        sql=(
            "select * from book.ledger_reconciliation where recon_group = 'unmapped'"
            " and status <> 'not_available'"
        ),
        message="every account that carries a balance stands in the chart of accounts",
        minimum_rule=21,
    ),
    TableCheck(
        check_id="book.balance_check.assets_equal_liabilities_and_equity",
        table="book.balance_check",
        severity="blocking",
        sql="select * from book.balance_check where difference_amount <> 0",
        message="assets equal liabilities and equity per entity and currency, to the cent",
        amount_column="difference_amount",
    ),
    TableCheck(
        check_id="book.translation_rates.every_currency_has_a_rate",
        table="book.translation_rates",
        severity="warning",  # totals without a rate are not available, and say so
        sql="select * from book.translation_rates where translation_rate is null",
        message="every currency in use has a rate to the reporting currency",
        minimum_rule=27,
    ),
    TableCheck(
        check_id="behaviour.unassigned_positions.is_empty",
        table="behaviour.unassigned_positions",
        severity="warning",  # they have no value, and totals with them say so
        sql="select * from behaviour.unassigned_positions",
        message="every position has the assumptions and the fixing it needs",
    ),
    TableCheck(
        check_id="metrics.lcr_unclassified.is_empty",
        table="metrics.lcr_unclassified",
        severity="warning",  # the ratio of their unit has no value, and says so
        sql="select * from metrics.lcr_unclassified",
        message="every slice falls under a rule of the coverage ratio",
        amount_column="slice_amount",
    ),
    TableCheck(
        check_id="metrics.nsfr_unclassified.is_empty",
        table="metrics.nsfr_unclassified",
        severity="warning",  # the ratio of their unit has no value, and says so
        sql="select * from metrics.nsfr_unclassified",
        message="every slice falls under a rule of the stable funding ratio",
        amount_column="slice_amount",
    ),
    TableCheck(
        check_id="audit.proofs.all_hold",
        table="audit.proofs",
        severity="blocking",
        sql="select * from audit.proofs where not is_passed",
        message="every tie of the close holds",
        amount_column="difference_amount",
        names=(
            "invariant || ' (' || scope || '): ' || left_amount || ' against ' || right_amount"
            " || ', difference ' || difference_amount || ', allowed ' || tolerance_amount"
        ),
    ),
    TableCheck(
        check_id="audit.proof_coverage.every_proof_is_listed",
        table="audit.proof_coverage",
        severity="blocking",
        sql="select * from audit.proof_coverage where invariant_group = 'not listed'",
        message="every invariant that is proved stands in the list of invariants",
        names="invariant",
    ),
    TableCheck(
        check_id="audit.completeness.every_line_is_mapped",
        table="audit.completeness",
        severity="blocking",
        sql=(
            "select * from audit.completeness where status = 'not mapped' and delivered_amount <> 0"
        ),
        message="every ledger line and product with an amount is in scope or excluded",
        minimum_rule=21,
        amount_column="delivered_amount",
        names="covered_item || ' (' || entity_id || ', ' || currency || '): ' || delivered_amount",
    ),
    TableCheck(
        check_id="audit.challenger.agrees",
        table="audit.challenger",
        severity="blocking",
        sql="select * from audit.challenger where not is_passed",
        message="the second valuation of every sampled position agrees with the close's",
        names=(
            "position_id || ' (' || product_code || ', ' || scenario || ', ' || method || '): '"
            " || round(engine_value, 2) || ' against ' || round(challenger_value, 2)"
        ),
    ),
)

SCENARIO_CHECKS = (
    TableCheck(
        check_id="scenarios.zero_rates.discount_factors_are_sane",
        table="scenarios.zero_rates",
        severity="blocking",
        sql="select * from scenarios.zero_rates where not (zero_rate between -0.10 and 0.50)",
        message="every zero rate lies between -10 % and 50 %, so discount factors are positive",
        reads=("scenarios.zero_rates",),
        minimum_rule=26,
    ),
    TableCheck(
        check_id="scenarios.zero_rates.forwards_are_sane",
        table="scenarios.zero_rates",
        severity="blocking",
        sql="""
select curve_id, scenario, tenor_days, forward_rate
from (
  select curve_id, scenario, tenor_days,
    (zero_rate * tenor_days - lag(zero_rate * tenor_days) over curve)
    / nullif(tenor_days - lag(tenor_days) over curve, 0) as forward_rate
  from scenarios.zero_rates
  window curve as (partition by curve_id, scenario order by tenor_days)
)
where not (forward_rate between -0.15 and 0.60)""",
        message="every forward rate between two nodes lies between -15 % and 60 %",
        reads=("scenarios.zero_rates",),
        minimum_rule=26,
    ),
)


def later_checks(contracts: Iterable[ExtractContract], stage: str) -> tuple[TableCheck, ...]:
    """Return the rules of data contracts that run at a later stage, as checks of what they read."""
    return tuple(
        TableCheck(
            check_id=rule.rule_id,
            table=rule.reads[0],
            severity=rule.severity,
            sql=rule.fails_when,
            message=rule.about,
            reads=rule.reads,
            minimum_rule=rule.minimum_rule,
        )
        for contract in contracts
        for rule in compile_rules(contract)
        if rule.stage == stage and stage != "raw"
    )


def evaluate_table_checks(session: Session, table: str, engine: str = "gx") -> list[CheckResult]:
    """Return the results of the month's checks of one table, bound in the session."""
    chosen = [check for check in TABLE_CHECKS if check.table == table]
    return run_checks(session, chosen, engine)


def run_checks(
    session: Session, checks: Sequence[TableCheck], engine: str = "gx"
) -> list[CheckResult]:
    """Return the results of any checks whose relations are bound in the session."""
    return judged([_measured(session, check) for check in checks], engine)


def _measured(session: Session, check: TableCheck) -> CheckResult:
    n_failed, sample, entities = failing_selection(session, check.sql)
    amount = _failing_amount(session, check) if n_failed else Decimal(0)
    (total,) = session.query(f"select count(*) as n_rows from {check.table}").to_pylist()
    return CheckResult(
        check_id=check.check_id,
        rule_id=check.check_id,
        table_name=check.table,
        severity=check.severity,
        is_blocking=check.severity == "blocking",
        failed_rows=n_failed,
        failed_amount=amount,
        total_rows=total["n_rows"],
        passed=True,
        sample=sample,
        message=_message(check, n_failed, amount, _named(session, check)) if n_failed else "",
        entities=entities,
    )


def _failing_amount(session: Session, check: TableCheck) -> Decimal:
    """Return the absolute amount of the failing rows, zero for a check without an amount."""
    if not check.amount_column:
        return Decimal(0)
    (found,) = session.query(
        f"select coalesce(sum(abs({check.amount_column})), 0) as amount from ({check.sql}) as found"
    ).to_pylist()
    return Decimal(found["amount"])


def _named(session: Session, check: TableCheck) -> str:
    """Return the first failing rows in words, empty for a check that does not say how."""
    if not check.names:
        return ""
    failing = f"select {check.names} as named from ({check.sql}) as found"
    found = session.query(f"{failing} order by named limit {MAX_NAMED}").to_pylist()
    return "; ".join(row["named"] for row in found)


def _message(check: TableCheck, n_failed: int, amount: Decimal, found: str) -> str:
    rows = "1 row" if n_failed == 1 else f"{n_failed} rows"
    by = f" by {amount:,.2f}" if check.amount_column else ""
    named = f" | {found}" if found else ""
    return f"{rows} against '{check.message}'{by} | {check.table}{named}"
