"""The engine on one month's book: curves, one pass under all scenarios, result tables.

One pass serves every closing scenario of a month and is kept in memory for the next partition, so
that a single scenario and a whole close give the same bits. Arithmetic is the engine's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.arrays import Behaviour, Buckets, Curves
from alm_pipeline.engine.simulation.redemption import Redeemable
from alm_pipeline.engine.simulation.result import GroupAmounts, SimulationResult
from alm_pipeline.engine.simulation.setting import (
    DEFAULT_LENSES,
    WINDOW_MONTHS,
    SimulationOptions,
)
from alm_pipeline.engine.simulation.simulate import amounts_of_each, simulate
from alm_pipeline.inputs.balance_plan import segment_plans
from alm_pipeline.inputs.behaviour import behaviour_rows
from alm_pipeline.inputs.liquidity_stress import LAST_DAY
from alm_pipeline.inputs.scenarios import ScenarioBook
from alm_pipeline.inputs.time_buckets import daily_buckets, engine_buckets
from alm_pipeline.orchestration.automatic_options import (
    OPTIONS_HELD,
    of_groups,
    option_interest,
)
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import Customers, customers_of
from alm_pipeline.orchestration.engine_lineage import GATES, READS
from alm_pipeline.orchestration.growth import Growth, growth_of, plan_of
from alm_pipeline.orchestration.markets import Markets, amounts_held, curves_of, markets_of
from alm_pipeline.warehouse.array_bridge import BridgeCodes, EngineBook, engine_book
from alm_pipeline.warehouse.content import combined_hash
from alm_pipeline.warehouse.definitions import text_hash
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.session import literal
from alm_pipeline.warehouse.store import Content

T = TypeVar("T")

BASE = "base"
EVENTS = "select * from book.scheduled_events"
_VALUED = """
    select p.* from book.positions as p
    anti join behaviour.unassigned_positions as x
        on p.entity_id = x.entity_id and p.currency = x.currency and p.product_code = x.product_code
"""
"""A product of which one position has no assumption has no flows at all: never a partial sum."""

LENSES = (*DEFAULT_LENSES, "options")
AGREED_LENSES = ("value", "repricing", "principal")
"""What is read of the flows as agreed: when principal reprices and cash is paid."""

INCOME_MONTHS = (12, 24, 36)
"""Windows of reported income."""

_ALL_HELD = """
    select currency, count(*) as n, sum(outstanding_principal) as amount
    from book.positions
    group by currency
    order by currency
"""


@dataclass(frozen=True)
class MonthPass:
    """One pass of the engine: the book it ran on and its results, scenarios last.

    Attributes
    ----------
    held : dict[str, tuple[int, Decimal]]
        Number and outstanding principal of all positions per currency.
    growth : Growth, optional
        What the plan for the balance sheet adds; not where flows are read as agreed.
    """

    scenarios: tuple[str, ...]
    book: EngineBook
    result: SimulationResult
    markets: Markets
    held: Mapping[str, tuple[int, Any]]
    growth: Growth | None = None


def pass_inputs(bank: Bank, partition: Partition) -> dict[str, str]:
    """Open the gates, bind what the engine reads and return its content hashes by name."""
    bank.bind_inputs(partition.as_of_date)
    pass_gates(bank, partition)
    for table in READS:
        bank.store.bind(table, partition)
    return engine_inputs(bank, partition, bank.store.content)


def pass_gates(bank: Bank, partition: Partition) -> None:
    """Raise unless every table named in `GATES` has passed its checks."""
    store = bank.store
    for table in GATES:
        checked = store.checked_hash(table, partition)
        store.gate.refuse_unless_open(table, partition.month, checked)


def engine_inputs(bank: Bank, partition: Partition, content: Content) -> dict[str, str]:
    """Return the content hash of all that decides one scenario's values (base: of the month).

    What is said about other scenarios is not part of it.
    """
    inputs: dict[str, str] = {}
    for table in READS:
        inputs |= bank.store.hashes(table, partition, content)
    return inputs | figure_hashes(bank, partition)


def figure_hashes(bank: Bank, partition: Partition) -> dict[str, str]:
    """Return the hash of the figures that decide one scenario's values, by name."""
    figures, scenario = bank.figures, partition.scenario or BASE
    behaviour = behaviour_rows(figures.assumptions, figures.scenarios, (scenario,))
    plans = segment_plans(figures.assumptions, figures.scenarios, scenario)
    settled = {
        f"plan of {scenario}": json.dumps({name: asdict(plan) for name, plan in plans.items()}),
        f"behaviour of {scenario}": json.dumps([asdict(row) for row in behaviour]),
        f"scenario {scenario}": figures.scenarios.definition(scenario),
        "mean_reversion": str(figures.assumptions.value("eve", "all", "mean_reversion", 0.0)),
        "curves": figures.curves.model_dump_json(),
        "products": figures.products.model_dump_json(),
        "time_buckets": figures.time_buckets.model_dump_json(),
    }
    hashes = {name: text_hash(text) for name, text in settled.items()}
    return hashes | {"inputs.bank": bank.relation_hashes(partition.as_of_date)["inputs.bank"]}


def redeemable_of(
    named: ScenarioBook, markets: Markets, book: EngineBook, scenarios: Sequence[str]
) -> Redeemable:
    """Return the rights to redeem early of a book, each with its models."""
    curves, last = book.positions.discount_curve, book.positions.maturity_offset
    models = [
        markets.short_rates.models(
            int(curves[one.row]),
            (int(one.exercise_offsets[0]), int(last[one.row])),
            named,
            scenarios,
        )
        for one in book.rights
    ]
    return Redeemable(rights=book.rights, models=models)


class Newest(Generic[T]):
    """The newest of what is costly to make, kept for the next partition that needs the same."""

    def __init__(self) -> None:
        self._lock, self._kept = threading.Lock(), dict[str, T]()

    def get(self, key: str, make: Callable[[], T]) -> T:
        """Return what belongs to a key; others wait while it is made."""
        with self._lock:
            if key not in self._kept:
                found = make()
                self._kept.clear()
                self._kept[key] = found
            return self._kept[key]


_PASSES: Newest[MonthPass] = Newest()
_AGREED_PASSES: Newest[MonthPass] = Newest()
_BOOKS: Newest[EngineBook] = Newest()


def month_pass(bank: Bank, partition: Partition, scenarios: Sequence[str]) -> MonthPass:
    """Return the pass of a month under these scenarios; the newest one is kept.

    What the engine reads is bound.
    """

    def made() -> MonthPass:
        return _month_pass(bank, partition, tuple(scenarios), is_contractual=False)

    return _PASSES.get(_pass_key(bank, partition, scenarios), made)


def _pass_key(bank: Bank, partition: Partition, scenarios: Sequence[str]) -> str:
    inputs = {"scenarios": ",".join(scenarios), "code": bank.code_hash}
    for scenario in scenarios:
        inputs |= engine_inputs(bank, partition.under(scenario), bank.store.content)
    return combined_hash(inputs)


def contractual_pass(bank: Bank, partition: Partition) -> MonthPass:
    """Return the pass on the base curve as agreed, without any behaviour."""

    def made() -> MonthPass:
        return _month_pass(bank, partition, (BASE,), is_contractual=True)

    return _AGREED_PASSES.get(_pass_key(bank, partition, (BASE,)), made)


def _month_pass(
    bank: Bank, partition: Partition, scenarios: tuple[str, ...], *, is_contractual: bool
) -> MonthPass:
    markets = markets_of(bank, partition, scenarios)
    held = amounts_held(bank.store.session, _ALL_HELD)
    book = month_book(bank, partition, markets)
    chosen = PassOptions(scenarios, window_months=INCOME_MONTHS)
    if is_contractual:
        chosen = PassOptions(
            scenarios, is_contractual=True, lenses=AGREED_LENSES, n_single_days=LAST_DAY
        )
    result = run_engine(bank, partition, markets, book, chosen)
    if is_contractual:
        return MonthPass(scenarios, book, result, markets, held)
    apart = replace(chosen, lenses=("value", "income", "months"))
    holders = chosen_book(bank, partition, markets, OPTIONS_HELD)
    of_options = option_interest(
        holders, lambda one: run_engine(bank, partition, markets, one, apart).monthly
    )
    monthly = {**result.monthly, "option": of_groups(of_options, holders, book)}
    result = replace(result, monthly=monthly)
    as_of_date = np.datetime64(partition.as_of_date, "D")
    figures = bank.figures
    plan = plan_of([segment_plans(figures.assumptions, figures.scenarios, s) for s in scenarios])
    curves = curves_of(markets, scenarios)
    growth = growth_of(book, plan, curves, as_of_date, result.monthly)
    return MonthPass(scenarios, book, result, markets, held, growth)


@dataclass(frozen=True)
class PassOptions:
    """Under which scenarios the engine runs, with which behaviour, and what it reads off.

    ``customers`` do what the committee assumes unless others are given; ``bucket_sets`` are all
    that are ``kept_by`` product or position unless named; volatilities move as the bank's scenarios
    say unless ``named`` are others. Two or three income windows are ``window_months`` long. The
    first ``n_single_days`` are a bucket each besides.
    """

    scenarios: tuple[str, ...]
    is_contractual: bool = False
    lenses: tuple[str, ...] = LENSES
    customers: Customers | None = None
    bucket_sets: frozenset[str] = frozenset()
    kept_by: str = "product"
    n_single_days: int = 0
    named: ScenarioBook | None = None
    window_months: tuple[int, ...] = WINDOW_MONTHS


def month_book(bank: Bank, partition: Partition, markets: Markets) -> EngineBook:
    """Return the positions of a month that markets value; the newest book is kept.

    What the engine reads is bound.
    """

    def made() -> EngineBook:
        events = bank.store.session.query(f"{EVENTS} order by all")
        rows = bank.store.session.query(valued_positions(markets))
        return book_of(bank, partition, markets, rows, events)

    return _BOOKS.get(_book_key(bank, partition, markets), made)


def _book_key(bank: Bank, partition: Partition, markets: Markets) -> str:
    figures, inputs = bank.figures, {"code": bank.code_hash}
    for table in READS:
        inputs |= bank.store.hashes(table, partition, bank.store.content)
    codes = {
        "curve_ids": json.dumps(list(markets.base.curve_ids)),
        "left": json.dumps(sorted(markets.errors)),
        "segments": json.dumps(list(figures.assumptions.segments())),
        "curves": figures.curves.model_dump_json(),
        "products": figures.products.model_dump_json(),
    }
    return combined_hash(inputs | {name: text_hash(text) for name, text in codes.items()})


def book_of(
    bank: Bank, partition: Partition, markets: Markets, rows: pa.Table, events: pa.Table
) -> EngineBook:
    """Return rows of `book.positions` as the engine's arrays, with their scheduled events."""
    codes = BridgeCodes(
        curve_ids=markets.base.curve_ids,
        segments=tuple(bank.figures.assumptions.segments()),
        products=bank.figures.products,
        curves=bank.figures.curves,
    )
    return engine_book(rows, events, partition.as_of_date, codes)


def chosen_book(bank: Bank, partition: Partition, markets: Markets, condition: str) -> EngineBook:
    """Return the positions of a month that meet a condition; what the engine reads is bound."""
    session = bank.store.session
    rows = session.query(valued_positions(markets, condition))
    session.bind_table("chosen.positions", pa.table({"position_id": rows.column("position_id")}))
    events = session.query(f"{EVENTS} semi join chosen.positions using (position_id) order by all")
    return book_of(bank, partition, markets, rows, events)


def run_engine(
    bank: Bank, partition: Partition, markets: Markets, book: EngineBook, chosen: PassOptions
) -> SimulationResult:
    """Run one pass over a book."""
    named, scenarios = chosen.named or bank.figures.scenarios, chosen.scenarios
    curves = curves_of(markets, scenarios)
    held = _customers_of_pass(bank, partition, book, curves, chosen)
    return simulate(
        held.book.positions,
        curves,
        held.behaviour,
        _buckets_of_pass(bank, partition, chosen),
        options_of(bank, partition, book, chosen.lenses, chosen.window_months),
        book.agendas,
        markets.volatilities.under(named, scenarios),
        redeemable_of(named, markets, book, scenarios),
    )


def run_each(
    bank: Bank, partition: Partition, markets: Markets, book: EngineBook, chosen: PassOptions
) -> Iterator[tuple[int, GroupAmounts]]:
    """Yield what each position of a book adds to buckets and months, a few at a time."""
    curves = curves_of(markets, chosen.scenarios)
    held = _customers_of_pass(bank, partition, book, curves, chosen)
    return amounts_of_each(
        held.book.positions,
        curves,
        held.behaviour,
        _buckets_of_pass(bank, partition, chosen),
        options_of(bank, partition, book, chosen.lenses, chosen.window_months),
        book.agendas,
    )


def _customers_of_pass(
    bank: Bank, partition: Partition, book: EngineBook, curves: Curves, chosen: PassOptions
) -> Customers:
    """Return the customers given, or those the committee assumes; as agreed they do nothing."""
    found = chosen.customers or customers_of(bank, partition, book, curves, chosen.scenarios)
    if not chosen.is_contractual:
        return found
    return replace(found, behaviour=without_behaviour(found.behaviour))


def _buckets_of_pass(bank: Bank, partition: Partition, chosen: PassOptions) -> tuple[Buckets, ...]:
    every = engine_buckets(bank.figures.time_buckets, partition.as_of_date, chosen.kept_by)
    named = tuple(one for one in every if one.name in (chosen.bucket_sets or (one.name,)))
    return (*named, daily_buckets(chosen.n_single_days)) if chosen.n_single_days else named


def options_of(
    bank: Bank,
    partition: Partition,
    book: EngineBook,
    lenses: tuple[str, ...],
    window_months: tuple[int, ...] = WINDOW_MONTHS,
) -> SimulationOptions:
    """Return the bank's choices for a pass over a book that reads these lenses off."""
    return SimulationOptions(
        as_of_date=np.datetime64(partition.as_of_date, "D"),
        eve_margins=bank.settings.eve_margins,
        nii_path=bank.settings.nii_base_path,
        lenses=lenses,
        window_months=window_months,
        threads=bank.settings.threads,
        adjustments=book.adjustments,
    )


def valued_positions(markets: Markets, condition: str = "true") -> str:
    """Return the SELECT of positions that can be valued: currency not stopped, in order."""
    left = ", ".join(map(literal, sorted(markets.errors))) or "''"
    chosen = f"({condition}) and currency not in ({left})"
    return f"select * from ({_VALUED}) where {chosen} order by position_id"


def without_behaviour(behaviour: Behaviour) -> Behaviour:
    """Return the table in which nobody prepays, withdraws early or stays beyond tonight."""
    return Behaviour(
        annual_prepayment_rate=np.zeros_like(behaviour.annual_prepayment_rate),
        redemption_share=np.zeros_like(behaviour.redemption_share),
        core_share=np.zeros_like(behaviour.core_share),
        core_run_off_months=np.zeros_like(behaviour.core_run_off_months),
        pass_through_up=behaviour.pass_through_up,
        pass_through_down=behaviour.pass_through_down,
        lag_months=behaviour.lag_months,
        rate_floor=behaviour.rate_floor,
    )
