"""Balances rebuilt from transactions, the rows of a day in any order: a bank of few rows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sql.berka_bench import BerkaBench

MONTH_END = "1993-03-31"
TRANS_HEADER = (
    '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";'
    '"account"'
)
# Account 9 is there to let the files reach the as-of date: opened with 1,000 and left alone.
ANCHOR = ['900;9;930101;"PRIJEM";"VKLAD";1000.00;1000.00;"";;']
LAST_DAY = ['901;9;930331;"PRIJEM";"";1.00;1001.00;"UROK";;']

FILES = {
    "account.asc": [
        '"account_id";"district_id";"frequency";"date"',
        '1;1;"POPLATEK MESICNE";930105',
        '9;1;"POPLATEK MESICNE";930101',
        '7;1;"POPLATEK MESICNE";930401',
    ],
    "client.asc": ['"client_id";"birth_number";"district_id"', '11;"600101";1', '19;"601231";1'],
    "disp.asc": [
        '"disp_id";"client_id";"account_id";"type"',
        '1;11;1;"OWNER"',
        '2;19;1;"DISPONENT"',
        '3;19;9;"OWNER"',
    ],
    "loan.asc": ['"loan_id";"account_id";"date";"amount";"duration";"payments";"status"'],
    "order.asc": ['"order_id";"account_id";"bank_to";"account_to";"amount";"k_symbol"'],
    "card.asc": ['"card_id";"disp_id";"type";"issued"'],
    "district.asc": [";".join(f"A{i}" for i in range(1, 17))],
}
YIELD_HEADER = (
    "date,BC_1MONTH,BC_3MONTH,BC_6MONTH,BC_1YEAR,BC_2YEAR,BC_3YEAR,BC_5YEAR,BC_7YEAR,BC_10YEAR,"
    "BC_20YEAR,BC_30YEAR,BC_30YEARDISPLAY"
)
YIELDS = [YIELD_HEADER, "1993-03-31,0.0,3.0,3.1,3.3,4.0,4.4,5.2,5.6,6.0,0.0,6.9,0.0"]


def row(number: int, day: str, amount: float, balance: float, kind: str = "") -> str:
    """One transaction of account 1; a negative amount is a debit."""
    way = '"PRIJEM";"VKLAD"' if amount > 0 else '"VYDAJ";"VYBER"'
    return f'{number};1;{day};{way};{abs(amount):.2f};{balance:.2f};"{kind}";;'


@pytest.fixture
def bank(tmp_path: Path) -> Callable[..., BerkaBench]:
    """Closes a bank of one account, its transactions and, if given, one loan."""

    def close(*rows: str, loan: str = "", last_day: bool = True) -> BerkaBench:
        berka, ust = tmp_path / "berka", tmp_path / "ust"
        berka.mkdir()
        ust.mkdir()
        trans = [TRANS_HEADER, *ANCHOR, *rows, *(LAST_DAY if last_day else [])]
        files = FILES | {"trans.asc": trans}
        files["loan.asc"] = files["loan.asc"] + ([loan] if loan else [])
        for name, lines in files.items():
            content = "".join(f"{line}\r\n" for line in lines)
            (berka / name).write_text(content, encoding="ascii", newline="")
        (ust / "ust_daily_par.csv").write_text("\n".join(YIELDS) + "\n", encoding="ascii")
        return BerkaBench(berka, ust, tmp_path / "keep", MONTH_END)

    return close


def closing(bench: BerkaBench) -> tuple[object, object]:
    """Closing balance of account 1, and why there is none."""
    (found,) = bench.query(
        "select closing_amount, rejection_reason from raw.berka_balance where account_no = '1'"
    )
    return found


def test_a_day_closes_with_the_row_no_other_row_starts_from(bank):
    # 0 + 500 = 500; then 500 - 100 = 400 and 400 + 30 = 430, delivered the other way round.
    bench = bank(row(1, "930105", 500, 500), row(3, "930110", 30, 430), row(2, "930110", -100, 400))
    assert closing(bench) == (Decimal("430.00"), None)


def test_a_day_that_returns_to_where_it_began_closes_there(bank):
    # 500 + 200 = 700 and 700 - 200 = 500: each row starts from the other; the sum says 500.
    bench = bank(
        row(1, "930105", 500, 500), row(2, "930110", 200, 700), row(3, "930110", -200, 500)
    )
    assert closing(bench) == (Decimal("500.00"), None)


def test_a_first_day_of_several_rows_starts_from_zero(bank):
    # 0 + 500 = 500, 500 - 20 = 480, 480 + 7 = 487
    bench = bank(row(1, "930105", -20, 480), row(2, "930105", 7, 487), row(3, "930105", 500, 500))
    assert closing(bench) == (Decimal("487.00"), None)


def test_a_balance_that_misses_its_sum_by_a_rounding_is_kept_and_reported(bank):
    # 500.0 + 10.1 = 510.1, delivered as 510.2: the balance counts, the 0.10 is a rounding.
    bench = bank(row(1, "930105", 500, 500), row(2, "930110", 10.1, 510.2))
    assert closing(bench) == (Decimal("510.20"), None)
    assert bench.control_totals()["rounding_difference", "all"] == (2, 0.1)


def test_a_balance_that_does_not_follow_is_set_aside_and_not_guessed(bank):
    # 500 - 100 = 400, but 395 is delivered
    bench = bank(row(1, "930105", 500, 500), row(2, "930110", -100, 395))
    reason = "its balances do not follow from its transactions on 1993-01-10"
    assert closing(bench) == (None, reason)
    assert bench.query(
        "select account_no, outstanding_principal from raw.deposit_nmd order by 1"
    ) == [
        ("1", None),
        ("9", "1001.00"),
    ]
    assert bench.query("select source_name, row_key, reason from raw.rejected_row") == [
        ("account", "1", reason)
    ]
    assert bench.control_totals()["accounts_with_broken_balance", "all"] == (1, None)


def test_a_wrong_row_inside_a_day_is_found_although_the_day_ends_right(bank):
    # 500 - 100 = 400, 400 + 30 = 430; the middle balance is delivered as 350
    bench = bank(row(1, "930105", 500, 500), row(2, "930110", -100, 350), row(3, "930110", 30, 430))
    assert closing(bench)[0] is None


def test_an_overdrawn_account_is_an_asset_of_its_own_kind(bank):
    bench = bank(row(1, "930105", 500, 500), row(2, "930110", -600, -100))
    assert bench.query("select account_no from raw.deposit_nmd") == [("9",)]
    held = bench.query("select loan_no, side, outstanding_principal, product_code from raw.loan")
    assert held == [("overdraft-1", "asset", "100.00", "overdraft")]


def test_an_account_opened_after_the_as_of_date_does_not_exist_yet(bank):
    bench = bank(row(1, "930105", 500, 500))
    accounts = bench.query("select account_no from raw.berka_balance order by 1")
    assert accounts == [("1",), ("9",)]
    assert bench.control_totals()["accounts_in_file_opened_after", "all"] == (1, None)


def test_the_owner_and_not_a_disponent_is_the_counterparty(bank):
    bench = bank(row(1, "930105", 500, 500))
    owners = bench.query("select account_no, counterparty_id from raw.deposit_nmd order by 1")
    assert owners == [("1", "11"), ("9", "19")]


def test_an_identical_copy_counts_once_and_a_contradiction_never(bank):
    good, copy = row(1, "930105", 500, 500), row(1, "930105", 500, 500)
    assert closing(bank(good, copy)) == (Decimal("500.00"), None)


def test_a_transaction_number_with_two_contents_is_rejected_with_its_account(bank):
    bench = bank(row(1, "930105", 500, 500), row(2, "930110", 5, 505), row(2, "930110", 6, 506))
    assert closing(bench) == (None, "transactions that cannot be used: 2")
    reasons = bench.query("select reason from raw.rejected_row where source_name = 'trans'")
    assert reasons == [("its transaction number stands with other content too",)] * 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('2;1;930110;"PRIEM";"";1.00;501.00;"";;', "its type is not in the code list"),
        ('2;1;930110;"PRIJEM";"";1,00;501.00;"";;', "its amount cannot be read"),
        ('2;1;930110;"PRIJEM";"";-1.00;501.00;"";;', "its amount cannot be read"),
        ('2;1;930110;"PRIJEM";"";1.00;;"";;', "its balance cannot be read"),
        ('2;1;931310;"PRIJEM";"";1.00;501.00;"";;', "its date is not YYMMDD"),
        ('2;1;930104;"PRIJEM";"";1.00;501.00;"";;', "it is dated before its account was opened"),
        ('2;8;930110;"PRIJEM";"";1.00;501.00;"";;', "its account is not in the account file"),
        (';1;930110;"PRIJEM";"";1.00;501.00;"";;', "it has no transaction number"),
    ],
)
def test_a_row_that_cannot_be_used_is_listed_with_its_reason(bank, line: str, reason: str):
    bench = bank(row(1, "930105", 500, 500), line)
    assert bench.query("select reason from raw.rejected_row where source_name = 'trans'") == [
        (reason,)
    ]


def test_transactions_that_end_before_the_as_of_date_give_no_balance(bank):
    bench = bank(row(1, "930105", 500, 500), last_day=False)
    assert closing(bench) == (None, "the transactions end on 1993-01-05")


# ---------------------------------------------------------------- loans

INSTALMENT = '{n};1;{day};"VYDAJ";"PREVOD NA UCET";{amount:.2f};{balance:.2f};"UVER";"AB";"123"'


def instalment(number: int, day: str, amount: float, balance: float) -> str:
    return INSTALMENT.format(n=number, day=day, amount=amount, balance=balance)


def loan(bench: BerkaBench) -> list[tuple[object, ...]]:
    return bench.query(
        "select outstanding_principal, status, days_past_due, next_payment_date, maturity_date"
        " from raw.loan"
    )


def test_a_loan_owes_its_amount_less_the_instalments_really_paid(bank):
    # 1,200 over 12 months from 15 January: due on the 12th from February; 100.2 and 100.0 paid
    # leave 1,200 - 200.2 = 999.80; the 12th instalment falls due on 12 January 1994.
    bench = bank(
        row(1, "930105", 500, 500),
        instalment(2, "930212", 100.2, 399.8),
        instalment(3, "930312", 100, 299.8),
        loan='5;1;930115;1200;12;100.00;"B"',
    )
    assert loan(bench) == [("999.80", "active", "0", "1993-04-12", "1994-01-12")]


def test_a_loan_one_instalment_behind_is_late_since_that_day(bank):
    # The instalment of 12 March is missing: 31 - 12 = 19 days at the end of March.
    bench = bank(
        row(1, "930105", 500, 500),
        instalment(2, "930212", 100, 400),
        loan='5;1;930115;1200;12;100.00;"A"',
    )
    assert loan(bench) == [("1100.00", "active", "19", "1993-04-12", "1994-01-12")]


def test_a_loan_past_its_last_instalment_with_money_owed_is_in_default(bank):
    # One instalment due on 12 February 1993 and not paid: 16 + 31 = 47 days.
    bench = bank(row(1, "930105", 500, 500), loan='5;1;930115;100;1;100.00;"A"')
    assert loan(bench) == [("100.00", "defaulted", "47", None, "1993-02-12")]


def test_a_loan_with_every_instalment_paid_is_no_position_and_leaves_its_rounding(bank):
    # 100.00 owed, 100.2 paid: -0.20 is a rounding and no claim.
    bench = bank(
        row(1, "930105", 500, 500),
        instalment(2, "930212", 100.2, 399.8),
        loan='5;1;930115;100;1;100.00;"C"',
    )
    assert loan(bench) == []
    assert bench.control_totals()["loan_rounding_difference", "all"] == (1, -0.2)


def test_a_loan_whose_amount_is_not_duration_times_instalment_is_set_aside(bank):
    bench = bank(row(1, "930105", 500, 500), loan='5;1;930115;1300;12;100.00;"C"')
    assert [row[0] for row in loan(bench)] == [None]
    assert bench.query("select reason from raw.rejected_row") == [
        ("its amount is not duration times instalment",)
    ]


def test_what_deposits_exceed_loans_by_is_the_line_assets_not_delivered(bank):
    # 399.80 + 1,001.00 of deposits less 1,200 - 100.2 = 1,099.80 of loans: 301.00
    bench = bank(
        row(1, "930105", 500, 500),
        instalment(2, "930212", 100.2, 399.8),
        loan='5;1;930115;1200;12;100.00;"C"',
    )
    assert bench.control_totals()["assets_not_delivered", "all"] == (2, 301.0)
