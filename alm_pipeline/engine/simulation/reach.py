"""How far the tables of a pass must reach, in days from the as-of date and in months.

Back to the earliest running period, forward to the last payment and the longest index period.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import NO_DATE, Behaviour, BoolArray, Positions, RateType
from alm_pipeline.engine.cash_flows.accepted_terms import HORIZON_DAYS, has_schedule
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS

_SPARE_DAYS = 400


class Reach(NamedTuple):
    """The last day on which anything happens, and the ends of what is looked up by day and month.

    ``first_date`` to ``last_date`` [days]: of the calendar; ``n_days``: of the curves;
    ``n_rate_months``: of the rates that pass through to customers.
    """

    last_day: int
    first_date: int
    last_date: int
    n_days: int
    n_rate_months: int


def reach_of(
    positions: Positions,
    behaviour: Behaviour,
    agendas: AgendaTables,
    window_day: int,
    window_months: int,
) -> Reach:
    """Return how far tables must reach.

    Parameters
    ----------
    window_day, window_months : int
        End of the income windows [days from the as-of date] and their length [months].
    """
    scheduled = has_schedule(positions)
    last_day = _last_day(positions, scheduled, behaviour, window_day)
    last_day = max(last_day, _last_entry(agendas))
    starts = (positions.last_payment_offset, positions.start_offset)
    first = min(int(day.min(where=scheduled & (day != NO_DATE), initial=0)) for day in starts)
    return Reach(
        last_day=last_day,
        first_date=first - _SPARE_DAYS,
        last_date=last_day + 31 * int(positions.reset_months.max(initial=0)) + _SPARE_DAYS,
        n_days=_n_market_days(positions, last_day, window_day),
        n_rate_months=_n_rate_months(positions, scheduled, window_months),
    )


def _last_day(
    positions: Positions, scheduled: BoolArray, behaviour: Behaviour, window_day: int
) -> int:
    """Return the last day on which anything can happen."""
    is_open = scheduled & (positions.maturity_offset == NO_DATE)
    if (is_open & (positions.next_payment_offset != NO_DATE)).any():
        return HORIZON_DAYS
    months = max(
        int(behaviour.core_run_off_months.max(initial=0)),
        int(behaviour.run_off_profile.shape[1]),
        int(behaviour.draw_profile.shape[1]),
    )
    last = max(
        window_day,
        int(positions.maturity_offset[scheduled].max(initial=1)),
        int(positions.recovery_offset.max(initial=1)),
        31 * (months + 1),
    )
    return min(last, HORIZON_DAYS)


def _last_entry(agendas: AgendaTables) -> int:
    """Return the last day that an agenda names."""
    entries = agendas.entries
    days = (entries.day, entries.accrual_day, entries.index_end, agendas.payment_days)
    return int(max(day.max() for day in days))


def _n_market_days(positions: Positions, last_day: int, window_day: int) -> int:
    """Return how many days the curves must reach: the last flow, the longest index period."""
    placed = np.where(positions.is_nii, positions.replacement_tenor, 0)
    index = INDEX_TENOR_MONTHS[max(int(positions.index_tenor.max(initial=0)), 1)]
    replacement = INDEX_TENOR_MONTHS[max(int(placed.max(initial=0)), 1)]
    return int(max(last_day + 31 * index, window_day + 31 * replacement)) + 33


def _n_rate_months(positions: Positions, scheduled: BoolArray, window_months: int) -> int:
    """Return for how many months pass-through is needed: the window, or a contract's life."""
    is_administered = (positions.rate_type == RateType.ADMINISTERED) & scheduled
    last = int(positions.maturity_offset[is_administered].max(initial=0))
    return max(window_months + 1, min(last, HORIZON_DAYS) // 30 + 2)
