"""What a simulation returns, per position and per group.

Everything is in contract currency with scenarios last; values and income are signed, principal is
unsigned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from alm_pipeline.engine.arrays import Buckets, CountArray, FloatArray
from alm_pipeline.engine.conventions.buckets import fine_bounds, merged
from alm_pipeline.engine.metrics.eve import INTEREST_AMOUNT, PRESENT_VALUE, PRINCIPAL_AMOUNT
from alm_pipeline.engine.metrics.principal import (
    CAPITALISED_INTEREST,
    DRAWN,
    MONTH_CHANGE_DAYS,
    MONTH_INTEREST,
    MONTH_MARGIN,
    MONTH_REPLACEMENT,
    OPENING,
    PREPAID_PRINCIPAL,
    REMAINING,
    SCHEDULED_PRINCIPAL,
    WRITTEN_OFF,
)

_PRINCIPAL = {
    "opening": OPENING,
    "drawn": DRAWN,
    "capitalised": CAPITALISED_INTEREST,
    "scheduled": SCHEDULED_PRINCIPAL,
    "prepaid": PREPAID_PRINCIPAL,
    "written_off": WRITTEN_OFF,
}


@dataclass(frozen=True, kw_only=True)
class BucketAmounts:
    """Amounts of one bucket set, each (n_groups, n_buckets, n_scenarios), signed.

    ``principal``, ``interest``, ``present_value`` by pay date; ``repricing_principal`` by
    repricing date, no groups without that lens; ``is_by_repricing`` says which one is asked for.
    Present values sum to the values of the positions in either set.
    """

    name: str
    is_by_repricing: bool
    principal: FloatArray
    interest: FloatArray
    present_value: FloatArray
    repricing_principal: FloatArray


class GroupAmounts(NamedTuple):
    """What groups add up to, named as in ``SimulationResult``."""

    buckets: dict[str, BucketAmounts]
    monthly: dict[str, FloatArray]


@dataclass(frozen=True, kw_only=True)
class SimulationResult:
    """Results of one pass; what a lens that was not chosen would give is not there.

    Attributes
    ----------
    present_value : (n, S)
        Along the forwards: options at their intrinsic value.
    option_value : (n, S)
        What options on rates and rights to redeem early are worth beyond it; positive where the
        bank holds them. No rows without that lens.
    net_interest_income, net_interest_income_other_path : {12: (n, S), 24: (n, S)}
        Months of the window; along the chosen path of the indices, and along the other one.
    amortised : {12: (n, S), 24: (n, S)}
        What of premiums and discounts is income of the window, along the forwards; not part of net
        interest income. Nothing without the lens "premiums".
    principal : {"opening" | "drawn" | "capitalised" | "scheduled" | "prepaid" | "written_off" |
        "remaining": (n, S)}
        Run-off over the life; "remaining" is what is left at the engine's horizon.
    buckets : {name of the bucket set: BucketAmounts}
    monthly : {"opening" | "drawn" | ... | "closing" | "interest" | "replacement":
        (n_groups, n_months, S)}
        Month k in column k - 1. Interest and replacement are signed and sum to the net interest
        income along forwards; "margin" is the margin's part of "interest", the index has the rest.
        "average" is the balance on the average day, unsigned as the balances.
    """

    present_value: FloatArray
    option_value: FloatArray
    net_interest_income: dict[int, FloatArray]
    net_interest_income_other_path: dict[int, FloatArray]
    amortised: dict[int, FloatArray] = field(default_factory=dict)
    principal: dict[str, FloatArray]
    buckets: dict[str, BucketAmounts]
    monthly: dict[str, FloatArray]

    @property
    def whole_value(self) -> FloatArray:
        """Return present values with what options add, where they are valued, (n, S)."""
        has_options = len(self.option_value) == len(self.present_value)
        return self.present_value + self.option_value if has_options else self.present_value

    def whole_income(self, months: int) -> FloatArray:
        """Return net interest income of a window with what amortises in it, (n, S)."""
        return self.net_interest_income[months] + self.amortised[months]


def principal_items(record: FloatArray) -> dict[str, FloatArray]:
    """Return the principal record (n, items, S) by name."""
    items = {name: record[:, row] for name, row in _PRINCIPAL.items()}
    return items | {"remaining": record[:, REMAINING]}


def monthly_items(
    months: FloatArray, n_days: CountArray, *, has_income: bool, has_principal: bool
) -> dict[str, FloatArray]:
    """Return the group months (n_groups, n_months, items, S) by name, balances rolled forward.

    ``n_days`` (n_months,) [days] of each month.
    """
    found: dict[str, FloatArray] = {}
    if has_income:
        found["interest"] = months[:, :, MONTH_INTEREST]
        found["replacement"] = months[:, :, MONTH_REPLACEMENT]
        found["margin"] = months[:, :, MONTH_MARGIN]
    if has_principal:
        items = {name: months[:, :, row] for name, row in _PRINCIPAL.items() if name != "opening"}
        change = items["drawn"] + items["capitalised"] - items["scheduled"]
        change = change - items["prepaid"] - items["written_off"]
        closing = months[:, :1, OPENING] + np.cumsum(change, axis=1)
        opening = np.concatenate([months[:, :1, OPENING], closing[:, :-1]], axis=1)
        average = opening + months[:, :, MONTH_CHANGE_DAYS] / n_days[:, None]
        found |= items | {"opening": opening, "closing": closing, "average": average}
    return found


def bucket_items(
    bucket_sets: tuple[Buckets, ...], cash: FloatArray, repricing: FloatArray
) -> dict[str, BucketAmounts]:
    """Merge the fine buckets (n_groups, n_fine, ...) into those of each set."""
    fine, result = fine_bounds(bucket_sets), {}
    for one in bucket_sets:
        amounts = merged(cash, fine, one)
        result[one.name] = BucketAmounts(
            name=one.name,
            is_by_repricing=one.is_by_repricing,
            principal=amounts[:, :, PRINCIPAL_AMOUNT],
            interest=amounts[:, :, INTEREST_AMOUNT],
            present_value=amounts[:, :, PRESENT_VALUE],
            repricing_principal=merged(repricing, fine, one),
        )
    return result
