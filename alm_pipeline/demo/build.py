"""Writes the demo bank: every extract of every month end, control totals and the truth file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from alm_pipeline.demo import (
    derivatives,
    extracts,
    history,
    ledger,
    liquidity,
    market_files,
    schedules,
)
from alm_pipeline.demo.calendar import as_date, day_number, latest_month_ends
from alm_pipeline.demo.commitments import line_table
from alm_pipeline.demo.customers import counterparty_table
from alm_pipeline.demo.days import next_weekdays, write_days
from alm_pipeline.demo.files import (
    Control,
    records_table,
    write_controls,
    write_extract,
)
from alm_pipeline.demo.month import Month, month_of, new_bank
from alm_pipeline.errors import ConfigurationError

DEFAULT_POSITIONS = 20_000
DEFAULT_SEED = 20261031
SMALLEST_BANK = 500
Progress = Callable[[str], None]


def write_demo_bank(
    into: Path,
    *,
    month_ends: Collection[dt.date],
    n_positions: int = DEFAULT_POSITIONS,
    seed: int = DEFAULT_SEED,
    defects: Collection[str] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the demo bank's files and return the landing folders, oldest first.

    Parameters
    ----------
    into : Path
        Receives `landing/<as_of_date>/`, `truth.json` and, with defects, `defects.json`.
    month_ends : collection of date
        As-of dates; the bank is scaled to its targets at the last one.
    n_positions : int [count]
        About how many positions each month end has.
    seed : int
        Same seed, dates and size: same bytes.
    defects : collection of str, optional
        Names of defects to plant in the last month end; an empty collection plants none.
    progress : callable, optional
        Told what has been written, one line at a time.

    Raises
    ------
    ConfigurationError
        If there is no month end, or the bank is too small to hold every product.
    """
    return _write(into / "landing", sorted(set(month_ends)), n_positions, seed, (defects, progress))


def deliver_days(
    landing: Path, last: dt.date, n_days: int, n_positions: int, seed: int
) -> list[dt.date]:
    """Write the treasury's files of the first weekdays after a month end; return the days."""
    days = next_weekdays(last, n_days)
    bank = new_bank(n_positions, seed, day_number(last))
    write_days(landing, month_of(bank, day_number(last)), days)
    return days


def deliver_demo(
    landing: Path,
    n_positions: int,
    months: int,
    last: dt.date | None,
    seed: int,
    defects: Collection[str] = (),
    progress: Progress | None = None,
) -> list[dt.date]:
    """Write the latest month ends into a landing folder and return their dates, oldest first.

    `last` pins the latest month end; without it, it is the last one not after today. Defects are
    names of the catalogue, `all`, or `harmless`: those that stop no close.
    """
    from alm_pipeline.demo.defects import DEFECTS

    today = last or dt.datetime.now(tz=dt.UTC).date()
    dates = latest_month_ends(months, today)
    groups = {
        "all": list(DEFECTS),
        "harmless": [name for name, defect in DEFECTS.items() if not defect.is_blocking],
    }
    names = [name for group in defects for name in groups.get(group, [group])]
    _write(landing, dates, n_positions, seed, (names, progress))
    return dates


def _write(
    landing: Path,
    dates: list[dt.date],
    n_positions: int,
    seed: int,
    extras: tuple[Collection[str] | None, Progress | None],
) -> list[Path]:
    defects, progress = extras
    _check(dates, n_positions)
    tell = progress or (lambda _: None)
    bank = new_bank(n_positions, seed, day_number(dates[-1]))
    folders = []
    for date in dates:
        folder = landing / date.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        controls = _write_month(folder, month_of(bank, day_number(date)))
        rows = sum(control.n_rows for control in controls)
        tell(f"{date.isoformat()}: {len(controls)} files, {rows:,} rows")
        folders.append(folder)
    text = json.dumps(history.truth(seed), indent=1, sort_keys=True)
    (landing.parent / "truth.json").write_text(text + "\n", encoding="utf-8")
    if defects:
        from alm_pipeline.demo.defects import plant_defects

        plant_defects(folders[-1], sorted(defects), label_file=landing.parent / "defects.json")
    return folders


def _check(dates: list[dt.date], n_positions: int) -> None:
    if not dates:
        raise ConfigurationError(
            "no month end was asked for", where="demo bank", fix="name at least one as-of date"
        )
    odd = [d.isoformat() for d in dates if (d + dt.timedelta(days=1)).day != 1]
    if odd:
        raise ConfigurationError(
            f"{len(odd)} as-of dates are not month ends",
            where="demo bank",
            detail=", ".join(odd),
            fix="use the last day of a month",
        )
    if n_positions < SMALLEST_BANK:
        raise ConfigurationError(
            f"{n_positions} positions cannot hold every product",
            where="demo bank",
            fix=f"ask for at least {SMALLEST_BANK}",
        )


def _write_month(folder: Path, month: Month) -> list[Control]:
    controls: list[Control] = []
    stated: list[dict[str, object]] = []
    for extract, table in month_tables(month):
        control = write_extract(folder, extract, table)
        controls.append(control)
        amount = pc.sum(table[control.column]).as_py() if control.column else None
        stated.append(
            {
                "as_of_date": as_date(month.as_of),
                "measure": "file_total",
                "item": extract,
                "n_rows": table.num_rows,
                "amount": None if amount is None else int(amount * 100),
            }
        )
    totals = records_table("control_total", stated)
    controls.append(write_extract(folder, "control_total", totals))
    write_controls(folder, controls)
    return controls


def month_tables(month: Month) -> Iterator[tuple[str, pa.Table]]:
    """Every extract of a month end but the control totals."""
    positions = _position_tables(month)
    yield from positions.items()
    yield "gl_balance", ledger.gl_balance_table(month.as_of, positions)
    yield "gl_map", ledger.gl_map_table(month.as_of)
    yield "pl_interest", ledger.pl_interest_table(month)
    yield "capital", ledger.capital_table(month)
    yield "entity", ledger.entity_table(month.as_of)
    yield "counterparty", counterparty_table(month.bank.pools, month.bank.seed, month.as_of)
    yield "schedule_event", schedules.event_table(month.books)
    yield "collateral", pa.concat_tables(liquidity.collateral_tables(month))
    yield from _liquidity_tables(month)
    yield from _market_tables(month)
    yield from _history_tables(month)


def _position_tables(month: Month) -> dict[str, pa.Table]:
    seed = month.bank.seed
    books = {
        name: [b for b in month.books if b.product.extract == name]
        for name in ledger.LEDGER_EXTRACTS
    }
    deposits = books["deposit_nmd"] + books["deposit_term"]
    insured = extracts.insured_cents(deposits)
    split = len(books["deposit_nmd"])
    legs = [leg for swaps in month.deals for leg in derivatives.leg_tables(swaps)]
    parts = {
        "loan": [extracts.loan_table(book, seed) for book in books["loan"]],
        "security": [extracts.security_table(book, seed) for book in books["security"]],
        "deposit_nmd": [
            extracts.demand_deposit_table(book, seed, cover)
            for book, cover in zip(books["deposit_nmd"], insured[:split], strict=True)
        ],
        "deposit_term": [
            extracts.term_deposit_table(book, seed, cover)
            for book, cover in zip(books["deposit_term"], insured[split:], strict=True)
        ],
        "borrowing": [extracts.borrowing_table(book, seed) for book in books["borrowing"]],
        "derivative": [derivatives.deal_table(swaps) for swaps in month.deals],
        "derivative_leg": legs,
        "commitment": [line_table(line) for line in month.lines],
        "other_balance": [ledger.other_balance_table(month)],
    }
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _liquidity_tables(month: Month) -> Iterator[tuple[str, pa.Table]]:
    yield "encumbrance_link", liquidity.encumbrance_table(month)
    yield "hedge_relationship", liquidity.hedge_table(month)
    yield "funding_source", liquidity.funding_source_table(month)
    yield "collateral_flow", liquidity.collateral_flow_table(month)
    yield "cash_position", liquidity.cash_position_table(month)
    yield "payment_forecast", liquidity.payment_forecast_table(month)


def _market_tables(month: Month) -> Iterator[tuple[str, pa.Table]]:
    market, as_of = month.bank.market, month.as_of
    yield "curve_quote", market_files.curve_quotes(market, as_of)
    yield "index_fixing", market_files.index_fixings(market, as_of)
    yield "vol_quote", market_files.vol_quotes(as_of)
    yield "fx_rate", market_files.fx_rates(market, as_of)
    yield "credit_spread", market_files.credit_spreads(as_of)


def _history_tables(month: Month) -> Iterator[tuple[str, pa.Table]]:
    yield "hist_deposit_balance", pa.concat_tables(history.deposit_balances(month))
    yield "hist_deposit_rate", pa.concat_tables(history.deposit_rates(month))
    yield "hist_loan_month", pa.concat_tables(history.loan_months(month))
    yield "hist_term_deposit", pa.concat_tables(history.term_deposits(month))
    yield "hist_commitment", pa.concat_tables(history.line_usage(month))
