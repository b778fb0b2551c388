"""The repricing lens: when principal next takes a market rate.

Fixed contracts: every principal flow, scheduled or behavioural, on its date. Contracts that reset:
principal flows before the next reset on their dates, the whole balance at the reset. Swap legs:
the notional, by direction, at the next reset or the maturity; it is never paid. Caps and floors
have no principal: an option is stripped and valued by itself (BCBS d368, paragraph 130).
Balances without maturity: their slots. A forward-starting loan nets to zero, drawn at its start
and repaid later, and so does capitalised interest. So the total is outstanding principal net of
provisions, plus notionals.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import FloatArray, IntArray, OptionType
from alm_pipeline.engine.cash_flows.records import BALANCE, CAPITALISED, Rows, repaid
from alm_pipeline.engine.kernel import kernel
from alm_pipeline.engine.lanes import add_to, at, load

_NO_OPTION = int(OptionType.NONE)


@kernel
def add_repricing(
    term: Any,
    rows: Rows,
    n_rows: int,
    bucket_of_day: IntArray,
    repricing: FloatArray,
    group: int,
) -> None:
    """Add the principal of a contract to its group's repricing buckets.

    Parameters
    ----------
    bucket_of_day : (n_days,) int32
    repricing : (n_groups, n_buckets, WIDTH) float64 [position currency], signed, added to
    """
    if term.option_type != _NO_OPTION:
        return
    sign = float(term.sign)
    for row in range(n_rows):
        principal = repaid(term, rows, row)
        if at(rows.is_capitalised, row):
            principal = principal - load(rows.flows, CAPITALISED, row)
        if at(rows.is_reset, row):
            principal = principal + load(rows.flows, BALANCE, row)
        add_to(repricing, group, at(bucket_of_day, at(rows.day, row)), sign * principal)
        if at(rows.is_reset, row):
            return
