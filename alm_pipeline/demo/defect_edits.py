"""How each kind of defect is put into a file: one small edit each."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from alm_pipeline.demo.files import control_column, gzip_bytes
from alm_pipeline.demo.text_files import TextFile

FAR_DAYS = 40
KEY_ENDS = {"encumbrance_link": 6, "gl_balance": 5, "derivative_leg": 4, "curve_quote": 5}
LEDGER_BREAK = Decimal("1000000.00")


@dataclass(frozen=True)
class Found:
    """Rows an edit changed: their keys, how many, and the amount that stood in them."""

    keys: list[str]
    n_rows: int
    amount: str


Edit = Callable[[TextFile], Found]
Chooser = Callable[[TextFile, int], bool]


def _found(file: TextFile, rows: list[int]) -> Found:
    column = control_column(file.extract)
    amounts = [Decimal(file.value(row, column) or "0") for row in rows] if column else []
    for row in rows:
        file.taken.add(row)
    last = KEY_ENDS.get(file.extract, 3)
    keys = [":".join(file.rows[row][1:last]) for row in rows]
    return Found(keys, len(rows), str(sum(amounts, Decimal("0.00"))))


def _pick(file: TextFile, fits: Chooser) -> int:
    """The first row after a third of the file that fits and has no other defect."""
    n = len(file.rows)
    order = [(n // 3 + step) % n for step in range(n)]
    return next(row for row in order if row not in file.taken and fits(file, row))


def _any_row(file: TextFile, row: int) -> bool:
    return file.extract != "loan" or file.value(row, "intragroup_entity_id") == ""


def _where(column: str, *values: str) -> Chooser:
    return lambda file, row: file.value(row, column) in values and _any_row(file, row)


def _filled(column: str) -> Chooser:
    return lambda file, row: file.value(row, column) != ""


def _put(column: str, text: str | Callable[[str], str], fits: Chooser = _any_row) -> Edit:
    """An edit that replaces one value in one row."""

    def edit(file: TextFile) -> Found:
        row = _pick(file, fits)
        found = _found(file, [row])
        old = file.value(row, column)
        file.put(row, column, text if isinstance(text, str) else text(old))
        return found

    return edit


def _moved(days: int) -> Callable[[str], str]:
    return lambda text: (date.fromisoformat(text) + timedelta(days=days)).isoformat()


def _times(factor: str) -> Callable[[str], str]:
    return lambda text: f"{Decimal(text) * Decimal(factor):.2f}"


def _plus(amount: Decimal) -> Callable[[str], str]:
    return lambda text: f"{Decimal(text) + amount:.2f}"


def _swap_dates(file: TextFile) -> Found:
    row = _pick(file, _any_row)
    found = _found(file, [row])
    start, maturity = file.value(row, "start_date"), file.value(row, "maturity_date")
    file.put(row, "maturity_date", _moved(-30)(start))
    file.put(row, "next_payment_date", maturity)
    return found


def _duplicate_row(file: TextFile) -> Found:
    row = _pick(file, _any_row)
    found = _found(file, [row])
    file.rows.insert(row + 1, list(file.rows[row]))
    return Found(found.keys, 2, str(Decimal(found.amount) * 2))


def _twin(file: TextFile) -> Found:
    row = _pick(file, _where("product_code", "senior_debt"))
    twin = list(file.rows[row])
    twin[2] = "9" + twin[2][1:]
    file.rows.append(twin)
    return _found(file, [row, len(file.rows) - 1])


def _without_rate(file: TextFile) -> Found:
    row = _pick(file, _where("product_code", "consumer_loan"))
    found = _found(file, [row])
    file.put(row, "coupon_rate", "")
    return found


def _insured(file: TextFile) -> Found:
    row = _pick(file, lambda f, r: Decimal(f.value(r, "insured_amount") or "0") > 0)
    found = _found(file, [row])
    file.put(row, "insured_amount", _times("2")(file.value(row, "outstanding_principal")))
    return found


def _one_leg(file: TextFile) -> Found:
    row = _pick(file, lambda f, r: f.value(r, "leg_no") == "2")
    found = _found(file, [row])
    del file.rows[row]
    return found


def _cap_below_floor(file: TextFile) -> Found:
    row = _pick(file, _filled("floor_rate"))
    found = _found(file, [row])
    file.put(row, "cap_rate", "0.01")
    file.put(row, "floor_rate", "0.02")
    return found


def _stale(file: TextFile) -> Found:
    rows = [r for r in range(len(file.rows)) if file.value(r, "curve_id") == "eur_ois"]
    for row in rows:
        file.put(row, "quote_date", _moved(-FAR_DAYS)(file.value(row, "quote_date")))
    return _found(file, rows)


def _dropped(fits: Chooser) -> Edit:
    """An edit that leaves out every row that fits."""

    def edit(file: TextFile) -> Found:
        rows = [r for r in range(len(file.rows)) if fits(file, r)]
        found = _found(file, rows)
        gone = set(rows)
        file.rows[:] = [line for r, line in enumerate(file.rows) if r not in gone]
        return found

    return edit


def _last_rows(file: TextFile) -> Found:
    rows = list(range(len(file.rows) - 5, len(file.rows)))
    found = _found(file, rows)
    del file.rows[-5:]
    return found


def _truncate(path: Path) -> Found:
    """Cut the text in the middle of its last row; the gzip wrapper stays whole."""
    text = gzip.decompress(path.read_bytes())
    start = text.rstrip(b"\n").rindex(b"\n") + 1
    last = text[start:].decode().split(",")
    path.write_bytes(gzip_bytes(text[: start + len(text[start:]) // 2]))
    return Found([":".join(last[1:3])], 1, "")


def _remove(path: Path) -> Found:
    path.unlink()
    return Found([], 0, "")


FILE_EDITS: dict[str, Callable[[Path], Found]] = {
    "truncated_last_row": _truncate,
    "missing_file": _remove,
}
EDITS: dict[str, Edit] = {
    "altered_after_control": _put("outstanding_principal", _plus(Decimal("12345.67"))),
    "lost_rows": _last_rows,
    "unknown_code": _put("status", "actve"),
    "unknown_product": _put(
        "product_code", "perpetual_note", _where("product_code", "senior_debt")
    ),
    "unknown_entity": _put("entity_id", "UKBANK"),
    "unknown_counterparty": _put("counterparty_id", "999999999"),
    "lost_leading_zeros": _put("counterparty_id", lambda text: text.lstrip("0")),
    "duplicate_key": _duplicate_row,
    "missing_rate": _without_rate,
    "missing_currency": _put("currency", ""),
    "maturity_before_start": _swap_dates,
    "payment_dates_behind": _put(
        "next_payment_date", _moved(-95), _where("product_code", "auto_loan")
    ),
    "reset_after_maturity": _put(
        "next_reset_date", _moved(20_000), _where("product_code", "corporate_loan")
    ),
    "fixed_with_index": _put("index_id", "USD_SOFR_3M"),
    "floating_without_index": _put("index_id", "", _where("rate_type", "floating")),
    "rate_in_percent": _put("coupon_rate", "3.25", _where("rate_type", "administered")),
    "amount_in_thousands": _put(
        "outstanding_principal", _times("1000"), _where("product_code", "consumer_loan")
    ),
    "negative_amount": _put("outstanding_principal", _times("-1")),
    "unparseable_amount": _put("outstanding_principal", lambda text: text.replace(".", ",")),
    "future_dated_row": _put("as_of_date", _moved(30)),
    "start_in_future": _put("start_date", _moved(3_000)),
    "insured_above_balance": _insured,
    "undrawn_mismatch": _put("undrawn_amount", _plus(Decimal("5000.00"))),
    "encumbered_above_available": _put("encumbered_amount", _times("50")),
    "swap_leg_missing": _one_leg,
    "cap_below_floor": _cap_below_floor,
    "annuity_payment_broken": _put(
        "payment_amount", _times("0.5"), _where("product_code", "mortgage_fixed")
    ),
    "ledger_break": _put("ending_amount", _plus(LEDGER_BREAK), _where("balance_type", "principal")),
    "unmapped_gl_account": _put("gl_account", "10999", _where("balance_type", "fee")),
    "stale_curve": _stale,
    "missing_curve_node": _dropped(lambda f, r: f.value(r, "curve_id") == "eur_ois"),
    "missing_fx": _dropped(lambda _f, _r: True),
    "duplicate_across_extracts": _twin,
    "row_count_drift": _dropped(lambda _f, r: r % 3 == 0),
}
