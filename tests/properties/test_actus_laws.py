"""Laws of ACTUS contracts with random terms: sides, principal, interest, status dates."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.inputs.actus_contracts import Events, Terms, contract, project, values

N_EXAMPLES = int(os.environ.get("ALM_LAW_EXAMPLES", "25"))
law = settings(
    max_examples=N_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
OF_THE_PRINCIPAL = 1e-11  # rounding of some hundred additions
LOANS = ["PAM", "LAM", "NAM", "ANN"]
OTHERS = ["LAX", "CLM", "UMP", "SWPPV"]
DAY_COUNTS = ["AA", "A360", "A365", "30E360", "30E360ISDA", "28E336"]
DAYS_OF_A_YEAR = {"A360": 360, "A365": 365}
CODES = ["SCF", "CSF", "SCMF", "CSMF", "SCP", "CSP", "SCMP", "CSMP", "NOS"]
OTHER_ROLE = {"SWPPV": ("RF", "PF")}
MIRRORED = ("payoff", "notionalPrincipal", "accruedInterest")

rates = st.floats(-0.02, 0.2).map(lambda rate: round(rate, 6))
amounts = st.floats(1.0, 1e7).map(lambda amount: round(amount, 2))
first_days = st.integers(0, 800).map(lambda day: str(np.datetime64("2024-01-01") + day))
steps = st.sampled_from(["P1M", "P2M", "P1Q", "P5W", "P40D"])
stubs = st.sampled_from(["L0", "L1", ""])


def later(day: str, n_days: int) -> str:
    return str(np.datetime64(day) + n_days)


@st.composite
def limits(draw) -> Terms:
    """Return none, some or all of the caps and floors of a reset."""
    names = draw(st.sets(st.sampled_from(["RRLC", "RRLF", "RRPC", "RRPF"])))
    ranges = {"RRLC": (0.05, 0.2), "RRLF": (-0.02, 0.04), "RRPC": (0.0, 0.05), "RRPF": (-0.05, 0.0)}
    return {name: draw(st.floats(*ranges[name])) for name in sorted(names)}


@st.composite
def grids(draw, exchange: str) -> Terms:
    """Return the terms of schedules that start within a hundred days after the exchange."""
    terms: Terms = {"IPCL": draw(steps) + draw(stubs), "PRCL": draw(steps) + draw(stubs)}
    for name in ("IPANX", "PRANX"):
        terms[name] = later(exchange, draw(st.integers(1, 100)))
    if draw(st.booleans()):
        terms |= {"RRANX": later(exchange, draw(st.integers(1, 200)))}
        terms |= {"RRCL": draw(steps) + draw(stubs), "RRSP": draw(rates)} | draw(limits())
    return terms


@st.composite
def loans(draw, contract_type: str, day_counts: tuple[str, ...] = tuple(DAY_COUNTS)) -> Terms:
    """Return a loan of one to three years on the asset side."""
    exchange, principal = draw(first_days), draw(amounts)
    terms: Terms = {"CT": contract_type, "NT": principal, "IPNR": draw(rates), "IED": exchange}
    terms |= {"SD": later(exchange, -1), "IPDC": draw(st.sampled_from(day_counts))}
    terms |= {"MD": later(exchange, draw(st.integers(365, 1100)))} | draw(grids(exchange))
    terms["EOMC"] = draw(st.sampled_from(["SD", "EOM"]))
    if contract_type in {"LAM", "NAM"}:
        terms["PRNXT"] = round(principal * draw(st.floats(0.01, 0.4)), 2)
    if contract_type == "ANN" and draw(st.booleans()):
        terms["AMD"] = later(exchange, draw(st.integers(365, 1100)))
    return terms


@st.composite
def features(draw, terms: Terms) -> Terms:
    """Return terms that add business days, capitalisation, a lagging base, a premium."""
    exchange, added = terms["IED"], {"PDIED": draw(st.floats(-10.0, 10.0))}
    if draw(st.booleans()):
        added |= {"CLDR": "MF", "BDC": draw(st.sampled_from(CODES))}
    if draw(st.booleans()):
        added["IPCED"] = later(exchange, draw(st.integers(101, 300)))
    if terms["CT"] in {"LAM", "NAM", "ANN"} and draw(st.booleans()):
        added |= {"IPCB": "NTL", "IPCBA": terms["NT"], "IPCBCL": "P1QL1"}
        added["IPCBANX"] = later(exchange, draw(st.integers(1, 200)))
    return added


@st.composite
def featured_loans(draw) -> Terms:
    """Return a loan with business days, capitalisation, a lagging base or none of them."""
    terms: Terms = draw(loans(draw(st.sampled_from(LOANS))))
    terms |= draw(features(terms))
    return terms


@st.composite
def others(draw) -> Terms:
    """Return call money, an account, an array loan or a swap on the asset side."""
    terms: Terms = draw(loans(draw(st.sampled_from(OTHERS))))
    if terms["CT"] == "SWPPV":
        terms |= {"IPNR2": draw(rates), "DS": draw(st.sampled_from("DS"))}
    if terms["CT"] == "UMP":
        del terms["MD"]
    if terms["CT"] == "LAX":
        n_segments = draw(st.integers(1, 3))
        anchors = [later(terms["PRANX"], 200 * i) for i in range(n_segments)]
        shares = [draw(st.floats(0.01, 0.3)) * terms["NT"] for _ in anchors]
        kinds = [draw(st.sampled_from(["DEC", "INC"])) for _ in anchors]
        terms |= {"ARPRANX": anchors, "ARPRNXT": shares, "ARINCDEC": kinds}
        terms |= {"ARPRCL": terms["PRCL"], "ARIPCL": terms["IPCL"], "ARIPANX": terms["IPANX"]}
    return terms


@st.composite
def contracts(draw) -> Terms:
    """Return any contract on the asset side."""
    terms: Terms = draw(others() if draw(st.booleans()) else featured_loans())
    return terms


@st.composite
def observations(draw) -> dict[str, float]:
    """Return a quote before every reset, and some on the way."""
    days = ["2023-12-01", *draw(st.lists(first_days, max_size=5, unique=True))]
    return {day: draw(rates) for day in days}


def run(terms: Terms, quotes: dict[str, float], **changes: Any) -> Events:
    end = later(terms["IED"], 1100) if terms["CT"] == "UMP" else ""
    return project(contract(**terms | changes), quotes, to=end)


def principal_paid(projected: Events) -> float:
    kinds = ("IED", "PR", "PI", "MD")
    return sum(sum(values(projected, kind)) for kind in kinds)


@law
@given(contracts(), observations())
def test_sides_swapped_are_signs_swapped_in_every_amount(terms, quotes):
    received, paid = OTHER_ROLE.get(terms["CT"], ("RPA", "RPL"))
    ours = run(terms, quotes, CNTRL=received)
    theirs = run(terms, quotes, CNTRL=paid)
    assert ours
    for one, other in zip(ours, theirs, strict=True):
        assert other == one | {field: pytest.approx(-one[field]) for field in MIRRORED}


@law
@given(contracts(), observations())
def test_events_come_in_the_order_of_their_days_and_hold_numbers(terms, quotes):
    projected = run(terms, quotes)
    days = [event["eventDate"] for event in projected]
    assert days == sorted(days)
    numbers = [event[field] for event in projected for field in (*MIRRORED, "nominalInterestRate")]
    assert np.isfinite(numbers).all()


@law
@given(featured_loans(), observations())
def test_what_is_repaid_is_what_was_lent(terms, quotes):
    projected = run(terms, quotes, IPCED=None, PDIED=None)
    assert principal_paid(projected) == pytest.approx(0, abs=OF_THE_PRINCIPAL * terms["NT"])
    assert projected[-1]["eventType"] == "MD"
    assert projected[-1]["notionalPrincipal"] == 0


@law
@given(featured_loans(), observations(), st.integers(101, 300))
def test_capitalised_interest_is_repaid_with_the_principal(terms, quotes, n_days):
    # what the principal gains at each IPCI over the event before it
    projected = run(terms, quotes, IPCED=later(terms["IED"], n_days), PDIED=None)
    capitalised, before = 0.0, 0.0
    for event in projected:
        if event["eventType"] == "IPCI":
            capitalised += event["notionalPrincipal"] - before
        before = event["notionalPrincipal"]
    scale = OF_THE_PRINCIPAL * terms["NT"]
    assert principal_paid(projected) == pytest.approx(capitalised, abs=scale)


@law
@given(contracts())
def test_a_rate_of_zero_pays_no_interest(terms):
    without = dict.fromkeys(("RRANX", "RRCL", "RRLC", "RRLF", "RRPC", "RRPF"))
    projected = run(terms, {}, IPNR=0, IPNR2=0 if terms["CT"] == "SWPPV" else None, **without)
    for kind in ("IP", "IPFX", "IPFL"):
        assert not any(values(projected, kind))
    assert not any(event["accruedInterest"] for event in projected)


@law
@given(contracts(), observations(), st.integers(1, 1000))
def test_a_cut_takes_the_tail_away_and_changes_nothing_before_it(terms, quotes, n_days):
    last = later(terms["IED"], n_days)
    if terms["CT"] in {"CLM", "UMP"}:  # not cut; there it ends the capitalisation
        return
    projected = project(contract(**terms), quotes)
    cut = project(contract(**terms), quotes, to=last)
    assert cut == [event for event in projected if event["eventDate"][:10] <= last]


def ledger(terms: Terms, before: Events, after: Events, day: str) -> Terms:
    """Return the terms that a ledger holds on a day: principal, rate, accrued interest, payment."""
    state = before[-1]
    n_days = int((np.datetime64(day) - np.datetime64(state["eventDate"][:10])).astype(int))
    years = n_days / DAYS_OF_A_YEAR[terms["IPDC"]]
    earned = state["notionalPrincipal"] * state["nominalInterestRate"] * years
    held = {"SD": day, "NT": state["notionalPrincipal"], "IPNR": state["nominalInterestRate"]}
    held["IPAC"] = state["accruedInterest"] + earned
    instalments = [event for event in after if event["eventType"] == "PR"]
    if terms["CT"] == "ANN" and instalments:  # the amount: principal, and the interest beside it
        held["PRNXT"] = instalments[0]["payoff"] + instalments[0]["accruedInterest"]
    return held


@law
@given(
    st.sampled_from(LOANS).flatmap(lambda kind: loans(kind, tuple(DAYS_OF_A_YEAR))),
    observations(),
    st.integers(101, 360),
)
def test_a_run_split_at_a_status_date_goes_on_as_if_it_were_whole(terms, quotes, n_days):
    day = later(terms["IED"], n_days)
    whole = [event for event in run(terms, quotes) if event["eventType"] != "PRF"]
    before = [event for event in whole if event["eventDate"][:10] <= day]
    after = [event for event in whole if event["eventDate"][:10] > day]
    held = ledger(terms, before, after, day)
    split = [event for event in run(terms, quotes, **held) if event["eventType"] != "PRF"]
    for one, other in zip(split, after, strict=True):
        assert (one["eventDate"], one["eventType"]) == (other["eventDate"], other["eventType"])
        for field in (*MIRRORED, "nominalInterestRate"):
            assert one[field] == pytest.approx(other[field], abs=1e-9 * terms["NT"])
