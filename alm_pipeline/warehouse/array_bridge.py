"""From rows of `book.positions` to the engine's arrays: the one place where text becomes codes.

Answers: which position is which array row, which curve and behaviour row it uses, how far its
dates lie from the as-of date, and to which group it adds up. Decimals become float64 here and
nowhere else. A null is refused unless `_MEANING` gives it one; a word without a code is refused
with the positions that carry it; terms that the engine refuses are listed by position.

What does not belong here: reading tables (the caller has the rows), arithmetic on amounts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import (
    NO_CODE,
    NO_DATE,
    CashFlowModel,
    IntArray,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.engine.cash_flows.accepted_terms import refused_terms
from alm_pipeline.engine.cash_flows.agenda import AgendaTables
from alm_pipeline.engine.conventions.calendar import CONVENTION_CODES, BusinessDayConvention
from alm_pipeline.engine.conventions.day_count import DAY_COUNT_CODES
from alm_pipeline.engine.conventions.tenor import index_tenor
from alm_pipeline.engine.simulation.redemption import RedemptionRight
from alm_pipeline.inputs.calendars import closed_offsets
from alm_pipeline.inputs.curves import CurveBook
from alm_pipeline.inputs.products import ProductMap
from alm_pipeline.warehouse.agenda_bridge import Bridged, agenda_tables, contracts_by_row
from alm_pipeline.warehouse.book_columns import BookColumns, refusal
from alm_pipeline.warehouse.early_exit import early_exit_terms
from alm_pipeline.warehouse.known_fixings import next_index_rates
from alm_pipeline.warehouse.payment_dates import roll_day
from alm_pipeline.warehouse.redemption_rights import redemption_rights
from alm_pipeline.warehouse.reset_terms import replacement_tenor, reset_frequencies
from alm_pipeline.warehouse.scheduled_events import ScheduledEvents

__all__ = ["BridgeCodes", "EngineBook", "engine_book"]

RATE_CODES = {
    "fixed": RateType.FIXED,
    "zero": RateType.FIXED,
    "step": RateType.FIXED,
    "floating": RateType.FLOATING,
    "administered": RateType.ADMINISTERED,
}
MODEL_CODES = {item.name.lower(): item for item in CashFlowModel}
OPTION_CODES = {"none": OptionType.NONE, "cap": OptionType.CAP, "floor": OptionType.FLOOR}
AMORTISATION_MODELS = {
    "bullet": CashFlowModel.BULLET,
    "perpetual": CashFlowModel.BULLET,
    "annuity": CashFlowModel.ANNUITY,
    "balloon": CashFlowModel.ANNUITY,
    "linear": CashFlowModel.LINEAR,
    "interest_only_then_annuity": CashFlowModel.INTEREST_ONLY_THEN_ANNUITY,
    "schedule": CashFlowModel.BULLET,
}
"""A loan's own terms decide how it repays, the product map only that it is a loan."""

_LOAN_MODELS = tuple({int(model) for model in AMORTISATION_MODELS.values()})
_NOTIONAL_MODELS = (CashFlowModel.SWAP_LEG, CashFlowModel.CAP_FLOOR, CashFlowModel.COMMITMENT)
_BACK_DAYS, _AHEAD_DAYS = 45 * 366, 52 * 366


@dataclass(frozen=True, kw_only=True)
class BridgeCodes:
    """What codes stand for: row numbers of the engine's curves and behaviour tables.

    ``curve_ids`` and ``segments`` in the order of `Curves` and `Behaviour`; the product map and
    the index definitions say which of them a position uses.
    """

    curve_ids: Sequence[str]
    segments: Sequence[str]
    products: ProductMap
    curves: CurveBook

    def curve_of(self, role: str, product_code: str, currency: str) -> int:
        """Return the curve of a product in a currency, `NO_CODE` when it has none."""
        product = self.products.products.get(product_code)
        choice: dict[str, str] = (getattr(product, role) if product else None) or {}
        curve_id = choice.get(currency, "")
        return _row_of(list(self.curve_ids), curve_id)


@dataclass(frozen=True, kw_only=True)
class EngineBook:
    """A book ready for the engine.

    ``position_ids`` (n,); ``entity_id``, ``currency``, ``product_code`` (n_groups,) name the
    groups of ``positions.group``; ``adjustments`` belong into `SimulationOptions`, ``agendas``
    beside the positions, ``rights`` to redeem early into `Redeemable`.
    """

    positions: Positions
    agendas: AgendaTables
    position_ids: NDArray[Any]
    entity_id: NDArray[Any]
    currency: NDArray[Any]
    product_code: NDArray[Any]
    adjustments: tuple[tuple[BusinessDayConvention, IntArray], ...]
    rights: tuple[RedemptionRight, ...]

    @cached_property
    def names(self) -> pa.Table:
        """Id, entity, currency and product of each position; made once, as text is slow to make."""
        group = pa.array(self.positions.group)
        groups = {
            "entity_id": self.entity_id,
            "currency": self.currency,
            "product_code": self.product_code,
        }
        named = {name: pa.array(one, pa.string()).take(group) for name, one in groups.items()}
        return pa.table({"position_id": pa.array(self.position_ids, pa.string()), **named})


def engine_book(
    rows: pa.Table | Mapping[str, Any],
    events: pa.Table | Mapping[str, Any],
    as_of_date: dt.date,
    codes: BridgeCodes,
) -> EngineBook:
    """Return the engine's arrays for rows of `book.positions`, in the order of the rows.

    Parameters
    ----------
    rows
        Columns of `book.positions` of one as-of date.
    events
        Columns of `book.scheduled_events` of the same date.
    as_of_date
        Day with offset 0.
    codes
        The curves, segments, products and indices that the run uses.

    Raises
    ------
    CalculationError
        For nulls without a meaning, words without a code, positions without a curve and terms
        that the engine refuses; the positions are named.
    """
    book = BookColumns(rows, as_of_date)
    model = _models(book)
    group, keys = _groups(book)
    adjustment, adjustments = _date_adjustments(book, as_of_date)
    arrays = _terms(book, codes, model) | {"date_adjustment": adjustment}
    positions = Positions(
        model=model.astype(np.int8),
        group=group,
        **{name: _narrow(name, value) for name, value in arrays.items()},
    )
    for reason, refused in refused_terms(positions).items():
        raise refusal(reason, book.ids[refused], "correct the terms or exclude the positions")
    bridged = Bridged(
        book=book,
        events=ScheduledEvents(events, book),
        model=model,
        columns=arrays,
        steps=book.steps(),
        adjustments=adjustments,
    )
    return EngineBook(
        positions=positions,
        agendas=agenda_tables(bridged, contracts_by_row(bridged)),
        position_ids=book.ids,
        adjustments=adjustments,
        rights=redemption_rights(book, bridged.events, model, arrays),
        **keys,
    )


def _terms(book: BookColumns, codes: BridgeCodes, model: IntArray) -> dict[str, NDArray[Any]]:
    """Return the fields of `Positions` that are terms, by name."""
    arrays = (
        _amounts(book, model)
        | _rates(book)
        | _dates(book, model)
        | _frequencies(book)
        | _curves(book, codes, model)
        | _measures(book, codes, model)
    )
    arrays |= early_exit_terms(book, arrays)
    arrays["next_index_rate"] = next_index_rates(book, arrays)
    arrays |= reset_frequencies(book, arrays)
    arrays["replacement_tenor"] = replacement_tenor(arrays)
    arrays["roll_day"] = roll_day(book)
    return arrays


_DTYPES = {item.name: np.dtype(item.metadata["dtype"]) for item in fields(Positions)}


def _narrow(name: str, value: NDArray[Any]) -> NDArray[Any]:
    return value.astype(_DTYPES[name])


def _models(book: BookColumns) -> IntArray:
    """Return the cash-flow model, a loan's by how it repays; one yet to close is an offer."""
    model = book.codes("cash_flow_model", MODEL_CODES, "map the product to a known model")
    own = book.codes("amortisation_type", AMORTISATION_MODELS, "deliver a known amortisation type")
    is_loan = np.isin(model, _LOAN_MODELS)
    is_offer = is_loan & (book.offset("expected_close_date") != NO_DATE)
    is_odd = is_offer & (own != CashFlowModel.ANNUITY)
    book.refuse_where(is_odd, "an offer that is no annuity", "deliver it as an annuity")
    found = np.where(is_loan, own, model)
    return np.where(is_offer, CashFlowModel.COMMITMENT, found).astype(np.int32)


def _groups(book: BookColumns) -> tuple[IntArray, dict[str, NDArray[Any]]]:
    """Return the group of each position and what the groups are, sorted by entity and so on."""
    names = ("entity_id", "currency", "product_code")
    coded = [book.words(name) for name in names]
    both = np.stack([rows for _, rows in coded], axis=1)
    keys, group = np.unique(both, axis=0, return_inverse=True)
    found = {
        name: np.array(words, dtype=object)[keys[:, column]]
        for column, (name, (words, _)) in enumerate(zip(names, coded, strict=True))
    }
    return group.reshape(-1).astype(np.int32), found


def _date_adjustments(
    book: BookColumns, as_of_date: dt.date
) -> tuple[IntArray, tuple[tuple[BusinessDayConvention, IntArray], ...]]:
    """Return each position's row of adjusted days and the pairs of rule and closed days."""
    rule = book.codes("business_day_convention", CONVENTION_CODES, "deliver a known convention")
    names, calendar = book.words("calendar_id")
    has_rule = rule != BusinessDayConvention.NONE
    is_moved = has_rule & (calendar != _row_of(names, "none"))
    both = np.stack([rule, calendar], axis=1)
    pairs, rows = np.unique(both[is_moved], axis=0, return_inverse=True)
    adjustment = np.zeros(len(book), np.int32)
    adjustment[is_moved] = rows.reshape(-1) + 1
    closed = {
        row: closed_offsets(names[row], as_of_date, -_BACK_DAYS, _AHEAD_DAYS)
        for row in {int(pair[1]) for pair in pairs}
    }
    return adjustment, tuple(
        (BusinessDayConvention(int(convention)), closed[int(row)]) for convention, row in pairs
    )


def _amounts(book: BookColumns, model: IntArray) -> dict[str, NDArray[Any]]:
    notional = book.number("notional_amount")
    is_notional = np.isin(model, _NOTIONAL_MODELS)
    months = book.number("amortisation_months")
    step = book.steps()["principal_months"]
    return {
        "sign": np.sign(book.number("direction")),
        "principal": np.where(is_notional, notional, book.number("outstanding_principal")),
        "accrued_interest": book.number("accrued_interest"),
        "impairment_amount": book.number("impairment_amount"),
        "premium_amount": book.number("deferred_fees_amount"),
        "payment_amount": book.number("payment_amount"),
        "amortisation_payments": np.ceil(months / np.maximum(step, 1)) * (step > 0),
        "balloon_amount": book.number("balloon_amount"),
    }


def _rates(book: BookColumns) -> dict[str, NDArray[Any]]:
    rate_type = book.codes("rate_type", RATE_CODES, "deliver fixed, floating or administered")
    words, rows = book.words("rate_type")
    zero = rows == _row_of(words, "zero")
    has_index = book.words("index_id")[1] != _row_of(book.words("index_id")[0], "")
    is_stepped = has_index & (rows == _row_of(words, "step"))  # agreed steps, then the index
    names = ("spread_rate", "rate_multiplier", "margin_rate", "cap_rate", "floor_rate")
    return {name: book.number(name) for name in names} | {
        "rate_type": np.where(is_stepped, RateType.FLOATING, rate_type),
        "coupon_rate": np.where(zero, 0.0, book.number("coupon_rate")),
        "period_cap_rate": np.abs(book.number("period_cap_rate")),
        "period_floor_rate": np.abs(book.number("period_floor_rate")),
        "option_type": book.codes("option_type", OPTION_CODES, "deliver none, cap or floor"),
        "strike_rate": book.number("strike_rate"),
        "day_count": book.codes("day_count", DAY_COUNT_CODES, "deliver a known day count"),
        "fixing_lag_days": book.number("fixing_lag_days"),
    }


def _row_of(words: list[str], word: str) -> int:
    return words.index(word) if word in words else NO_CODE


def _dates(book: BookColumns, model: IntArray) -> dict[str, NDArray[Any]]:
    start = book.offset("start_date")
    close = book.offset("expected_close_date")
    is_commitment = model == CashFlowModel.COMMITMENT
    return {
        "start_offset": np.where(is_commitment, close, start),
        "maturity_offset": book.offset("maturity_date"),
        "last_payment_offset": book.offset("last_payment_date"),
        "next_payment_offset": book.offset("next_payment_date"),
        "next_reset_offset": book.offset("next_reset_date"),
        "interest_only_end_offset": book.offset("interest_only_end_date"),
        "recovery_offset": book.offset("expected_recovery_date"),
        "is_end_of_month": book.flag("is_end_of_month"),
    }


def _frequencies(book: BookColumns) -> dict[str, NDArray[Any]]:
    steps = book.steps()
    return {
        "payment_months": steps["interest_months"],
        "principal_months": steps["principal_months"],
        "payment_days": np.maximum(steps["interest_days"], steps["principal_days"]),
    }


def _curves(book: BookColumns, codes: BridgeCodes, model: IntArray) -> dict[str, NDArray[Any]]:
    """Return discount curve, index curve and index tenor of every position."""
    ids = list(codes.curve_ids)
    indices = codes.curves.indices
    own = {name: name if name in ids else one.curve for name, one in indices.items()}
    curve_of = {name: _row_of(ids, curve) for name, curve in own.items()} | {"": NO_CODE}
    tenor_of = {name: index_tenor(one.tenor) for name, one in indices.items()} | {"": NO_CODE}
    discount, projection = _product_curves(book, codes)
    index_curve = book.codes("index_id", curve_of, "define the index in curves.yaml")
    words, rows = book.words("index_id")
    has_index = rows != _row_of(words, "")
    is_valued = model != CashFlowModel.BALANCE_ONLY
    book.refuse_where(
        is_valued & ((discount < 0) | (has_index & (index_curve < 0))),
        "no curve to value them with",
        "stop their currency or deliver its quotes",
    )
    fallback = np.where(projection < 0, discount, projection)
    return {
        "discount_curve": np.maximum(discount, 0),
        "index_curve": np.where(has_index, index_curve, np.maximum(fallback, 0)),
        "index_tenor": book.codes("index_id", tenor_of, "define the index in curves.yaml"),
    }


def _product_curves(book: BookColumns, codes: BridgeCodes) -> tuple[IntArray, IntArray]:
    """Return the discount and projection curve of each position's product and currency."""
    products, product = book.words("product_code")
    currencies, currency = book.words("currency")
    table = np.array(
        [
            [[codes.curve_of(role, code, money) for money in currencies] for code in products]
            for role in ("discount_curve", "projection_curve")
        ],
        dtype=np.int32,
    ).reshape(2, len(products), len(currencies))
    return table[0, product, currency], table[1, product, currency]


def _measures(book: BookColumns, codes: BridgeCodes, model: IntArray) -> dict[str, NDArray[Any]]:
    """Return behaviour cohort, flags and what the measures ask of a position."""
    segments = {name: row for row, name in enumerate(codes.segments)} | {"none": NO_CODE}
    in_scope = book.flag("is_in_irrbb_scope") & (model != CashFlowModel.BALANCE_ONLY)
    eve, nii = book.words("eve_treatment"), book.words("nii_treatment")
    return {
        "cohort": book.codes("behaviour_segment", segments, "add an assumption for the segment"),
        "is_prepayable": book.flag("is_prepayable"),
        "is_redeemable": book.flag("is_redeemable"),
        "replacement_margin": book.number("new_business_margin_rate"),
        "is_eve": in_scope & (eve[1] == _row_of(eve[0], "in")),
        "is_nii": in_scope & (nii[1] == _row_of(nii[0], "constant_balance")),
    }
