"""Each behavioural assumption a tenth higher and lower: what every position's value and income do.

The positions of the segments that a file decides are run again for every step of its figures, in
the base and under one parallel rise. What does not move has no row. Which step a committee should
take does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.arrays import Behaviour, FloatArray
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.customers import customers_of
from alm_pipeline.orchestration.markets import Markets, curves_of, markets_of
from alm_pipeline.orchestration.result_tables import position_table
from alm_pipeline.orchestration.simulation import (
    BASE,
    PassOptions,
    chosen_book,
    run_engine,
)
from alm_pipeline.warehouse.array_bridge import EngineBook
from alm_pipeline.warehouse.partition import Partition
from alm_pipeline.warehouse.session import literal

ASSUMPTION_VALUES = "scenarios.assumption_values"
STEPS: Mapping[str, float] = {"10 % lower": 0.9, "10 % higher": 1.1}
"""Factor of every segment's figure; a share never exceeds 1, months are rounded."""

Stepped = Callable[[Behaviour, float, FloatArray], Behaviour]


def _share(name: str) -> Stepped:
    """Return the step of a share: multiplied, never above 1 unless it was."""

    def stepped(base: Behaviour, factor: float, is_decided: FloatArray) -> Behaviour:
        found = np.asarray(getattr(base, name), dtype=np.float64)
        factors = np.where(is_decided, factor, 1.0).reshape(-1, *[1] * (found.ndim - 1))
        moved = np.minimum(found * factors, np.maximum(found, 1.0))
        return replace(base, **{name: moved})

    return stepped


def _run_off(base: Behaviour, factor: float, is_decided: FloatArray) -> Behaviour:
    months = np.where(is_decided, np.rint(base.core_run_off_months * factor), 0)
    kept = np.where(is_decided, months, base.core_run_off_months)
    return replace(base, core_run_off_months=kept.astype(np.int32))


_PARAMETERS: Mapping[str, tuple[str, Stepped]] = {
    "annual_prepayment_rate": ("prepayment", _share("annual_prepayment_rate")),
    "redemption_share": ("early_withdrawal", _share("redemption_share")),
    "drawn_share": ("drawdown", _share("draw_profile")),
    "core_share": ("deposits", _share("core_share")),
    "core_run_off_months": ("deposits", _run_off),
    "pass_through_up": ("deposits", _share("pass_through_up")),
    "pass_through_down": ("deposits", _share("pass_through_down")),
}
"""Parameter to the file of `assumptions/` that decides it, and how it is moved."""


_LENSES = ("value", "income", "premiums", "options")
_Step = tuple[str, str]
"""Parameter and step."""

_AS_ASSUMED: _Step = ("", "")
_KEYS = ("parameter", "assumption_step", "scenario")
_SCHEMA = pa.schema(
    [
        ("as_of_date", pa.date32()),
        *((n, pa.string()) for n in ("position_id", "entity_id", "currency", "product_code")),
        *((name, pa.string()) for name in _KEYS),
        ("present_value_change", pa.float64()),
        ("nii_12m_change", pa.float64()),
    ]
)


@dataclass(frozen=True)
class _Values:
    """Value and 12-month income, (n, S) each, what options add and what amortises included."""

    value: FloatArray
    income: FloatArray


def stepped_scenarios(bank: Bank) -> tuple[str, ...]:
    """Return the base and the first closing scenario that is a parallel rise."""
    book = bank.figures.scenarios
    named = {name: book.pack_and_shape(name) for name in bank.settings.closing_scenarios}
    rises = [name for name, pair in named.items() if pair and pair[1] == "parallel_up"]
    return (BASE, *rises[:1])


def assumption_values(bank: Bank, partition: Partition) -> pa.Table:
    """Return the rows of ``scenarios.assumption_values``; what the engine reads is bound."""
    markets = markets_of(bank, partition, stepped_scenarios(bank))
    files = dict.fromkeys(file for file, _ in _PARAMETERS.values())
    parts = [rows for file in files for rows in _moves(bank, partition, markets, file)]
    return pa.concat_tables([_SCHEMA.empty_table(), *parts])


def _moves(bank: Bank, partition: Partition, markets: Markets, file: str) -> Iterator[pa.Table]:
    """Yield the rows of every step and scenario of one file's figures."""
    scenarios, segments = stepped_scenarios(bank), bank.figures.assumptions.segments()
    is_decided = np.array([(file, one) in bank.figures.assumptions.decided for one in segments])
    if not is_decided.any():
        return
    listed = ", ".join(literal(segments[i]) for i in np.flatnonzero(is_decided))
    book = chosen_book(bank, partition, markets, f"behaviour_segment in ({listed})")
    held = customers_of(bank, partition, book, curves_of(markets, scenarios), scenarios)

    def run(assumed: Behaviour, under: tuple[str, ...]) -> SimulationResult:
        customers = replace(held, behaviour=assumed)
        chosen = PassOptions(under, lenses=_LENSES, customers=customers)
        return run_engine(bank, partition, markets, book, chosen)

    is_moved = is_decided[held.segment] if file == "prepayment" else is_decided
    steps = _steps(file, held.behaviour, is_moved)
    values = _valued(run, steps, scenarios)
    base = values.pop(_AS_ASSUMED)
    for (parameter, word), moved in values.items():
        change = _Values(moved.value - base.value, moved.income - base.income)
        for column, scenario in enumerate(scenarios):
            is_stopped = np.isin(book.currency, list(markets.stopped(scenario)))
            is_kept = ~is_stopped[book.positions.group]
            one = _Values(
                np.where(is_kept, change.value[:, column], 0.0),
                np.where(is_kept, change.income[:, column], 0.0),
            )
            yield _rows(book, partition, (parameter, word, scenario), one)


def _steps(file: str, behaviour: Behaviour, is_decided: FloatArray) -> dict[_Step, Behaviour]:
    """Return what customers do as assumed, and with each figure of a file moved."""
    steps = {_AS_ASSUMED: behaviour}
    for parameter, (of, stepped) in _PARAMETERS.items():
        if of == file:
            moved = {word: stepped(behaviour, by, is_decided) for word, by in STEPS.items()}
            steps |= {(parameter, word): one for word, one in moved.items()}
    return steps


def _valued(
    run: Callable[[Behaviour, tuple[str, ...]], SimulationResult],
    steps: Mapping[_Step, Behaviour],
    scenarios: tuple[str, ...],
) -> dict[_Step, _Values]:
    """Return values and income of every step: those that share a core in one pass of the engine.

    A scenario gives the same bits alone and beside others.
    """
    together: dict[bytes, list[_Step]] = {}
    for named, one in steps.items():
        core = one.core_share.tobytes() + one.core_run_off_months.tobytes()
        together.setdefault(core, []).append(named)
    found: dict[_Step, _Values] = {}
    for same_core in together.values():
        assumed = _side_by_side([steps[named] for named in same_core])
        made = _values(run(assumed, scenarios * len(same_core)))
        for k, named in enumerate(same_core):
            columns = slice(k * len(scenarios), (k + 1) * len(scenarios))
            found[named] = _Values(made.value[:, columns], made.income[:, columns])
    return {named: found[named] for named in steps}


def _side_by_side(steps: Sequence[Behaviour]) -> Behaviour:
    """Return several assumptions as those of more scenarios, one after the other."""

    def joined(parts: Iterable[FloatArray]) -> FloatArray:
        return np.concatenate(list(parts), axis=-1)

    return replace(
        steps[0],
        annual_prepayment_rate=joined(one.monthly_prepayment_rate for one in steps),
        redemption_share=joined(one.redemption_share for one in steps),
        draw_profile=joined(one.monthly_draw_share for one in steps),
        pass_through_up=joined(_by_scenario(one, one.pass_through_up) for one in steps),
        pass_through_down=joined(_by_scenario(one, one.pass_through_down) for one in steps),
    )


def _by_scenario(behaviour: Behaviour, figures: FloatArray) -> FloatArray:
    """Return (n_cohorts, S) of what may stand for all scenarios."""
    if figures.ndim == 2:
        return figures
    return np.repeat(figures[:, None], behaviour.n_scenarios, axis=1)


def _values(made: SimulationResult) -> _Values:
    return _Values(made.whole_value, made.whole_income(12))


def _rows(
    book: EngineBook, partition: Partition, named: tuple[str, str, str], change: _Values
) -> pa.Table:
    """Return the positions that move, one step under one scenario."""
    kept = np.flatnonzero((change.value != 0.0) | (change.income != 0.0))
    columns = {
        "present_value_change": pa.array(change.value[kept]),
        "nii_12m_change": pa.array(change.income[kept]),
    }
    words = dict(zip(_KEYS, named, strict=True))
    return position_table(book, partition, kept, columns, words).select(_SCHEMA.names)
