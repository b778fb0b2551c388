"""What an agenda is: the dated actions of a contract whose dates do not lie on one grid.

Actions stand in the order of the ACTUS guide, section 3. Where the dates come from is ``steps``'
business, what an action does to the contract ``walk``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import CountArray


class Action(IntEnum):
    """What happens, in the order in which it happens on one day."""

    OPEN = 0
    """The states as of the as-of date; no event, but a row without amounts."""
    START = 1
    REDEEM = 2
    """Early withdrawal, by the share of the position's cohort."""
    FEE = 3
    RESET_IN_ARREARS = 4
    """A reset of the period that ends, as if its rate had been known from its start on."""
    REPAY = 5
    DRAW = 6
    PAY_INTEREST = 7
    CAPITALISE = 8
    SET_RATE = 9
    RESET = 10
    SET_PAYMENT = 11
    FIX_PAYMENT = 12
    PURCHASE = 13
    SCALE = 14
    FIX_BASE = 15
    PAY_IN_ADVANCE = 16
    """The interest of the period that begins, on the balance and at the rate then in force."""
    TERMINATE = 17
    CALL = 18
    SETTLE_INTEREST = 19
    MATURE = 20
    SETTLE = 21


class Repayment(IntEnum):
    """What a REPAY action repays, never more than the balance."""

    AMOUNT = 0
    """The amount of the entry."""
    PAYMENT = 1
    """The principal instalment."""
    PAYMENT_LESS_INTEREST = 2
    """The instalment less the interest due; a shortfall is added to the principal."""


ENTRY = np.dtype(
    [
        ("action", "i8"),
        ("day", "i8"),
        ("accrual_day", "i8"),
        ("repayment", "i8"),
        ("amount", "f8"),
        ("rate", "f8"),
        ("base", "f8"),
        ("due", "f8"),
        ("years", "f8"),
        ("years_ahead", "f8"),
        ("unit", "f8"),
        ("prepayment_years", "f8"),
        ("is_base_kept", "?"),
        ("is_observed", "?"),
        ("index_day", "i8"),
        ("index_end", "i8"),
        ("first_payment", "i8"),
        ("last_payment", "i8"),
    ],
    align=True,
)
"""One action of an agenda; days are offsets from the as-of date.

=================  ===========================================================================
``day``            when it happens
``accrual_day``    to where interest runs; ``years``: how long that is, NaN: the day count says
``years_ahead``    the period of PAY_IN_ADVANCE
``amount``         principal of OPEN, START, DRAW, REPAY; the instalment of SET_PAYMENT; a FEE
``rate``           rate of OPEN, START, SET_RATE; the index of RESET where ``is_observed``
``is_observed``    a RESET whose index is known, a SET_RATE that is a reset and no agreed step
``base``           interest base of OPEN, START; what DRAW adds to a base that is kept; spread of
                   RESET
``due``            interest due of OPEN, START
``is_base_kept``   the interest base does not follow the balance
``unit``           what interest and instalments are rounded to, half to even; 0: nothing
``index_day``      the index of RESET runs from here to ``index_end``, or for its tenor where that
                   is not later
``first_payment``  to ``last_payment``: slice of the payment days from which FIX_PAYMENT, or a
                   RESET that fixes anew, finds the instalment
=================  ===========================================================================

``prepayment_years``: customers prepay after the action, for so long.
"""


class AgendaTables(NamedTuple):
    """Agendas of a book, one after the other.

    ``entries`` (n_entries,) records of ``ENTRY``; ``payment_days`` (m,) int64; ``first``, ``last``
    (n_positions,) int64: slice of the entries of a position, empty where it has no agenda.
    """

    entries: Any
    payment_days: CountArray
    first: CountArray
    last: CountArray


def no_agendas(n_positions: int) -> AgendaTables:
    """Return the tables of a book in which every contract lies on its grid."""
    first, last = np.zeros((2, n_positions), np.int64)
    return AgendaTables(np.zeros(1, ENTRY).view(np.recarray), np.zeros(1, np.int64), first, last)


def joined_agendas(n_positions: int, agendas: Mapping[int, tuple[Any, CountArray]]) -> AgendaTables:
    """Return the tables of a book from the agendas of some of its positions, by row.

    Parameters
    ----------
    n_positions : int
    agendas : mapping of row to (entries, payment_days)
        As ``steps.agenda_of`` returns them.
    """
    tables = no_agendas(n_positions)
    if not agendas:
        return tables
    parts, days, n_entries, n_days = [], [], 0, 0
    for row, (entries, payment_days) in sorted(agendas.items()):
        part = entries.copy()
        part["first_payment"] += n_days
        part["last_payment"] += n_days
        parts.append(part)
        days.append(payment_days)
        tables.first[row], tables.last[row] = n_entries, n_entries + len(part)
        n_entries, n_days = n_entries + len(part), n_days + len(payment_days)
    entries = np.concatenate(parts).view(np.recarray)
    return tables._replace(entries=entries, payment_days=np.concatenate(days))
