"""The Berka bank's real files: balances and loans rebuilt, against totals others computed.

Expected figures: `control_totals_1993.json` beside the data, computed from the raw files outside
this project; amounts in CZK.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sql.berka_bench import BerkaBench

MONTH_ENDS = ("1993-06-30", "1993-12-31")
BASIC_FILES = ("account", "card", "client", "disp", "district", "loan", "order")


@pytest.fixture(scope="module")
def closes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, BerkaBench]:
    data, keep = shared / "data", tmp_path_factory.mktemp("raw_files")
    folders = (data / "berka", data / "ust_par_yields", keep)
    return {day: BerkaBench(*folders, day) for day in MONTH_ENDS}


@pytest.fixture(scope="module")
def stated(shared: Path) -> dict[str, dict[str, Any]]:
    path = shared / "data" / "berka" / "control_totals_1993.json"
    totals: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["as_of"]
    return totals


@pytest.fixture
def rebuilt(shared: Path, tmp_path: Path) -> Callable[[dict[str, bytes], str], BerkaBench]:
    """Closes the bank on other transaction files than the delivered one."""

    def close(trans: dict[str, bytes], day: str) -> BerkaBench:
        folder = tmp_path / "berka"
        folder.mkdir()
        for name in BASIC_FILES:
            (folder / f"{name}.asc").symlink_to(shared / "data" / "berka" / f"{name}.asc")
        for name, content in trans.items():
            (folder / name).write_bytes(content)
        return BerkaBench(folder, shared / "data" / "ust_par_yields", tmp_path / "keep", day)

    return close


@pytest.fixture(scope="module")
def transactions(shared: Path) -> tuple[bytes, list[bytes]]:
    packed = (shared / "data" / "berka" / "trans_1993.asc.gz").read_bytes()
    header, *rows = gzip.decompress(packed).splitlines(keepends=True)
    return header, rows


def closing_balances(bench: BerkaBench) -> dict[str, Any]:
    return dict(bench.query("select account_no, closing_amount from raw.berka_balance"))


@pytest.mark.parametrize("day", MONTH_ENDS)
def test_every_stated_control_total_is_reproduced_to_the_haler(closes, stated, day: str):
    found = closes[day].control_totals()
    wanted = dict(stated[day])
    flows = wanted.pop("month_flows")
    single = {key: found[key, "all"] for key in wanted}
    assert {k: n if a is None else a for k, (n, a) in single.items()} == wanted
    assert {item: a for (m, item), (_, a) in found.items() if m == "month_flow"} == flows


@pytest.mark.parametrize("day", MONTH_ENDS)
def test_positions_hold_what_the_control_totals_say(closes, stated, day: str):
    ((n_deposits, deposits),) = closes[day].query(
        "select count(*), sum(cast(outstanding_principal as decimal(18, 2))) from raw.deposit_nmd"
    )
    loans = dict(
        closes[day].query(
            "select loan_type, sum(cast(outstanding_principal as decimal(18, 2)))"
            " from raw.loan group by loan_type"
        )
    )
    want = stated[day]
    assert n_deposits == want["accounts_open"] - want["overdrawn_accounts"]
    assert float(deposits) == want["credit_balance_sum"]
    assert float(loans.get("overdraft", 0)) == -want["overdrawn_sum"]
    assert float(loans.get("consumer", 0)) == want["loan_outstanding_undiscounted"]


@pytest.mark.parametrize("day", MONTH_ENDS)
def test_every_transaction_and_account_stands_behind_exactly_one_account(closes, stated, day: str):
    # Loan positions add the instalments a second time: they repay the loan and debit the account.
    want = stated[day]
    ((n_rows, n_distinct),) = closes[day].query(
        "select count(*), count(distinct (source_file_id, source_row)) from raw.position_source"
        " where extract = 'deposit_nmd' or position_key like '%overdraft%'"
    )
    assert n_rows == n_distinct == want["transactions"] + want["accounts_open"]


@pytest.mark.parametrize("day", MONTH_ENDS)
def test_nothing_of_1993_is_rejected(closes, day: str):
    assert closes[day].query("select * from raw.rejected_row") == []
    assert closes[day].refused == []
    assert {record.n_rows_stated for record in closes[day].register} == {None}


def test_lateness_comes_from_instalments_and_not_from_the_status_of_1998(closes):
    # Loan 5314, granted 1993-07-05, has paid none of its six instalments due on the 12th of July
    # to December: late since 1993-07-12, 19 + 31 + 30 + 31 + 30 + 31 = 172 days. The other two
    # loans that the file calls unpaid in 1998 (6111, 6228) have paid every instalment of 1993.
    late = closes["1993-12-31"].query(
        "select loan_no, status, cast(days_past_due as integer) from raw.loan"
        " where days_past_due <> '0'"
    )
    assert late == [("5314", "defaulted", 172)]


def test_a_loan_runs_on_as_zero_rate_linear_with_what_is_left(closes):
    # Loan 6863: 127,080 over 60 months from 1993-07-28; five instalments of 2,118.30 paid on the
    # 12th: 127,080 - 10,591.50 = 116,488.50. The 60th falls due on 1998-07-12.
    row = closes["1993-12-31"].query(
        "select outstanding_principal, rate_type, amortisation_type, last_payment_date,"
        " next_payment_date, maturity_date from raw.loan where loan_no = '6863'"
    )
    assert row == [("116488.50", "zero", "linear", "1993-12-12", "1994-01-12", "1998-07-12")]


def test_the_proxy_curve_is_the_latest_day_in_decimals_without_unquoted_tenors(closes):
    # The file's row of 1993-06-30: 3M 3.1, 30Y 6.68, and 0.0 for 1M and 20Y.
    quotes = dict(closes["1993-06-30"].query("select tenor, quote from raw.curve_quote"))
    assert set(quotes) == {"3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "30Y"}
    assert (float(quotes["3M"]), float(quotes["30Y"])) == (0.031, 0.0668)
    days = closes["1993-06-30"].query("select distinct quote_date from raw.curve_quote")
    assert days == [("1993-06-30",)]


def test_files_that_overlap_count_a_transaction_once(closes, rebuilt, transactions):
    header, rows = transactions
    halves = {
        "trans.asc": header + b"".join(rows[:20_000]),
        "trans_1993.asc.gz": gzip.compress(header + b"".join(rows[5_000:]), 1),
    }
    bench = rebuilt(halves, "1993-12-31")
    assert bench.control_totals() == closes["1993-12-31"].control_totals()


def test_files_of_a_later_period_alone_give_the_same_balances(closes, rebuilt, transactions):
    header, rows = transactions
    later = [row for row in rows if row.split(b";")[2] >= b"930701"]
    bench = rebuilt({"trans_1993_h2.asc": header + b"".join(later)}, "1993-12-31")
    assert closing_balances(bench) == closing_balances(closes["1993-12-31"])


def test_the_order_of_rows_in_the_file_does_not_matter(closes, rebuilt, transactions):
    header, rows = transactions
    bench = rebuilt({"trans.asc": header + b"".join(reversed(rows))}, "1993-12-31")
    assert closing_balances(bench) == closing_balances(closes["1993-12-31"])


def test_a_file_that_breaks_off_before_the_as_of_date_gives_no_balance_at_all(
    rebuilt, transactions
):
    header, rows = transactions
    whole = header + b"".join(rows)
    bench = rebuilt({"trans.asc": whole[: len(whole) // 2]}, "1993-12-31")
    assert set(closing_balances(bench).values()) == {None}
    ((reason, n_accounts),) = bench.query(
        "select reason, count(*) from raw.rejected_row"
        " where source_name = 'account' group by reason"
    )
    assert (reason[:24], n_accounts) == ("the transactions end on ", 1139)
    assert [row.reason for row in bench.refused] == ["the file breaks off inside this row"]


def test_an_account_with_a_lost_row_is_set_aside_and_no_other(closes, rebuilt, transactions):
    header, rows = transactions
    lost = rows[15_000]
    kept = [row for row in rows if row != lost]
    bench = rebuilt({"trans.asc": header + b"".join(kept)}, "1993-12-31")
    want, found = closing_balances(closes["1993-12-31"]), closing_balances(bench)
    account = lost.split(b";")[1].decode()
    assert {key for key in want if want[key] != found[key]} == {account}
    assert found[account] is None
    held = f"select outstanding_principal from raw.deposit_nmd where account_no = '{account}'"
    assert bench.query(held) == [(None,)]
