"""The bank's plan for its balance sheet, product by product: volumes and what they bring.

Growth and renewal are assumptions (`assumptions/new_business.yaml`) unless a scenario says
otherwise; tenor and margin of new business are those of the product. Volumes that do not balance
are placed or borrowed month by month at the index of one month, as a product of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from alm_pipeline.engine.arrays import (
    NO_CODE,
    CashFlowModel,
    CountArray,
    Curves,
    FloatArray,
)
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.simulation.growth import growth_income, new_volumes
from alm_pipeline.inputs.assumptions import NO_SEGMENT, AssumptionBook
from alm_pipeline.inputs.scenarios import ScenarioBook
from alm_pipeline.warehouse.array_bridge import EngineBook

BALANCING = "balancing"
_AS_IT_IS = (0.0, 1.0)  # no growth, everything renewed
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
    plan: FloatArray,
    curves: Curves,
    as_of_date: np.datetime64,
    monthly: Mapping[str, FloatArray],
) -> Growth:
    """Return what the plan adds to a pass, products first, then what balances them.

    ``plan`` is `plan_of` of the same scenarios, ``monthly`` `SimulationResult.monthly`.
    """
    lines = _lines(book, plan)
    repaid = (monthly["scheduled"] + monthly["prepaid"])[lines.group] * lines.share[:, None, None]
    signed = repaid * np.sign(lines.balance)[:, None, None]
    volumes = new_volumes(lines.balance, signed, lines.annual_growth, lines.renewed)
    groups, group_of = np.unique(lines.group, return_inverse=True)
    every_owner = [(str(e), str(c)) for e, c in zip(book.entity_id, book.currency, strict=True)]
    units, owner = sorted(set(every_owner)), [every_owner[group] for group in groups]
    unit_of_group = np.array([units.index(one) for one in every_owner], np.int64)
    balancing = -_added(volumes, unit_of_group[lines.group], len(units))
    unit_of_position = unit_of_group[book.positions.group]
    first = [int(np.argmax(unit_of_position == unit)) for unit in range(len(units))]
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


def _added(amounts: FloatArray, row_of: CountArray, n_rows: int) -> FloatArray:
    """Return amounts (n, n_months, S) added up by row."""
    found = np.zeros((n_rows, *amounts.shape[1:]))
    np.add.at(found, row_of, amounts)
    return found


@dataclass(frozen=True)
class _Lines:
    """Positions of one product, curve, tenor and segment together; (n,), of the plan (n, S)."""

    group: CountArray
    pairs: CountArray
    balance: FloatArray
    share: FloatArray
    margin_rate: FloatArray
    annual_growth: FloatArray
    renewed: FloatArray


def _lines(book: EngineBook, plan: FloatArray) -> _Lines:
    """Return the balances that the plan moves; notionals and what earns no income have none."""
    held, moves = book.positions, (plan != _AS_IT_IS).any(axis=(1, 2))
    is_renewed = held.is_nii & ~np.isin(held.model, _WITHOUT_RENEWAL)
    rows = np.flatnonzero(is_renewed & (held.principal > 0.0))
    rows = rows[moves[held.cohort[rows]]]
    curve = np.where(held.index_curve == NO_CODE, held.discount_curve, held.index_curve)
    keys = [held.group, curve, held.replacement_tenor, held.cohort % len(plan)]
    found = np.stack([one[rows].astype(np.int64) for one in keys])
    sizes = tuple(found.max(axis=1, initial=0) + 1)
    codes, first, kind = np.unique(  # of one number each: rows would be sorted as text
        np.ravel_multi_index(tuple(found), sizes), return_index=True, return_inverse=True
    )
    kinds, n = np.stack(np.unravel_index(codes, sizes), axis=1), len(codes)
    principal = held.principal[rows]
    whole = np.bincount(held.group, held.principal, held.n_groups)
    size = np.bincount(kind, principal, n)
    margin = np.bincount(kind, principal * held.replacement_margin[rows], n)
    return _Lines(
        group=kinds[:, 0],
        pairs=kinds[:, 1:3],
        balance=np.asarray(size * held.sign[rows[first]], dtype=np.float64),
        share=size / whole[kinds[:, 0]],
        margin_rate=margin / size,
        annual_growth=plan[kinds[:, 3], :, 0],
        renewed=plan[kinds[:, 3], :, 1],
    )


def plan_of(
    assumptions: AssumptionBook, scenarios: ScenarioBook, names: Sequence[str]
) -> FloatArray:
    """Return growth in a year and share renewed of each segment, (n_segments, S, 2).

    Segments in the order of the book's cohorts; positions without one follow the last row.
    """
    everywhere = assumptions.value("new_business", "all", "replacement_share", 1.0)

    def figure(scenario: str, segment: str, parameter: str, neutral: float) -> float:
        assumed = assumptions.value("new_business", segment, parameter, neutral)
        return scenarios.planned(scenario, parameter, segment, assumed)

    plan = [
        [
            (
                figure(scenario, segment, "annual_growth_rate", 0.0),
                figure(scenario, segment, "replacement_share", everywhere),
            )
            for scenario in names
        ]
        for segment in (*assumptions.segments(), NO_SEGMENT)
    ]
    return np.array(plan)
