"""The curves a bank uses and the indices read from them (`data_contracts/curves.yaml`).

Answers which curve belongs to which currency and role, how old quotes may be, which curve and
tenor an index means, and on which tenors zero rates are kept. Building a curve from quotes is
`engine/market/`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from alm_pipeline.inputs.records import Currency, Name, Problems, Record
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = [
    "CurveBook",
    "CurveDefinition",
    "Fallback",
    "IndexDefinition",
    "IndexId",
    "Tenor",
    "load_curves",
    "read_curves",
]

IndexId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Tenor = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}[DWMY]$")]


class Fallback(Record):
    """Another curve whose quotes stand in while a curve's own are missing or stale."""

    curve: Name
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    approver: str = Field(min_length=1)
    effective_from: dt.date
    expires: dt.date

    @model_validator(mode="after")
    def _two_people(self) -> Fallback:
        if self.owner.strip().casefold() == self.approver.strip().casefold():
            raise ValueError(f"{self.approver} owns the fallback and cannot approve it")
        return self

    def is_in_force(self, as_of_date: dt.date) -> bool:
        """Say whether the curve may stand in on a date; both ends included."""
        return self.effective_from <= as_of_date <= self.expires


class CurveDefinition(Record):
    """One curve: its currency, what it is for, and how fresh its quotes must be."""

    about: str
    currency: Currency
    role: Literal["discount", "projection", "deposit_offer", "spread"]
    interpolation: Literal["linear_zero", "log_linear", "monotone_convex"]
    extrapolation: Literal["flat_zero", "flat_forward"] = "flat_zero"
    max_age_days: int = Field(ge=0)
    fallback: Fallback | None = None
    discounted_by: Name | None = None
    index_tenor: Tenor | None = None
    over: Name | None = None

    @model_validator(mode="after")
    def _words_fit_the_role(self) -> CurveDefinition:
        wrong = []
        if (self.discounted_by is None) != (self.index_tenor is None):
            wrong.append("discounted_by and index_tenor stand together")
        if self.discounted_by is not None and self.role != "projection":
            wrong.append(f"a curve of role {self.role} has no discounted_by")
        if (self.over is None) == (self.role == "spread"):
            wrong.append("a spread, and only a spread, stands over another curve")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def stands_on(self) -> str | None:
        """Return the curve without which this one cannot be built."""
        return self.discounted_by or self.over


class IndexDefinition(Record):
    """One index: a tenor of a curve, and how old the fixing of a day may be."""

    currency: Currency
    curve: Name
    tenor: Tenor
    max_age_days: int = Field(ge=0)


class QuoteAges(Record):
    """How old quotes other than those of curves may be, in days before the as-of date."""

    exchange_rate: int = Field(ge=0)
    cap: int = Field(ge=0)
    swaption: int = Field(ge=0)


class CurveBook(Record):
    """All curves and indices, and the tenors on which zero rates are kept."""

    about: str
    curves: dict[Name, CurveDefinition]
    indices: dict[IndexId, IndexDefinition]
    max_age_days: QuoteAges
    node_tenors: list[Tenor] = Field(min_length=1)

    @model_validator(mode="after")
    def _indices_agree_with_curves(self) -> CurveBook:
        wrong = [
            f"index {name} names curve {index.curve}, which is "
            + ("unknown" if index.curve not in self.curves else "in another currency")
            for name, index in self.indices.items()
            if index.curve not in self.curves or self.curves[index.curve].currency != index.currency
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_validator(mode="after")
    def _curves_stand_on_quoted_ones(self) -> CurveBook:
        wrong = [
            f"curve {name} stands on {curve.stands_on}, which is "
            + self._why_not(curve.stands_on, curve.currency)
            for name, curve in self.curves.items()
            if curve.stands_on is not None and self._why_not(curve.stands_on, curve.currency)
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _why_not(self, name: str, currency: str) -> str:
        """Return why no curve can stand on this one; nothing where it can."""
        if name not in self.curves:
            return "unknown"
        if self.curves[name].currency != currency:
            return "in another currency"
        return "" if self.curves[name].stands_on is None else "no curve of its own quotes"

    @model_validator(mode="after")
    def _fallbacks_stand_on_their_own(self) -> CurveBook:
        wrong = [
            f"curve {name} falls back to {curve.fallback.curve}, which is "
            + ("unknown" if curve.fallback.curve not in self.curves else "no curve of its own")
            for name, curve in self.curves.items()
            if curve.fallback is not None and not self._stands_alone(curve.fallback.curve, name)
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _stands_alone(self, name: str, other: str) -> bool:
        return name in self.curves and name != other and self.curves[name].fallback is None

    def of_currency(self, currency: str) -> dict[str, CurveDefinition]:
        """Return the curves of one currency by their id."""
        return {k: curve for k, curve in self.curves.items() if curve.currency == currency}


def load_curves(overlay: Path | None = None) -> CurveBook:
    """Return the curves and indices of a bank, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(read_curves(problems, overlay))


def read_curves(problems: Problems, overlay: Path | None = None) -> CurveBook | None:
    """Return the curves and indices of a bank; what is wrong with them is added to `problems`."""
    return problems.read(CurveBook, contract_file("curves.yaml", overlay))
