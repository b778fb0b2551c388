"""What the bank delivers date by date: repayments of some loans, calls and puts of some bonds.

Every so-many-th linear loan is a list; its amounts are those of the linear law to the cent, so a
balance does not depend on whether its schedule is a formula or a list. Every so-many-th bond of
some kinds may be redeemed at par on its coupon dates in the second half of its life.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from alm_pipeline.demo.balance_sheet import ENTITIES
from alm_pipeline.demo.calendar import Ints, add_months, whole_periods
from alm_pipeline.demo.contracts import Flags
from alm_pipeline.demo.files import Coded, extract_table
from alm_pipeline.demo.population import Alive
from alm_pipeline.demo.rows import Book, key_text

_EVERY = 16
REDEEMABLE = {
    "agency_bond": ("call", 8),
    "corporate_bond": ("call", 8),
    "subordinated_debt": ("call", 1),
    "senior_debt": ("put", 8),
}
"""Who may redeem which bonds, and how many of them: one in so many."""


def is_listed(alive: Alive) -> Flags:
    """Which contracts have a schedule of their own; a contract keeps it for life."""
    chosen: Flags = alive.pick(alive.slots.number) % _EVERY == 3
    return chosen & (alive.product.shape == "linear")


def event_table(books: list[Book]) -> pa.Table:
    """Rows of the schedule_event extract: what is agreed for days after the as-of date."""
    parts = [_repayments(book) for book in books if book.product.shape == "linear"]
    parts += [_rights(book) for book in books if book.product.code in REDEEMABLE]
    return pa.concat_tables(parts) if parts else extract_table("schedule_event", 0, {})


def _repayments(book: Book) -> pa.Table:
    alive, months = book.alive, book.product.payment_months
    total = alive.pick(alive.slots.term) // months
    done = whole_periods(alive.start, alive.as_of, np.full(len(alive), months))
    contract = np.repeat(np.arange(len(alive)), np.where(is_listed(alive), total - done, 0))
    first = np.searchsorted(contract, contract)
    k = done[contract] + 1 + np.arange(len(contract)) - first
    original, n = book.state.original[contract], total[contract]
    columns = {
        "as_of_date": alive.as_of,
        "entity_id": Coded(alive.entity[contract], ENTITIES),
        "contract_no": key_text(book).take(pa.array(contract)),
        "event_date": add_months(alive.start[contract], k * months),
        "event_type": "principal",
        "event_amount": _repaid(original, k, n) - _repaid(original, k - 1, n),
    }
    return extract_table("schedule_event", len(contract), columns)


def _rights(book: Book) -> pa.Table:
    """Return a row per coupon date on which a bond may be redeemed, its last payment apart."""
    alive, months = book.alive, book.product.payment_months
    kind, one_in = REDEEMABLE[book.product.code]
    has_right = alive.pick(alive.slots.number) % one_in == 0
    total = alive.pick(alive.slots.term) // months
    first = np.maximum(
        whole_periods(alive.start, alive.as_of, np.full(len(alive), months)) + 1, (total + 1) // 2
    )
    contract = np.repeat(
        np.arange(len(alive)), np.where(has_right, np.maximum(total - first, 0), 0)
    )
    k = first[contract] + np.arange(len(contract)) - np.searchsorted(contract, contract)
    columns = {
        "as_of_date": alive.as_of,
        "entity_id": Coded(alive.entity[contract], ENTITIES),
        "contract_no": key_text(book).take(pa.array(contract)),
        "event_date": add_months(alive.start[contract], k * months),
        "event_type": kind,
        "event_amount": book.state.outstanding[contract],
    }
    return extract_table("schedule_event", len(contract), columns)


def _repaid(original: Ints, k: Ints, n: Ints) -> Ints:
    """What the linear law has repaid after k of n payments, in cents."""
    repaid: Ints = np.round(original * k / n).astype(np.int64)
    return repaid
