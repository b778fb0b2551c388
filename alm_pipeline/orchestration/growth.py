"""The bank's plan for its balance sheet, product by product: volumes and what they bring.

What segments plan is `inputs/balance_plan.py`; tenor and margin of new business are those of the
product. Depositors who move to another segment join its products of their entity and currency.
Volumes that do not balance are placed or borrowed month by month at the index of one month, as a
product of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.arrays import (
    NO_CODE,
    BoolArray,
    CashFlowModel,
    CountArray,
    Curves,
    FloatArray,
)
from alm_pipeline.engine.behaviour.refinancing import par_rates
from alm_pipeline.engine.combinations import first_of_each
from alm_pipeline.engine.conventions.months import months_after
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.simulation.growth import (
    growth_income,
    migrated_shares,
    new_volumes,
    paid_rates,
)
from alm_pipeline.inputs.assumptions import NO_SEGMENT
from alm_pipeline.inputs.balance_plan import SegmentPlan
from alm_pipeline.warehouse.array_bridge import EngineBook

BALANCING = "balancing"
_WITHOUT_RENEWAL = (
    CashFlowModel.SWAP_LEG,
    CashFlowModel.CAP_FLOOR,
    CashFlowModel.COMMITMENT,
    CashFlowModel.NON_PERFORMING,
)
_BALANCING_TENOR = INDEX_TENOR_MONTHS.index(1)


@dataclass(frozen=True)
class Growth:
    """Volumes and income beyond a constant balance sheet, (n, n_months, S), of named rows (n,)."""

    entity_id: list[str]
    currency: list[str]
    product_code: list[str]
    volumes: FloatArray
    income: FloatArray

    def columns(self, column: int, stopped: Collection[str]) -> dict[str, pa.Array]:
        """Return the columns of one scenario's rows, currencies that it stops left out.

        A product that only other scenarios move has none, so that they decide nothing here.
        """
        moves = (self.volumes[:, :, column] != 0.0).any(axis=1)
        moves |= np.array(self.product_code) == BALANCING
        kept = np.flatnonzero(moves & ~np.isin(self.currency, list(stopped)))
        n_months = self.volumes.shape[1]
        names = {"entity_id": self.entity_id, "currency": self.currency}
        names["product_code"] = self.product_code
        repeated = {k: np.repeat(np.array(v, object)[kept], n_months) for k, v in names.items()}
        return {
            **{k: pa.array(v, pa.string()) for k, v in repeated.items()},
            "month_index": pa.array(np.tile(np.arange(1, n_months + 1), len(kept))),
            "new_principal": pa.array(self.volumes[kept, :, column].ravel()),
            "growth_interest": pa.array(self.income[kept, :, column].ravel()),
        }


def growth_of(
    book: EngineBook,
    plan: Plan,
    curves: Curves,
    as_of_date: np.datetime64,
    monthly: Mapping[str, FloatArray],
) -> Growth:
    """Return what the plan adds to a pass, products first, then what balances them.

    ``plan`` is `plan_of` of the same scenarios, ``monthly`` `SimulationResult.monthly`.
    """
    lines = _lines(book, plan)
    groups, group_of = np.unique(lines.group, return_inverse=True)
    every_owner = [(str(e), str(c)) for e, c in zip(book.entity_id, book.currency, strict=True)]
    units, owner = sorted(set(every_owner)), [every_owner[group] for group in groups]
    unit_of_group = np.array([units.index(one) for one in every_owner], np.int64)
    unit = unit_of_group[lines.group]
    volumes = _planned(lines, plan, monthly)
    leaving = _leaving(lines, plan, curves, as_of_date, monthly)
    volumes += _arriving(lines, plan, unit, leaving) - leaving
    balancing = -_added(volumes, unit, len(units))
    unit_of_position = unit_of_group[book.positions.group]
    first = [int(np.argmax(unit_of_position == one)) for one in range(len(units))]
    main = book.positions.discount_curve[first]
    tenor = np.full(len(units), _BALANCING_TENOR, np.int64)
    pairs = np.concatenate([lines.pairs, np.stack([main.astype(np.int64), tenor], axis=1)])
    margin = np.concatenate([lines.margin_rate, np.zeros(len(units))])
    every = np.concatenate([volumes, balancing])
    income = growth_income(curves, as_of_date, pairs, margin, every)
    row_of = np.concatenate([group_of, len(groups) + np.arange(len(units))])
    n_rows = len(groups) + len(units)
    return Growth(
        entity_id=[entity for entity, _ in (*owner, *units)],
        currency=[currency for _, currency in (*owner, *units)],
        product_code=[*(str(book.product_code[g]) for g in groups), *(BALANCING for _ in units)],
        volumes=_added(every, row_of, n_rows),
        income=_added(income, row_of, n_rows),
    )


def _planned(lines: _Lines, plan: Plan, monthly: Mapping[str, FloatArray]) -> FloatArray:
    """Return what grows, is not renewed and runs off, (n, n_months, S)."""
    repaid = (monthly["scheduled"] + monthly["prepaid"])[lines.group] * lines.share[:, None, None]
    signed = repaid * np.sign(lines.balance)[:, None, None]
    growth, renewed = plan.annual_growth[lines.segment], plan.renewed[lines.segment]
    volumes = new_volumes(lines.balance, signed, growth, renewed)
    volumes[:, 0] -= plan.run_share[lines.segment] * lines.balance[:, None]
    return volumes


def _leaving(
    lines: _Lines,
    plan: Plan,
    curves: Curves,
    as_of_date: np.datetime64,
    monthly: Mapping[str, FloatArray],
) -> FloatArray:
    """Return what leaves for better pay by month, (n, n_months, S), signed like the balances.

    What could be had instead is the rate of a year from each month end on, what is paid the
    product's interest on its average balance.
    """
    interest, average = (monthly[name][lines.group] for name in ("interest", "average"))
    n_months = average.shape[1]
    ends = months_after(as_of_date, n_months).astype(np.int64)
    paid = paid_rates(interest, average, ends[1:] - ends[:-1])
    offered = par_rates(curves, as_of_date, n_months + 1, 1)[lines.pairs[:, 0], 1:]
    today = replace(curves, zero_rates=curves.base_zero_rates[None])
    offered_today = par_rates(today, as_of_date, 1, 1)[lines.pairs[:, 0], 0, 0]
    shares = migrated_shares(
        offered - paid,
        offered_today - lines.coupon_rate,
        plan.migration_share[lines.segment],
        plan.migration_speed[lines.segment],
        plan.migration_threshold[lines.segment],
    )
    return np.asarray(shares * lines.balance[:, None, None])


def _arriving(lines: _Lines, plan: Plan, unit: CountArray, leaving: FloatArray) -> FloatArray:
    """Return what joins each line, by its part of its segment's balance in the same unit."""
    found = np.zeros_like(leaving)
    for line in np.flatnonzero(leaving.any(axis=(1, 2))):
        to = plan.migrates_to[lines.segment[line]]
        joined = np.flatnonzero((lines.segment == to) & (unit == unit[line]))
        whole = lines.balance[joined].sum()
        if whole != 0.0:  # else the unit has no such product: it borrows what leaves
            found[joined] += (lines.balance[joined] / whole)[:, None, None] * leaving[line]
    return found


def _added(amounts: FloatArray, row_of: CountArray, n_rows: int) -> FloatArray:
    """Return amounts (n, n_months, S) added up by row."""
    found = np.zeros((n_rows, *amounts.shape[1:]))
    np.add.at(found, row_of, amounts)
    return found


@dataclass(frozen=True)
class _Lines:
    """Positions of one product, curve, tenor and segment together; (n,) each, pairs (n, 2)."""

    group: CountArray
    pairs: CountArray
    segment: CountArray
    balance: FloatArray
    share: FloatArray
    margin_rate: FloatArray
    coupon_rate: FloatArray


def _lines(book: EngineBook, plan: Plan) -> _Lines:
    """Return the balances that the plan moves; notionals and what earns no income have none."""
    held, moves = book.positions, plan.moves
    is_renewed = held.is_nii & ~np.isin(held.model, _WITHOUT_RENEWAL)
    rows = np.flatnonzero(is_renewed & (held.principal > 0.0))
    rows = rows[moves[held.cohort[rows]]]
    curve = np.where(held.index_curve == NO_CODE, held.discount_curve, held.index_curve)
    codes = (held.group, curve, held.replacement_tenor, held.cohort % len(moves))
    keys = [one[rows].astype(np.int64) for one in codes]
    first, kind = first_of_each(keys)
    kinds, n = np.stack(keys, axis=1)[first], len(first)
    principal = held.principal[rows]
    whole = np.bincount(held.group, held.principal, held.n_groups)
    size = np.bincount(kind, principal, n)
    margin = np.bincount(kind, principal * held.replacement_margin[rows], n)
    coupon = np.bincount(kind, principal * held.coupon_rate[rows], n)
    return _Lines(
        group=kinds[:, 0],
        pairs=kinds[:, 1:3],
        segment=kinds[:, 3],
        balance=np.asarray(size * held.sign[rows[first]], dtype=np.float64),
        share=size / whole[kinds[:, 0]],
        margin_rate=margin / size,
        coupon_rate=coupon / size,
    )


@dataclass(frozen=True)
class Plan:
    """The plan by segment, what has none in the last row: (n_segments, S), or (n_segments,).

    ``moves``: whether a balance of the segment changes in any scenario; ``migrates_to``: row of the
    segment that it moves to, `NO_CODE` for none.
    """

    annual_growth: FloatArray
    renewed: FloatArray
    run_share: FloatArray
    migration_share: FloatArray
    migration_speed: FloatArray
    migration_threshold: FloatArray
    migrates_to: CountArray
    moves: BoolArray


def plan_of(by_scenario: Sequence[Mapping[str, SegmentPlan]]) -> Plan:
    """Return the plan of scenarios (`segment_plans` of each) in the order of the book's cohorts."""
    segments = [*by_scenario[0], NO_SEGMENT]
    table = [[of[segment] for of in by_scenario] for segment in segments]

    def figures(name: str) -> FloatArray:
        return np.array([[getattr(one, name) for one in row] for row in table])

    to = [segments.index(row[0].migrates_to) if row[0].migrates_to else NO_CODE for row in table]
    moves = np.array([any(one.moves for one in row) for row in table])
    moves[[row for row in to if row != NO_CODE]] = True  # what is joined has lines too
    return Plan(
        annual_growth=figures("annual_growth"),
        renewed=figures("renewed"),
        run_share=figures("run_share"),
        migration_share=figures("migration_share"),
        migration_speed=figures("migration_speed")[:, 0],
        migration_threshold=figures("migration_threshold")[:, 0],
        migrates_to=np.array(to),
        moves=moves,
    )
