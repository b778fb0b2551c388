"""Small ACTUS contracts for tests, in the acronyms of the ACTUS dictionary; plain terms are given.

The plain contract lends 1 000 at 12 % in 30E/360 from 1 January 2025: 10 of interest a month.
"""

from __future__ import annotations

from typing import Any

from alm_pipeline.inputs.actus import events

EXACT = 1e-9
INDEX = "INDEX"
Terms = dict[str, Any]
Events = list[dict[str, Any]]

ACRONYMS = {
    "CT": "contractType",
    "CNTRL": "contractRole",
    "CUR": "currency",
    "SD": "statusDate",
    "IED": "initialExchangeDate",
    "MD": "maturityDate",
    "AMD": "amortizationDate",
    "NT": "notionalPrincipal",
    "PDIED": "premiumDiscountAtIED",
    "IPNR": "nominalInterestRate",
    "IPNR2": "nominalInterestRate2",
    "IPDC": "dayCountConvention",
    "IPANX": "cycleAnchorDateOfInterestPayment",
    "IPCL": "cycleOfInterestPayment",
    "IPAC": "accruedInterest",
    "IPCED": "capitalizationEndDate",
    "IPCB": "interestCalculationBase",
    "IPCBA": "interestCalculationBaseAmount",
    "IPCBANX": "cycleAnchorDateOfInterestCalculationBase",
    "IPCBCL": "cycleOfInterestCalculationBase",
    "PRANX": "cycleAnchorDateOfPrincipalRedemption",
    "PRCL": "cycleOfPrincipalRedemption",
    "PRNXT": "nextPrincipalRedemptionPayment",
    "RRANX": "cycleAnchorDateOfRateReset",
    "RRCL": "cycleOfRateReset",
    "RRNXT": "nextResetRate",
    "RRSP": "rateSpread",
    "RRMLT": "rateMultiplier",
    "RRLC": "lifeCap",
    "RRLF": "lifeFloor",
    "RRPC": "periodCap",
    "RRPF": "periodFloor",
    "CLDR": "calendar",
    "BDC": "businessDayConvention",
    "EOMC": "endOfMonthConvention",
    "DS": "deliverySettlement",
    "ARIPANX": "arrayCycleAnchorDateOfInterestPayment",
    "ARIPCL": "arrayCycleOfInterestPayment",
    "ARPRANX": "arrayCycleAnchorDateOfPrincipalRedemption",
    "ARPRCL": "arrayCycleOfPrincipalRedemption",
    "ARPRNXT": "arrayNextPrincipalRedemptionPayment",
    "ARINCDEC": "arrayIncreaseDecrease",
    "ARRRANX": "arrayCycleAnchorDateOfRateReset",
    "ARRATE": "arrayRate",
    "ARFIXVAR": "arrayFixedVariable",
    "CTS": "contractStructure",
}
PLAIN: Terms = {
    "CT": "PAM",
    "CNTRL": "RPA",
    "CUR": "USD",
    "SD": "2024-12-31",
    "IED": "2025-01-01",
    "NT": 1000,
    "IPNR": 0.12,
    "IPDC": "30E360",
}


def stamped(value: Any) -> Any:
    """Return a day as the time stamp of its midnight, inside lists too; the rest as it is."""
    if isinstance(value, list):
        return [stamped(one) for one in value]
    is_day = isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-"
    return f"{value}T00:00:00" if is_day else value


def contract(**terms: Any) -> Terms:
    """Return the plain contract with terms changed; None takes a term away."""
    given = {name: value for name, value in (PLAIN | terms).items() if value is not None}
    named = {ACRONYMS.get(name, name): stamped(value) for name, value in given.items()}
    if "RRANX" in given or "RRCL" in given or "ARRRANX" in given:
        named["marketObjectCodeOfRateReset"] = INDEX
    return named | {"contractID": "c1", "contractDealDate": "2024-01-01T00:00:00"}


def child(reference_role: str, **terms: Any) -> Terms:
    """Return a leg or an underlying, which takes its role from its parent."""
    leg = contract(CNTRL=None, **terms)
    return {"object": leg, "referenceType": "CNT", "referenceRole": reference_role}


def project(
    terms: Terms,
    quotes: dict[str, float] | None = None,
    to: str = "",
    happened: tuple[tuple[str, str, float], ...] = (),
) -> Events:
    """Return the events of a contract, given the quotes of its index and what was observed."""
    data = [{"timestamp": stamped(day), "value": str(rate)} for day, rate in (quotes or {}).items()]
    observed = {INDEX: {"identifier": INDEX, "data": data}} if data else {}
    unscheduled = [
        {"time": stamped(day), "type": kind, "value": amount} for day, kind, amount in happened
    ]
    return events(terms, observed, stamped(to), unscheduled)


def listing(projected: Events) -> list[tuple[str, str]]:
    """Return day and type of every event."""
    return [(event["eventDate"][:10], event["eventType"]) for event in projected]


def days(projected: Events, event_type: str) -> list[str]:
    return [day for day, kind in listing(projected) if kind == event_type]


def values(projected: Events, event_type: str, field: str = "payoff") -> list[float]:
    """Return one number of all events of a type, in their order."""
    return [float(event[field]) for event in projected if event["eventType"] == event_type]


def notionals(projected: Events, event_type: str) -> list[float]:
    return values(projected, event_type, "notionalPrincipal")
