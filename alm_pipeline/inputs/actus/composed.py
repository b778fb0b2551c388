"""Events of an ACTUS contract: the simple types from one projection, the others from two.

Swaps and caps are made of legs that run through the same projection. What the ACTUS vectors show
although it is economically doubtful (ACTUS guide, marked *odd*) is confined to this package: prices
of swaps whatever the role, signed accrued interest in the prices of loans.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from alm_pipeline.errors import CalculationError
from alm_pipeline.inputs.actus.simple import Event, simple_events
from alm_pipeline.inputs.actus.terms import Observed, Reader, Terms, moment_of

_ORDER = (
    *("IED", "FP", "PR", "PI", "IP", "IPFX", "IPFL", "IPCI", "RRF", "RR", "PRF", "PRD", "SC"),
    *("IPCB", "TD", "XD", "MD", "STD", "AD"),
)
_NOT_CUT = ("CLM",)  # settlement may lie after the end
_PRICES = ("priceAtPurchaseDate", "priceAtTerminationDate")
_BOUNDS = ("lifeCap", "lifeFloor", "periodCap", "periodFloor")
_NETTED = ("IED", "IP", "PR", "MD")

EventList = list[Event]


def events(
    terms: Terms,
    data_observed: Observed,
    to: str,
    events_observed: Sequence[Terms] | None = None,
) -> list[dict[str, Any]]:
    """Return the events of an ACTUS contract, in order, with the states after each.

    Parameters
    ----------
    terms : mapping
        ACTUS terms by their dictionary names.
    data_observed : mapping
        Observations by market object.
    to : str
        Last moment wanted; empty: the contract's own end.
    events_observed : sequence, optional
        Unscheduled events, such as the call of call money.

    Raises
    ------
    CalculationError
        If the contract type or a term is not projected.
    """
    reader = Reader(terms)
    name = reader.text("contractType")

    def run(own: Terms) -> EventList:
        return simple_events(Reader(own), data_observed, to, events_observed or ())

    found = _COMPOSED[name](reader, run) if name in _COMPOSED else run(terms)
    if to and name not in _NOT_CUT:
        end = moment_of(to)
        found = [event for event in found if event.moment <= end]
    return [event.shown() for event in found]


def _plain_swap(reader: Reader, run: Callable[[Terms], EventList]) -> EventList:
    """Return a swap of a fixed against a floating rate: two notional legs with the same dates.

    The fixed leg resets to its own rate wherever the other one resets, so that both have the same
    events and the fixed interest accrued is known at each.
    """
    role, dropped = reader.role, {*_PRICES, "accruedInterest"}
    if not reader.text("cycleOfInterestPayment"):  # then interest is paid at the end alone
        dropped.add("cycleAnchorDateOfInterestPayment")
    bare = {k: v for k, v in reader.terms.items() if k not in dropped}
    leg = {**bare, "contractType": "PAM", "contractRole": "RPA"}
    floating_leg = run({**leg, "nominalInterestRate": reader.amount("nominalInterestRate2")})
    fixed_leg = run(_fixed(leg, reader.amount("nominalInterestRate")))
    is_netted = reader.text("deliverySettlement") == "S"
    prices = {
        "PRD": -role * reader.amount("priceAtPurchaseDate"),
        "TD": reader.amount("priceAtTerminationDate"),
    }
    found: EventList = []
    for paid, received in zip(floating_leg, fixed_leg, strict=True):
        event = paid.replaced(
            payoff=prices.get(paid.kind, 0.0),
            notional=role * paid.notional,
            accrued=role * received.accrued,
        )
        if paid.kind != "IP":
            found.append(event)
        elif is_netted:
            found.append(event.replaced(payoff=role * (received.payoff - paid.payoff)))
        else:
            found.append(event.replaced(kind="IPFX", payoff=role * received.payoff))
            found.append(event.replaced(kind="IPFL", payoff=-role * paid.payoff))
    return found


def _fixed(leg: Terms, rate: float) -> Terms:
    """Return a leg whose resets all give the same rate, whatever bounds the floating one."""
    free = {name: value for name, value in leg.items() if name not in _BOUNDS}
    known = {"nextResetRate": rate} if Reader(leg).text("nextResetRate") else {}
    return {**free, "nominalInterestRate": rate, "rateMultiplier": "0", "rateSpread": rate, **known}


def _swap(reader: Reader, run: Callable[[Terms], EventList]) -> EventList:
    """Return a swap of two contracts, each projected as the contract it is."""
    role = reader.role
    first, second = _child(reader, "FIL"), _child(reader, "SEL")
    sides = ("RPA", "RPL") if role > 0.0 else ("RPL", "RPA")
    legs = [
        run({**child, "contractRole": side})
        for child, side in zip((first, second), sides, strict=True)
    ]
    found = [event for leg in legs for event in leg]
    status = reader.required_moment("statusDate")
    bought = _after(status, reader.moment("purchaseDate"))
    ended = _after(status, reader.moment("terminationDate"))
    if bought is not None:
        found = [event for event in found if event.moment > bought]
    if ended is not None:
        found = [event for event in found if event.moment <= ended]
    found = sorted(found, key=_place)  # the first leg stays before the second
    if reader.text("deliverySettlement") == "S":
        found = _netted(found)
    blank = Event(status, "", 0.0, reader.text("currency"), 0, 0, 0)
    if bought is not None:
        price = role * reader.amount("priceAtPurchaseDate")
        found = [blank.replaced(moment=bought, kind="PRD", payoff=price), *found]
    if ended is not None:
        price = role * reader.amount("priceAtTerminationDate")
        found = [*found, blank.replaced(moment=ended, kind="TD", payoff=price)]
    return found


def _after(status: datetime, moment: datetime | None) -> datetime | None:
    """Return a moment after the status date; an earlier one has passed."""
    return moment if moment is not None and moment > status else None


def _cap_floor(reader: Reader, run: Callable[[Terms], EventList]) -> EventList:
    """Return a cap or floor: what bounding the rate of its underlying changes in each payment."""
    underlying = {**_child(reader, "UDL"), "contractRole": "RPA"}
    bounds = {name: reader.text(name) for name in ("lifeCap", "lifeFloor") if reader.text(name)}
    free = [event for event in run(underlying) if event.kind == "IP"]
    bounded = [event for event in run({**underlying, **bounds}) if event.kind == "IP"]
    return [
        one.replaced(
            payoff=reader.role * abs(one.payoff - other.payoff),
            currency=reader.text("currency"),
            notional=0.0,
            rate=0.0,
            accrued=0.0,
        )
        for one, other in zip(free, bounded, strict=True)
    ]


_COMPOSED = {"SWPPV": _plain_swap, "SWAPS": _swap, "CAPFL": _cap_floor}


def _child(reader: Reader, role: str) -> Terms:
    children = reader.terms.get("contractStructure") or ()
    found = [child["object"] for child in children if child.get("referenceRole") == role]
    if len(found) != 1:
        raise CalculationError(
            f"{len(found)} children with the role {role}",
            where=reader.text("contractID"),
            fix="give exactly one",
        )
    child: Terms = found[0]
    return child


def _place(event: Event) -> tuple[Any, int]:
    return event.moment, _ORDER.index(event.kind)


def _netted(found: EventList) -> EventList:
    """Return one event where both legs have one of the same kind at the same moment."""
    netted: EventList = []
    for event in found:
        last = netted[-1] if netted else None
        if last is not None and _place(last) == _place(event) and event.kind in _NETTED:
            netted[-1] = last.replaced(
                payoff=last.payoff + event.payoff,
                notional=last.notional + event.notional,
                rate=0.0,
                accrued=0.0,
            )
        else:
            netted.append(event)
    return netted
