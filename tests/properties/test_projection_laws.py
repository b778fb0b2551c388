"""Laws of the projection: how a book is cut, when a run begins, parity, par, prepayment.

Conservation, order, sides, sizes and zero rates are in `test_engine_laws`.
"""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from alm_pipeline.engine.arrays import (
    NO_DATE,
    Behaviour,
    CashFlowModel,
    Curves,
    EventType,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.engine.conventions.calendar import BusinessDayConvention
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.simulation import simulate as module
from alm_pipeline.engine.simulation.events import Events, project
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from tests.properties.random_loans import curves, loans, offset
from tests.reference.slow_positions import (
    engine_behaviour,
    engine_buckets,
    engine_curves,
    engine_positions,
    random_positions,
)
from tests.unit.engine.books import AS_OF, book, cohort, flat, run

N_EXAMPLES = int(os.environ.get("ALM_LAW_EXAMPLES", "25"))
law = settings(
    max_examples=N_EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)
OF_THE_PRINCIPAL = 1e-9
EXACT = 1e-12
CLOSED = np.array([n for n in range(-800, 5000) if (n + 2) % 7 in (5, 6)], dtype=np.int32)
"""Saturdays and Sundays: the as-of date is a Wednesday."""

ADJUSTMENTS = tuple((rule, CLOSED) for rule in list(BusinessDayConvention)[1:])


# ------------------------------------------------------------------- curves and books


def discount(given: Curves, day: int) -> float:
    """Return a discount factor of the first scenario: linear zero rates, continuous, 365 days."""
    zero = np.interp(day, given.tenor_days, given.zero_rates[0, 0])
    return float(np.exp(-zero * day / 365.0))


def all_kinds(seed: int) -> tuple[Positions, Behaviour]:
    """Return a book of every kind, several positions to a group."""
    held = [one for _, one in random_positions(date(2025, 12, 31), seed)]
    positions = engine_positions(held, date(2025, 12, 31))
    object.__setattr__(positions, "group", (np.arange(len(held)) % 7).astype(np.int32))
    return positions, engine_behaviour(held)


def simulated(
    positions: Positions, given: Curves, behaviour: Behaviour, threads: int = 1
) -> SimulationResult:
    options = SimulationOptions(as_of_date=AS_OF, threads=threads)
    return simulate(positions, given, behaviour, (engine_buckets(),), options)


def everything(result: SimulationResult) -> dict[str, Any]:
    """Return every array of a result by name; scenarios last."""
    found: dict[str, Any] = {"value": result.present_value}
    for months in (12, 24):
        found[f"income {months}"] = result.net_interest_income[months]
        found[f"other income {months}"] = result.net_interest_income_other_path[months]
    bucket = result.buckets["days"]
    for name in ("principal", "interest", "present_value", "repricing_principal"):
        found[f"bucket {name}"] = getattr(bucket, name)
    found |= {f"record {name}": amounts for name, amounts in result.principal.items()}
    return found | {f"month {name}": amounts for name, amounts in result.monthly.items()}


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [name for name in one if not np.array_equal(one[name], other[name])]


# ------------------------------------------------------------------- how a book is cut

seeds = st.integers(0, 10_000)
compiled = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="a book of every kind is for compiled code"
)
fewer = settings(law, max_examples=max(N_EXAMPLES // 5, 1))


@compiled
@fewer
@given(seeds, st.randoms(use_true_random=False))
def test_a_book_is_the_sum_of_its_halves(seed, random):
    positions, behaviour = all_kinds(seed)
    rows = list(range(len(positions)))
    random.shuffle(rows)
    halves = [np.array(sorted(part)) for part in (rows[::2], rows[1::2])]
    whole = everything(simulated(positions, engine_curves(), behaviour))
    parts = [
        everything(simulated(positions.take(half), engine_curves(), behaviour)) for half in halves
    ]
    for name in ("value", "income 12", "income 24", "other income 12", "other income 24"):
        for half, part in zip(halves, parts, strict=True):
            assert np.array_equal(whole[name][half], part[name]), name
    scale = OF_THE_PRINCIPAL * positions.principal.max()
    for name in [name for name in whole if name.startswith(("bucket", "month"))]:
        assert whole[name] == pytest.approx(parts[0][name] + parts[1][name], abs=scale), name


@compiled
@fewer
@given(seeds, st.integers(5, 60))
def test_threads_change_no_bit_of_any_result(seed, size):
    positions, behaviour = all_kinds(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_SIZE", size)
        one = everything(simulated(positions, engine_curves(), behaviour))
        two = everything(simulated(positions, engine_curves(), behaviour, threads=2))
    assert differing(one, two) == []


@compiled
@fewer
@given(seeds)
def test_a_scenario_alone_is_bit_for_bit_itself_among_others(seed):
    positions, behaviour = all_kinds(seed)
    together = everything(simulated(positions, engine_curves(), behaviour))
    among = engine_curves()
    for s in range(among.n_scenarios):
        only = slice(s, s + 1)
        curve = Curves(
            tenor_days=among.tenor_days,
            zero_rates=among.zero_rates[only],
            base_zero_rates=among.base_zero_rates,
            index_year_days=among.index_year_days,
        )
        customers = Behaviour(
            **vars(behaviour)
            | {
                "annual_prepayment_rate": behaviour.annual_prepayment_rate[:, only],
                "redemption_share": behaviour.redemption_share[:, only],
                "pass_through_up": behaviour.pass_through_up[:, only],
                "pass_through_down": behaviour.pass_through_down[:, only],
                "draw_profile": behaviour.monthly_draw_share[..., only],
            }
        )
        alone = everything(simulated(positions, curve, customers))
        mine = {name: amounts[..., only] for name, amounts in together.items()}
        assert differing(alone, mine) == []


# ------------------------------------------------------------------- when a run begins


def chosen(events: Events, day: int) -> dict[str, Any]:
    """Return the events after a day, amounts and rates, days counted from it."""
    later = events.event_offset > day
    names = ("event_type", "principal", "interest", "amount", "rate", "balance_after")
    found = {name: getattr(events, name)[later] for name in names}
    return found | {"event_offset": events.event_offset[later] - day}


def ledger(terms: dict[str, Any], events: Events, day: int) -> dict[str, Any]:
    """Return what a ledger holds after a payment date: balance, rate, instalment, next dates."""
    before, after = events.event_offset <= day, events.event_offset > day
    is_payment = events.event_type != EventType.RESET
    following = int(events.event_offset[after & is_payment].min())
    resets = (events.event_type == EventType.RESET) & before
    held = terms | {
        "principal": events.balance_after[before][-1],
        "last_payment_offset": 0,
        "maturity_offset": terms["maturity_offset"] - day,
        "next_payment_offset": following - day,
        "next_reset_offset": NO_DATE,
    }
    if resets.any():
        held["coupon_rate"] = events.rate[resets][-1]
    if "interest_only_end_offset" in terms:
        held["interest_only_end_offset"] = terms["interest_only_end_offset"] - day
    upcoming = events.event_offset[(events.event_type == EventType.RESET) & after]
    if len(upcoming):
        held["next_reset_offset"] = int(upcoming.min()) - day
    return held


@law
@given(
    loans(),
    st.integers(0, 30),
    st.floats(0.0, 0.08),
    st.sampled_from([0.0, 0.0, 0.15]),
)
def test_a_run_that_begins_at_a_payment_date_is_the_tail_of_the_whole(terms, at, zero, cpr):
    terms = terms | {"cohort": 0, "coupon_rate": max(terms["coupon_rate"], 0.001)}
    customers, curve = cohort(annual_prepayment_rate=cpr), flat(zero)
    whole = project(book(terms), curve, customers, SimulationOptions(as_of_date=AS_OF))
    days = np.unique(whole.event_offset[whole.event_type == EventType.INTEREST])
    assume(len(days) > 2)
    day = int(days[at % (len(days) - 1)])
    held = ledger(terms, whole, day)
    is_given = terms["model"] == CashFlowModel.LINEAR and "payment_amount" in terms
    if is_given:  # customers who prepay pay smaller instalments from then on
        held["payment_amount"] = terms["payment_amount"] * survival_until(days, day, terms, cpr)
    is_level = terms["model"] in (
        CashFlowModel.ANNUITY,
        CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
    )
    if is_level:
        held["payment_amount"] = instalment_after(terms, whole, day)
    options = SimulationOptions(as_of_date=AS_OF + day)
    tail = chosen(project(book(held), curve, customers, options), 0)
    expected = chosen(whole, day)
    for name in ("event_offset", "event_type"):
        assert tail[name].tolist() == expected[name].tolist()
    scale = OF_THE_PRINCIPAL * terms["principal"]
    for name in ("principal", "interest", "amount", "rate", "balance_after"):
        assert tail[name] == pytest.approx(expected[name], rel=EXACT, abs=scale)


def survival_until(days: Any, day: int, terms: dict[str, Any], cpr: float) -> float:
    return float((1.0 - cpr) ** (terms["payment_months"] / 12.0 * (days <= day).sum()))


def instalment_after(terms: dict[str, Any], events: Events, day: int) -> float:
    """Return the instalment in force after a day; 0 where the next payment fixes it anew."""
    kinds, days = events.event_type, events.event_offset
    repaid = (kinds == EventType.SCHEDULED_PRINCIPAL) & (days < terms["maturity_offset"])
    later = np.unique(days[repaid & (days > day)])
    fixed_on = days[repaid & (days <= day)].max(initial=NO_DATE)
    resets = days[(kinds == EventType.RESET) & (days >= fixed_on)]
    if not len(later) or fixed_on == NO_DATE or (resets < later[0]).any():
        return 0.0
    mine = days == later[0]
    is_paid = mine & ((kinds == EventType.INTEREST) | (kinds == EventType.SCHEDULED_PRINCIPAL))
    return float((events.interest[is_paid] + events.principal[is_paid]).sum())


# ------------------------------------------------------------------- par and parity


@law
@given(st.data(), st.integers(1, 31), st.sampled_from([1, 3, 6, 12]), st.integers(1, 30))
def test_a_floater_on_a_reset_date_is_worth_par_on_any_curve(data, roll, months, n):
    year_days, count = data.draw(
        st.sampled_from([(360.0, DayCount.ACT_360), (365.0, DayCount.ACT_365F)])
    )
    curve, row = data.draw(curves(year_days=year_days)), data.draw(st.integers(0, 4))
    months_ahead = np.datetime64("2026-01") + months - 1
    first, maturity = (
        offset(months_ahead, roll),
        offset(months_ahead + months * min(n, 120 // months), roll),
    )
    assume(row == 0 or (first not in CLOSED and maturity not in CLOSED))
    note = book(
        principal=100.0,
        coupon_rate=(1.0 / discount(curve, first) - 1.0) / (first / year_days),
        rate_type=RateType.FLOATING,
        payment_months=months,
        reset_months=months,
        next_payment_offset=first,
        next_reset_offset=first,
        maturity_offset=maturity,
        index_tenor=INDEX_TENOR_MONTHS.index(months),
        day_count=count,
        roll_day=roll,
        date_adjustment=row,
    )
    value = run(note, curve, adjustments=ADJUSTMENTS).present_value[0, 0]
    assert value == pytest.approx(100.0, abs=OF_THE_PRINCIPAL * 100.0)


@law
@given(loans(), curves(3), st.floats(-0.01, 0.08), st.floats(0.2, 2.0))
def test_a_cap_less_a_floor_is_a_payer_swap(terms, curve, strike, multiplier):
    terms = terms | {
        "model": CashFlowModel.SWAP_LEG,
        "rate_type": RateType.FLOATING,
        "reset_months": terms["payment_months"],
        "next_reset_offset": terms["next_payment_offset"],
        "rate_multiplier": multiplier,
        "floor_rate": -np.inf,
        "period_cap_rate": np.inf,
    }
    option = terms | {"model": CashFlowModel.CAP_FLOOR, "strike_rate": strike}
    positions = book(
        option | {"option_type": OptionType.CAP},
        option | {"option_type": OptionType.FLOOR},
        terms,
        terms | {"rate_type": RateType.FIXED, "coupon_rate": strike},
    )
    cap, floor, received, paid = run(positions, curve).present_value
    scale = OF_THE_PRINCIPAL * terms["principal"]
    assert (cap >= 0.0).all()
    assert cap - floor == pytest.approx(received - paid, abs=scale)


# ------------------------------------------------------------------- prepayment


@law
@given(loans(longest=40), st.floats(0.0, 0.9), st.floats(0.0, 0.08))
def test_what_is_owed_is_the_scheduled_balance_times_those_who_stayed(terms, cpr, zero):
    # after k payments (1 - CPR) ** (k x months / 12) of the customers are still there
    options = SimulationOptions(as_of_date=AS_OF)
    prepaying = cohort(annual_prepayment_rate=cpr)
    found = [
        project(book(terms | {"cohort": row}), flat(zero), prepaying, options) for row in (-1, 0)
    ]
    days = payment_days(terms)
    stays = (1.0 - cpr) ** (terms["payment_months"] / 12.0)
    for k, day in enumerate(days[:-1]):
        scheduled, left = (balance_on(events, day) for events in found)
        if scheduled is not None:
            expected = scheduled * stays ** (k + 1)
            left = left if left is not None else 0.0
            assert left == pytest.approx(expected, abs=OF_THE_PRINCIPAL * terms["principal"])


def payment_days(terms: dict[str, Any]) -> list[int]:
    month = (AS_OF + terms["next_payment_offset"]).astype("datetime64[M]")
    found = [terms["next_payment_offset"]]
    while found[-1] < terms["maturity_offset"]:
        month = month + terms["payment_months"]
        found.append(offset(month, terms["roll_day"]))
    return found


def balance_on(events: Events, day: int) -> float | None:
    mine = events.event_offset == day
    return float(events.balance_after[mine][-1]) if mine.any() else None
