"""Columns of `book.positions` as numpy arrays, each null with its one meaning.

Answers one question per type: code of a word, number, date offset or flag of every position. A
null that has no meaning is refused with the positions concerned; so is a masked array.

What does not belong here: what the words mean (`array_bridge`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alm_pipeline.engine.arrays import NO_DATE, BoolArray, FloatArray, IntArray
from alm_pipeline.engine.conventions.tenor import tenor
from alm_pipeline.errors import CalculationError

__all__ = ["BookColumns", "refusal"]

WHERE = "book.positions"

_NULL_NUMBERS = {
    "cap_rate": np.inf,
    "floor_rate": -np.inf,
    "period_cap_rate": np.inf,
    "period_floor_rate": np.inf,
    "payment_amount": 0.0,
    "balloon_amount": 0.0,
    "amortisation_months": 0.0,
    "strike_rate": 0.0,
    "next_fixing_rate": np.inf,
    "prepayment_penalty_share": 0.0,
    "prepayment_penalty_months": 0.0,
    "prepayment_penalty_amount": 0.0,
    "free_prepayment_amount": 0.0,
    "withdrawal_penalty_months": 0.0,
}
"""What a null stands for: no cap, no floor, computed, none, to maturity, no option, not fixed yet,
no penalty, nothing for free."""

_NULL_DATES = {
    "maturity_date",
    "last_payment_date",
    "next_payment_date",
    "next_reset_date",
    "interest_only_end_date",
    "expected_recovery_date",
    "expected_close_date",
    "prepayment_lockout_end_date",
}
_NULL_WORDS = {"index_id": "", "reset_freq": "P0D", "behaviour_segment": "none"}


def refusal(what: str, ids: NDArray[Any], fix: str) -> CalculationError:
    """Return the error for positions that cannot be used, naming the first ten."""
    named = ", ".join(str(one) for one in ids[:10]) + (", …" if len(ids) > 10 else "")
    return CalculationError(f"{len(ids)} positions: {what}", where=WHERE, detail=named, fix=fix)


class BookColumns:
    """The columns of one as-of date.

    Parameters
    ----------
    rows
        An Arrow table, or a mapping of column names to arrays; nulls as Arrow nulls, None, NaN
        or NaT.
    as_of_date
        Day with offset 0.
    """

    def __init__(self, rows: pa.Table | Mapping[str, Any], as_of_date: dt.date) -> None:
        self._rows = rows
        self._as_of = np.datetime64(as_of_date, "D")
        self.as_of = dt.datetime.combine(as_of_date, dt.time())
        ids = self._column("position_id")
        if ids.null_count:
            raise CalculationError("a position has no position_id", where=WHERE, fix="deliver it")
        self.ids: NDArray[Any] = _numpy(ids)

    def __len__(self) -> int:
        return len(self.ids)

    def words(self, name: str) -> tuple[list[str], IntArray]:
        """Return the different words of a text column, sorted, and the row of each position."""
        column = self._column(name).cast(pa.string())
        if name in _NULL_WORDS:
            column = column.fill_null(_NULL_WORDS[name])
        self._refuse_nulls(name, _numpy(column.is_null()))
        encoded = column.dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        words = np.array(encoded.dictionary.to_pylist(), dtype=object)
        order = np.argsort(words)
        rank = np.empty(len(words), np.int32)
        rank[order] = np.arange(len(words), dtype=np.int32)
        rows = rank[_numpy(encoded.indices)] if len(words) else np.empty(0, np.int32)
        return words[order].tolist(), rows

    def is_word(self, name: str, word: str) -> BoolArray:
        """Return which positions have a word."""
        words, rows = self.words(name)
        return np.asarray(rows == (words.index(word) if word in words else -1))

    def codes(self, name: str, code_of: Mapping[str, int], fix: str) -> IntArray:
        """Return the code of each position's word; an unknown word is refused by position."""
        words, rows = self.words(name)
        unknown = np.array([word not in code_of for word in words], dtype=np.bool_)
        if unknown.any():
            named = ", ".join(word for word in words if word not in code_of)
            raise refusal(f"{name} {named} has no code", self.ids[unknown[rows]], fix)
        return np.array([int(code_of[word]) for word in words], dtype=np.int32)[rows]

    def number(self, name: str) -> FloatArray:
        """Return a decimal, integer or floating column as float64."""
        values = np.asarray(_numpy(self._column(name).cast(pa.float64())), dtype=np.float64)
        is_null = np.isnan(values)
        if name not in _NULL_NUMBERS:
            self._refuse_nulls(name, is_null)
            return values
        return np.where(is_null, _NULL_NUMBERS[name], values)

    def flag(self, name: str) -> BoolArray:
        """Return a boolean column."""
        column = self._column(name).cast(pa.bool_())
        self._refuse_nulls(name, _numpy(column.is_null()))
        return np.asarray(_numpy(column), dtype=np.bool_)

    def offset(self, name: str) -> IntArray:
        """Return a date column as days from the as-of date, `NO_DATE` for a null."""
        days = np.asarray(_numpy(self._column(name).cast(pa.date32())), dtype="datetime64[D]")
        is_null = np.isnat(days)
        if name not in _NULL_DATES:
            self._refuse_nulls(name, is_null)
        offsets = (days - self._as_of).astype(np.int64)
        return np.where(is_null, NO_DATE, offsets).astype(np.int32)

    def days(self, name: str) -> NDArray[Any]:
        """Return the day of the month of a date column, 0 for a null."""
        offsets = self.offset(name)
        days = self._as_of + np.where(offsets == NO_DATE, 0, offsets)
        of_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
        return np.where(offsets == NO_DATE, 0, of_month)

    def steps(self) -> dict[str, IntArray]:
        """Return the months and days of the frequencies of interest, principal and reset."""
        found = {}
        for name in ("interest", "principal", "reset"):
            words, rows = self.words(f"{name}_freq")
            steps = np.array([tenor(word) for word in words], dtype=np.int32).reshape(-1, 2)
            found[f"{name}_months"], found[f"{name}_days"] = steps[rows, 0], steps[rows, 1]
        return found

    def refuse_where(self, is_wrong: NDArray[Any], what: str, fix: str) -> None:
        """Raise if any position is marked, naming the marked ones."""
        if is_wrong.any():
            raise refusal(what, self.ids[is_wrong], fix)

    def _column(self, name: str) -> Any:
        if name not in (
            self._rows.column_names if isinstance(self._rows, pa.Table) else self._rows
        ):
            raise CalculationError(f"the column {name} is missing", where=WHERE, fix="select it")
        column = self._rows[name]
        if isinstance(column, pa.Array | pa.ChunkedArray):
            return column
        if np.ma.isMaskedArray(column):
            raise CalculationError(
                f"{name} is a masked array", where=WHERE, fix="give each null its meaning first"
            )
        return pa.array(column, from_pandas=True)

    def _refuse_nulls(self, name: str, is_null: NDArray[Any]) -> None:
        if is_null.any():
            raise refusal(f"{name} is null and must not be", self.ids[is_null], "deliver a value")


def _numpy(column: pa.Array | pa.ChunkedArray) -> Any:
    """Return an Arrow column as numpy; nulls of numbers and dates become NaN and NaT."""
    if isinstance(column, pa.ChunkedArray):
        return column.to_numpy()
    return column.to_numpy(zero_copy_only=False)
