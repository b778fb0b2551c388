"""Staging: the delivered text in our types, with the meanings that are declared and no others."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from tests.sql.harness import sql_files

STAGING = [table for table in sql_files() if table.startswith("staging.")]
LOAN = {
    "source_file_id": "loan.csv",
    "source_row": 1,
    "entity_id": "BANK",
    "loan_no": "007",
    "product_code": "corporate_loan",
    "counterparty_id": "C1",
    "currency": "USD",
    "side": "asset",
    "is_on_balance_sheet": "true",
    "book": "banking",
    "accounting_class": "amortised_cost",
    "gl_account": "1100",
    "status": "active",
    "start_date": "2025-10-31",
    "maturity_date": "2027-10-31",
    "is_open_maturity": "false",
    "original_amount": "1000.00",
    "outstanding_principal": "1000.005",
    "carrying_amount": "1000",
    "accrued_interest": "0",
    "rate_type": "fixed",
    "coupon_rate": "0.06",
    "day_count": "30_360",
    "business_day_convention": "none",
    "calendar_id": "none",
    "is_end_of_month": "true",
    "amortisation_type": "bullet",
    "principal_freq": "P0D",
    "interest_freq": "P1Y",
    "is_prepayable": "false",
    "loan_type": "corporate",
    "is_secured": "false",
    "is_revolving": "false",
}


@pytest.mark.parametrize("table", STAGING)
def test_every_staging_file_has_the_columns_of_its_contract(bench, table):
    assert bench.run(table) == []


def test_a_loan_keeps_its_leading_zeros_and_gets_its_types(bench):
    bench.give("raw.loan", [LOAN])
    (row,) = bench.run("staging.loan")
    assert row["position_id"] == "BANK:loan:007"
    assert row["maturity_date"] == dt.date(2027, 10, 31)
    assert row["outstanding_principal"] == Decimal("1000.01")  # half a cent rounds away from zero
    assert row["coupon_rate"] == 0.06


def test_what_is_not_delivered_has_its_declared_meaning_or_stays_null(bench):
    bench.give("raw.loan", [LOAN])
    (row,) = bench.run("staging.loan")
    assert (row["rate_multiplier"], row["sold_share"], row["spread_rate"]) == (1.0, 0.0, 0.0)
    assert row["impairment_amount"] == 0
    assert row["cap_rate"] is None
    assert row["next_reset_date"] is None


def test_a_row_of_another_month_end_stays_out(bench):
    bench.give("raw.loan", [{**LOAN, "as_of_date": "2026-09-30"}])
    assert bench.run("staging.loan") == []


def test_text_that_is_no_number_stops_instead_of_turning_null(bench):
    bench.give("raw.loan", [{**LOAN, "coupon_rate": "six"}])
    with pytest.raises(duckdb.ConversionException, match="six"):
        bench.run("staging.loan")
