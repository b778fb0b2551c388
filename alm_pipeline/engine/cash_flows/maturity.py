"""When a contract ends: as agreed, or where its instalments have repaid the principal.

Source: ACTUS guide, sections 6 (maturity when not given) and 8 (array schedules).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from alm_pipeline.engine.cash_flows.contract import Contract, Kind
from alm_pipeline.engine.conventions.cycle import Grid
from alm_pipeline.errors import CalculationError

_LONGEST = 100_000
_NOTHING_LEFT = 1e-9


def end_of(contract: Contract) -> datetime | None:
    """Return the end of the schedules; None where nothing ends them.

    Raises
    ------
    CalculationError
        If there is no maturity and none follows from the instalments.
    """
    if contract.kind is Kind.NON_MATURITY:
        return contract.horizon
    if contract.kind is Kind.CALL:
        end = contract.maturity_date or contract.call_date
        if end is None:
            raise CalculationError(
                "call money has neither a maturity nor a call", fix="give one of them"
            )
        return end
    if is_derived(contract):
        is_array = contract.kind is Kind.SEGMENTS
        return _last_segment_day(contract) if is_array else _repaid_by(contract)
    return contract.maturity_date or contract.amortisation_date


def is_derived(contract: Contract) -> bool:
    """Say whether the maturity follows from the instalments; such a maturity moves on holidays."""
    if contract.kind in (Kind.NON_MATURITY, Kind.CALL) or contract.maturity_date is not None:
        return False
    return contract.kind is not Kind.ANNUITY or contract.amortisation_date is None


def _repaid_by(contract: Contract) -> datetime:
    """Return the redemption date on which the given instalment has repaid the principal."""
    grid, payment = contract.redemption, contract.payment
    if grid is None or grid.cycle is None or not payment:
        raise CalculationError(
            "a contract has no maturity and none follows from its terms",
            detail=f"{contract.kind.name.lower()} contract of {contract.start_date:%Y-%m-%d}",
            fix="give the maturity, or the instalment and the redemption cycle",
        )
    k = 0
    while _date(contract, grid, k) < contract.status_date:
        k += 1
    first, repaid = _date(contract, grid, k), payment
    if contract.kind is not Kind.LINEAR:
        years = contract.year_fraction(first, grid.cycle.after(first, 1))
        repaid -= contract.principal * (contract.rate or 0.0) * years
    if repaid <= 0.0:
        raise CalculationError(
            "the instalment does not repay the principal",
            detail=f"instalment {payment}, principal {contract.principal}, rate {contract.rate}",
            fix="give the maturity",
        )
    n_payments = math.ceil(round(contract.principal / repaid, 9))
    return _date(contract, grid, k + n_payments - 1)


def _last_segment_day(contract: Contract) -> datetime:
    """Return the principal date of an array schedule on which nothing is left."""
    balance, segments = contract.principal, contract.principal_segments
    for i, segment in enumerate(segments):
        limit = segments[i + 1].grid.anchor if i + 1 < len(segments) else None
        for day in _dates_until(contract, segment.grid, limit):
            if contract.has_started and day <= contract.status_date:
                continue  # what is owed on the status date is net of it
            balance -= segment.value
            if balance <= _NOTHING_LEFT * contract.principal:
                return day
    raise CalculationError(
        "the amounts of an array schedule never repay the principal",
        detail=f"left after the last one: {balance}",
        fix="give the maturity, or a last segment with a cycle",
    )


def _dates_until(contract: Contract, grid: Grid, limit: datetime | None) -> Iterable[datetime]:
    for k in range(_LONGEST if grid.cycle is not None else 1):
        day = _date(contract, grid, k)
        if limit is not None and day >= limit:
            return
        yield day


def _date(contract: Contract, grid: Grid, k: int) -> datetime:
    return grid.date(k, is_end_of_month=contract.is_end_of_month)
