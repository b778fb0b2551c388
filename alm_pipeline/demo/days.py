"""What the demo bank's treasury delivers on a day: accounts, what moved them, payments to come.

Accounts go on from the reserves of the last month end. What moves them is payments as forecast a
little off, flows on contracts, a rest, and deposits: named customers and all others, which take
what the balances leave.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from alm_pipeline.demo import customers, ledger
from alm_pipeline.demo.balance_sheet import ENTITIES, HOME_CURRENCY
from alm_pipeline.demo.calendar import Ints, as_date
from alm_pipeline.demo.draws import hashed, normal
from alm_pipeline.demo.files import padded, records_table, write_controls, write_extract
from alm_pipeline.demo.liquidity import (
    CASH_DAYS,
    FORECAST_DAYS,
    FORECASTS,
    PAYMENT_STEP,
    cash_levels,
    cash_rows,
)
from alm_pipeline.demo.market import CURRENCIES
from alm_pipeline.demo.month import Month

HISTORY_DAYS = 365
N_NAMED = 12
CONTRACT_SHARE, REST_SHARE, NAMED_SHARE = 0.0012, 0.0002, 0.0008


@dataclass(frozen=True)
class _Account:
    """The settlement account of one entity."""

    month: Month
    entity: int

    @property
    def place(self) -> dict[str, str]:
        """Columns that say where money moves."""
        return {
            "entity_id": ENTITIES[self.entity],
            "account_id": f"RESERVE-{ENTITIES[self.entity]}",
            "currency": CURRENCIES[HOME_CURRENCY[self.entity]],
        }

    @property
    def total(self) -> float:
        """Assets of the entity in cents of its currency."""
        return self.month.bank.home_total(self.entity) * 100.0

    def noise(self, label: str, days: Ints, key: int = 0) -> Ints:
        """Amounts in cents that are about one thousandth of the entity's assets at most."""
        draw = normal(hashed(self.month.bank.seed, label, days, self.entity, key))
        return np.round(draw * self.total * 0.0003).astype(np.int64)


def next_weekdays(last: dt.date, n_days: int) -> list[dt.date]:
    """Return the first days after a date that are not on a weekend."""
    days = (last + dt.timedelta(days=step) for step in range(1, 2 * n_days + 4))
    return [day for day in days if day.weekday() < 5][:n_days]


def write_days(landing: Path, month: Month, days: list[dt.date]) -> list[Path]:
    """Write the files of some days after a month end into ``landing/daily``."""
    folders = []
    for date in days:
        day = (date - dt.date(1970, 1, 1)).days
        folder = landing / "daily" / date.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        write_controls(folder, [write_extract(folder, *made) for made in day_tables(month, day)])
        folders.append(folder)
    return folders


def day_tables(month: Month, day: int) -> Iterator[tuple[str, pa.Table]]:
    """Every extract of a day."""
    yield "entity", ledger.entity_table(day)
    accounts = [_Account(month, entity) for entity in range(len(ENTITIES))]
    held = [cash_rows(month, day, HISTORY_DAYS, entity) for entity in range(len(ENTITIES))]
    recent = [row for rows in held for row in rows[-CASH_DAYS:]]
    yield "cash_position", records_table("cash_position", recent)
    moved = [row for account in accounts for row in _movements(account, day)]
    yield "cash_movement", records_table("cash_movement", moved)
    yield "payment_forecast", records_table("payment_forecast", _forecasts(month, day))


def _movements(account: _Account, day: int) -> Iterator[dict[str, object]]:
    """What moved an account in a year, so that it explains the balances to the cent."""
    levels = cash_levels(account.month, day, HISTORY_DAYS, account.entity)
    days = np.arange(day - HISTORY_DAYS + 1, day + 1)
    left = np.diff(levels)
    contract = account.noise("contract", days) + round(CONTRACT_SHARE * account.total)
    parts: list[tuple[str, str, str | None, Ints]] = [
        ("contract", "all", None, contract),
        ("other", "all", None, account.noise("rest", days) // 4),
    ]
    parts += [("payment", kind, None, amounts) for kind, amounts in _paid(account, days)]
    for number, customer in enumerate(_largest_customers(account)):
        happens = hashed(account.month.bank.seed, "moves", days, account.entity, number) < 0.25
        moved: Ints = account.noise("named", days, number) * happens.astype(np.int64)
        parts.append(("deposit", f"{number + 1:02d}", customer, moved))
    known = np.sum([amounts for *_, amounts in parts], axis=0, dtype=np.int64)
    parts.append(("deposit", "others", None, left - known))
    for kind, number_, customer_, amounts in parts:
        for at in np.flatnonzero(amounts):
            yield {
                **account.place,
                "as_of_date": as_date(day),
                "movement_date": as_date(days[at]),
                "movement_type": kind,
                "movement_id": number_,
                "counterparty_id": customer_,
                "amount": int(amounts[at]),
            }


def _paid(account: _Account, days: Ints) -> Iterator[tuple[str, Ints]]:
    """Payments that were forecast, as they came: some a little off, some not at all."""
    for number, (kind, share, probability) in enumerate(FORECASTS):
        first = account.month.as_of + 3 + number
        draw = hashed(account.month.bank.seed, kind, days, account.entity)
        is_paid = ((days - first) % PAYMENT_STEP == 0) & (draw < probability)
        off = 1.0 + 0.02 * normal(hashed(account.month.bank.seed, "off", days, number))
        yield kind, np.where(is_paid, np.round(share * account.total * off), 0).astype(np.int64)


def _largest_customers(account: _Account) -> list[str]:
    """Keys of depositors of an entity: those with the largest demand deposits."""
    held: dict[int, int] = {}
    for book in account.month.demand:
        if book.product.extract == "deposit_nmd":
            mine = np.flatnonzero(book.alive.entity == account.entity)
            for row in mine[np.argsort(-book.carrying[mine], kind="stable")][:N_NAMED]:
                held[int(book.counterparty[row])] = int(book.carrying[row])
    largest = sorted(held, key=lambda key: (-held[key], key))[:N_NAMED]
    keys: list[str] = padded(np.array(largest, dtype=np.int64), customers.ID_WIDTH).to_pylist()
    return keys


def _forecasts(month: Month, day: int) -> list[dict[str, object]]:
    """Payments of the next sixty days, on the days that the month end named."""
    days = np.arange(day + 1, day + FORECAST_DAYS + 1)
    return [
        {
            **{k: v for k, v in account.place.items() if k != "account_id"},
            "as_of_date": as_date(day),
            "payment_date": as_date(date),
            "payment_type": kind,
            "amount": round(share * account.total),
            "probability_share": probability,
        }
        for account in (_Account(month, entity) for entity in range(len(ENTITIES)))
        for number, (kind, share, probability) in enumerate(FORECASTS)
        for date in days[(days - month.as_of - 3 - number) % PAYMENT_STEP == 0]
    ]
