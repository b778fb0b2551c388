"""Prepayment by age, season and what refinancing saves: the optional figures of a segment.

Answers what the figures of `assumptions/prepayment.yaml` mean together and whether they are whole.
A segment that gives none of them prepays at one rate. Rates of months are the engine's
(`engine/behaviour`); which loans share them is `orchestration/customers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "PREPAYMENT_FIGURES",
    "PrepaymentTerms",
    "Refinancing",
    "figures_of_text",
    "prepayment_faults",
    "prepayment_terms",
    "text_of_figures",
]

PREPAYMENT_FIGURES: Mapping[str, str] = {
    r"annual_prepayment_rate_from_month_[1-9]\d*": "share per year",
    r"season_month_([1-9]|1[0-2])": "factor",
    r"refinance_rate": "share per year",
    r"refinance_slope": "per unit of rate",
    r"refinance_midpoint_rate": "rate",
    r"refinance_spread_rate": "rate",
    r"refinance_tenor_months": "months",
    r"burnout_share": "share",
    r"burnout_speed": "per unit of rate and year",
}
"""Unit of every optional figure, by a pattern of its name."""

_BASE = "annual_prepayment_rate"
_BY_AGE = f"{_BASE}_from_month_"
_SEASON = tuple(f"season_month_{month}" for month in range(1, 13))
_REFINANCING = ("rate", "slope", "midpoint_rate", "spread_rate", "tenor_months")
_BURNOUT = ("burnout_share", "burnout_speed")
_WHOLE_YEAR = 1e-6

Figures = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Refinancing:
    """The S-curve of a segment: rates are decimals per year, ``slope`` per unit of rate.

    A new loan costs the par rate of ``tenor_years`` and ``spread``. ``burnout_share`` is what is
    left for ever; 1 where nothing burns out.
    """

    height: float
    slope: float
    midpoint: float
    spread: float
    tenor_years: int
    burnout_share: float = 1.0
    burnout_speed: float = 0.0


@dataclass(frozen=True)
class PrepaymentTerms:
    """Prepayment of one segment in one scenario.

    ``by_age``: annual rates from a month of age on, the first from 0. ``season``: factors of
    January to December, empty without. What they give, and what is refinanced besides, is
    multiplied by ``multiplier``.
    """

    by_age: tuple[tuple[int, float], ...]
    season: tuple[float, ...]
    refinancing: Refinancing | None
    multiplier: float


def prepayment_terms(figures: Mapping[str, float], multiplier: float) -> PrepaymentTerms | None:
    """Return what figures say together, None where they are one rate."""
    if figures.keys() <= {_BASE}:
        return None
    ages = {int(n.removeprefix(_BY_AGE)): v for n, v in figures.items() if n.startswith(_BY_AGE)}
    refinancing = None
    if "refinance_rate" in figures:
        height, slope, midpoint, spread, months = (
            figures[f"refinance_{name}"] for name in _REFINANCING
        )
        burnout = (figures.get(_BURNOUT[0], 1.0), figures.get(_BURNOUT[1], 0.0))
        refinancing = Refinancing(height, slope, midpoint, spread, int(months) // 12, *burnout)
    return PrepaymentTerms(
        by_age=tuple(sorted(({0: figures[_BASE]} | ages).items())),
        season=tuple(figures[name] for name in _SEASON if name in figures),
        refinancing=refinancing,
        multiplier=multiplier,
    )


def prepayment_faults(row: Mapping[str, object]) -> list[str]:
    """Return what is wrong with the optional figures of a segment as they stand in a file."""
    values = {name: one.get("value") for name, one in row.items() if isinstance(one, dict)}
    given = {name: float(v) for name, v in values.items() if isinstance(v, int | float)}
    faults = []
    for needed in ([f"refinance_{name}" for name in _REFINANCING], _BURNOUT, _SEASON):
        missing = [name for name in needed if name not in row]
        if 0 < len(missing) < len(needed):
            faults.append(f"{missing[0]}: missing; {', '.join(needed)} belong together")
    if _BURNOUT[0] in row and "refinance_rate" not in row:
        faults.append(f"{_BURNOUT[0]}: nothing is refinanced that could burn out")
    season = [given[name] for name in _SEASON if name in given]
    if len(season) == 12 and abs(sum(season) / 12.0 - 1.0) > _WHOLE_YEAR:
        faults.append(f"season_month: the factors average {sum(season) / 12.0:g}, not 1")
    tenor = given.get("refinance_tenor_months", 12.0)
    if tenor < 12.0 or tenor % 12.0:
        faults.append(f"refinance_tenor_months: {tenor:g} is not one or more whole years")
    return faults


def text_of_figures(figures: Figures) -> str:
    """Return figures as words, to be stored with a close.

    Examples
    --------
    >>> text_of_figures((("refinance_rate", 0.22), ("refinance_slope", 180.0)))
    'refinance_rate=0.22 refinance_slope=180.0'
    """
    return " ".join(f"{name}={value!r}" for name, value in figures)


def figures_of_text(text: str) -> Figures:
    """Return the figures of `text_of_figures`.

    Examples
    --------
    >>> figures_of_text("refinance_rate=0.22 refinance_slope=180.0")
    (('refinance_rate', 0.22), ('refinance_slope', 180.0))
    """
    pairs = (word.split("=") for word in text.split())
    return tuple((name, float(value)) for name, value in pairs)
