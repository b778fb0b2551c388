"""The repricing lens: when principal next takes a market rate.

Fixed contracts: every principal flow, scheduled or behavioural, on its date. Contracts that reset:
principal flows before the next reset on their dates, the whole balance at the reset. Swap legs:
the notional, by direction, at the next reset or the maturity; it is never paid. Caps and floors
have no principal: an option is stripped and valued by itself (BCBS d368, paragraph 130).
Balances without maturity: their slots. A forward-starting loan nets to zero: drawn at its start,
repaid later. So the total is outstanding principal net of provisions, plus notionals.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.engine.arrays import CountArray, FloatArray, OptionType
from alm_pipeline.engine.cash_flows.records import BALANCE, PREPAID, SCHEDULED, Block, Rows
from alm_pipeline.engine.kernel import kernel

_NO_OPTION = int(OptionType.NONE)


@kernel
def add_repricing(
    terms: Any, rows: Rows, block: Block, bucket_of_day: CountArray, repricing: FloatArray
) -> None:
    """Add the principal of a block of contracts to their groups' repricing buckets.

    Parameters
    ----------
    bucket_of_day : (n_sets, n_days) int64
    repricing : (n_groups, n_buckets, S) float64 [position currency], signed, added to
    """
    for i in range(len(terms)):
        if terms[i].option_type != _NO_OPTION:
            continue
        slots = repricing[terms[i].group]
        _add_one(terms[i], rows, block.begin[i], block.end[i], bucket_of_day, slots)


@kernel
def _add_one(
    term: Any, rows: Rows, begin: int, end: int, bucket_of_day: CountArray, repricing: FloatArray
) -> None:
    sign = float(term.sign)
    for row in range(begin, end):
        flow, drawn, is_reset = rows.flows[row], rows.drawn[row], rows.is_reset[row]
        repriced = 1.0 if is_reset else 0.0
        for bucket_set in range(len(bucket_of_day)):
            slot = repricing[bucket_of_day[bucket_set, rows.day[row]]]
            for s in range(slot.shape[0]):
                principal = flow[SCHEDULED, s] + flow[PREPAID, s] - drawn
                slot[s] += sign * (principal + repriced * flow[BALANCE, s])
        if is_reset:
            return
