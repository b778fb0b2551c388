"""A session over a dozen hand-written rows: every extract bound, empty unless a test fills it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from alm_pipeline.inputs.data_contracts import ExtractContract, load_extract_contracts
from alm_pipeline.validation.evaluation import evaluate

AS_OF_DATE = "2026-10-31"
INPUTS: dict[str, dict[str, list[str | None]]] = {
    "not_delivered": {"extract": [], "treatment": []},
    "products": {"product_code": ["mortgage_fixed", "overdraft", "savings", "swap_receive_fixed"]},
    "indices": {"index_id": ["usd_term_3m"], "curve_id": ["usd_term"]},
    "curves": {"curve_id": ["usd_term"], "currency": ["USD"], "role": ["projection"]},
    "bank": {"group_entity_id": ["GROUP"], "reporting_currency": ["USD"]},
}


class RowsSession:
    """A DuckDB connection with `raw.<extract>` of text columns, filled row by row."""

    def __init__(self, contracts: Mapping[str, ExtractContract]) -> None:
        self.contracts = contracts
        self.connection = duckdb.connect(":memory:")
        self.filled: set[str] = set(contracts)
        for schema in ("raw", "inputs"):
            self.connection.execute(f"create schema {schema}")
        self.reset()

    def reset(self) -> None:
        """Empty what a test filled, and forget the tables it made."""
        for name, columns in INPUTS.items():
            filled = {key: (values or [None], "VARCHAR") for key, values in columns.items()}
            self.table(f"inputs.{name}", filled)
        self.connection.execute("delete from inputs.not_delivered")
        for name in sorted(self.filled):
            self.deliver(name, [])
        self.filled.clear()
        for schema in ("quarantine", "previous", "book", "staging", "scenarios"):
            self.connection.execute(f"drop schema if exists {schema} cascade")
            self.connection.execute(f"create schema {schema}")

    def table(self, name: str, columns: Mapping[str, tuple[list[Any], str]]) -> None:
        """Create a table from columns of values with their types."""
        values = pa.table({key: pa.array(v) for key, (v, _) in columns.items()})
        typed = ", ".join(f'cast("{key}" as {t}) as "{key}"' for key, (_, t) in columns.items())
        self.connection.register("handed_over", values)
        self.connection.execute(
            f"create or replace table {name} as select {typed} from handed_over"
        )

    def deliver(self, extract: str, rows: Iterable[Mapping[str, str | None]], schema: str = "raw"):
        """Deliver rows as text; columns that a row does not name are empty."""
        self.filled.add(extract)
        names = self.contracts[extract].column_names
        listed = list(rows)
        columns: dict[str, tuple[list[Any], str]] = {
            ("delivered_as_of_date" if n == "as_of_date" else n): (
                [row.get(n, AS_OF_DATE if n == "as_of_date" else None) for row in listed],
                "VARCHAR",
            )
            for n in names
        }
        columns["source_file_id"] = (["file"] * len(listed), "VARCHAR")
        columns["source_row"] = (list(range(1, len(listed) + 1)), "BIGINT")
        columns["as_of_date"] = ([AS_OF_DATE] * len(listed), "DATE")
        self.table(f"{schema}.{extract}", columns)

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Run one SELECT and return its rows."""
        return self.connection.sql(sql, params=dict(parameters or {})).to_arrow_table()


@pytest.fixture(scope="session")
def contracts() -> Mapping[str, ExtractContract]:
    return load_extract_contracts()


@pytest.fixture(scope="session")
def one_session(contracts):
    return RowsSession(contracts)


@pytest.fixture
def session(one_session):
    """The session of all tests, empty; making one costs more than most tests."""
    one_session.reset()
    return one_session


ENTITY = {
    "entity_id": "BANK",
    "name": "Bank",
    "country": "US",
    "reporting_currency": "USD",
    "role": "bank",
}
COUNTERPARTY = {
    "counterparty_id": "C1",
    "name": "masked 1",
    "counterparty_type": "retail",
    "country": "US",
    "is_established_relationship": "true",
}
ACCOUNT = {
    "gl_account": "1100",
    "name": "Mortgages",
    "fs_line": "loans",
    "side": "asset",
    "product_family": "mortgages",
    "recon_group": "loans",
    "tolerance_amount": "0.00",
    "tolerance_share": "0.0",
    "is_in_alm_scope": "true",
}
# 100,000 at 6 % over 360 months costs 599.55 a month (1.005**360 = 6.022575; 500 * 6.022575 /
# 5.022575); from 15 to 30 October are 15 of 360 days: 100,000 * 0.06 * 15 / 360 = 250.00.
LOAN = {
    "entity_id": "BANK",
    "loan_no": "L1",
    "product_code": "mortgage_fixed",
    "counterparty_id": "C1",
    "currency": "USD",
    "side": "asset",
    "is_on_balance_sheet": "true",
    "book": "banking",
    "accounting_class": "amortised_cost",
    "gl_account": "1100",
    "status": "active",
    "start_date": "2026-10-15",
    "maturity_date": "2056-10-15",
    "is_open_maturity": "false",
    "original_amount": "100000.00",
    "outstanding_principal": "100000.00",
    "carrying_amount": "100000.00",
    "accrued_interest": "250.00",
    "rate_type": "fixed",
    "coupon_rate": "0.06",
    "day_count": "30_360",
    "business_day_convention": "none",
    "calendar_id": "none",
    "is_end_of_month": "false",
    "amortisation_type": "annuity",
    "principal_freq": "P1M",
    "interest_freq": "P1M",
    "next_payment_date": "2026-11-15",
    "last_payment_date": "2026-10-15",
    "payment_amount": "599.55",
    "amortisation_months": "360",
    "is_prepayable": "true",
    "loan_type": "mortgage_res",
    "is_secured": "false",
    "is_revolving": "false",
}
LEG = {
    "entity_id": "BANK",
    "deal_no": "D1",
    "leg_no": "1",
    "pay_receive": "pay",
    "currency": "USD",
    "notional_amount": "1000000.00",
    "accrued_interest": "0.00",
    "start_date": "2026-01-15",
    "maturity_date": "2031-01-15",
    "rate_type": "fixed",
    "coupon_rate": "0.03",
    "day_count": "act_360",
    "business_day_convention": "none",
    "calendar_id": "none",
    "is_end_of_month": "false",
    "amortisation_type": "bullet",
    "principal_freq": "P0D",
    "interest_freq": "P3M",
    "next_payment_date": "2027-01-15",
    "last_payment_date": "2026-10-15",
    "is_prepayable": "false",
}
FLOATING_LEG = LEG | {
    "leg_no": "2",
    "pay_receive": "receive",
    "rate_type": "floating",
    "index_id": "usd_term_3m",
    "reset_freq": "P3M",
    "next_reset_date": "2027-01-15",
}
DERIVATIVE = {
    "entity_id": "BANK",
    "deal_no": "D1",
    "product_code": "swap_receive_fixed",
    "counterparty_id": "C1",
    "currency": "USD",
    "side": "off_balance",
    "is_on_balance_sheet": "false",
    "book": "banking",
    "accounting_class": "fvtpl",
    "gl_account": "1100",
    "status": "active",
    "start_date": "2026-01-15",
    "maturity_date": "2031-01-15",
    "is_open_maturity": "false",
    "derivative_type": "irs",
    "position": "long",
    "notional_amount": "1000000.00",
    "fair_value_clean_amount": "0.00",
    "carrying_amount": "0.00",
    "is_cleared": "true",
}


@pytest.fixture
def bank(session):
    """A session with one entity, one customer, one account and one sound loan delivered."""
    session.deliver("entity", [ENTITY])
    session.deliver("counterparty", [COUNTERPARTY])
    session.deliver("gl_map", [ACCOUNT])
    session.deliver("loan", [LOAN])
    return session


@pytest.fixture(scope="session")
def failing(contracts):
    """Return rule identifier to failing rows of one extract, only those that fail."""

    def run(session: RowsSession, extract: str, **options: Any) -> dict[str, int]:
        results = evaluate(session, contracts[extract], engine="counts", **options)
        return {r.rule_id: r.failed_rows for r in results if not r.passed}

    return run
