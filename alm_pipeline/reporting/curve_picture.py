"""Curves before and after a scenario as a picture: one SVG file that any browser opens.

One panel per curve: base and scenario, the area between them, crosses where a floor decides.
Tenors are spaced evenly, as in the table that `scenario_picture` prints beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from alm_pipeline.reporting.scenario_picture import TENORS, ShownCurve

__all__ = ["curve_picture"]

FloatArray = NDArray[np.float64]

_WIDTH, _PANEL, _HEAD = 760.0, 300.0, 64.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 130.0, 34.0, 34.0
_STEPS_PER_TENOR = 12
_BASE, _MOVED, _AREA, _GRID, _TEXT = "#5b6b7b", "#c2410c", "#fbd9c5", "#e4e8ec", "#22303c"
_STEPS_PCT = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


def curve_picture(title: str, subtitle: str, curves: Sequence[ShownCurve]) -> str:
    """Return the picture of curves, base against scenario, as the text of an SVG file.

    Parameters
    ----------
    title, subtitle : str
        What stands above: the scenario, and on which month end.
    curves : sequence of ShownCurve
        One panel each, from top to bottom; rates are shown in per cent.
    """
    height = _HEAD + _PANEL * len(curves)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" '
        f'width="{_WIDTH:g}" height="{height:g}" font-family="sans-serif" font-size="12" '
        f'fill="{_TEXT}">',
        f'<rect width="{_WIDTH:g}" height="{height:g}" fill="white"/>',
        _text(_LEFT, 26, title, 'font-size="17" font-weight="bold"'),
        _text(_LEFT, 46, subtitle, f'fill="{_BASE}"'),
    ]
    for number, curve in enumerate(curves):
        lines.append(f'<g transform="translate(0 {_HEAD + _PANEL * number:g})">')
        lines += _Panel.of(curve).lines()
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


@dataclass(frozen=True)
class _Panel:
    """One curve: rates (m,) in per cent at places (m,) along the tenors, and the axis of rates."""

    title: str
    places: FloatArray
    base: FloatArray
    moved: FloatArray
    is_floored: NDArray[np.bool_]
    ticks: FloatArray

    @classmethod
    def of(cls, curve: ShownCurve) -> _Panel:
        """Return the panel of a curve, its lines drawn between the tenors too."""
        days = np.array(list(TENORS.values()), dtype=np.float64)
        places = np.arange((len(days) - 1) * _STEPS_PER_TENOR + 1) / _STEPS_PER_TENOR
        between = np.rint(np.interp(places, np.arange(len(days)), days)).astype(np.int32)
        base, moved = curve.rates_pct(between)
        return cls(curve.title, places, base, moved, curve.is_floored(between), _ticks(base, moved))

    def lines(self) -> Iterator[str]:
        """Yield the elements of the panel, the ones below first."""
        yield _text(_LEFT, 20, self.title, 'font-weight="bold"')
        yield from self._grid()
        base, moved = self._points(self.base), self._points(self.moved)
        yield f'<polygon points="{" ".join([*base, *reversed(moved)])}" fill="{_AREA}"/>'
        for points, colour in ((base, _BASE), (moved, _MOVED)):
            yield (
                f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
                'stroke-width="2"/>'
            )
        yield from self._floor_marks()
        yield from self._labels()

    def _grid(self) -> Iterator[str]:
        for tick in self.ticks:
            y = self._y(float(tick))
            yield _line(self._x(0.0), y, self._x(float(self.places[-1])), y)
            yield _text(_LEFT - 8, y + 4, f"{tick:.4g} %", 'text-anchor="end"')
        for place, name in enumerate(TENORS):
            x = self._x(float(place))
            yield _line(x, self._y(float(self.ticks[0])), x, self._y(float(self.ticks[-1])))
            yield _text(x, _PANEL - _BOTTOM + 18, name, 'text-anchor="middle"')

    def _floor_marks(self) -> Iterator[str]:
        """Yield a cross at every tenor at which a floor decides."""
        for row in range(0, len(self.places), _STEPS_PER_TENOR):
            if self.is_floored[row]:
                x, y = self._x(float(self.places[row])), self._y(float(self.moved[row]))
                yield (
                    f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="{_TEXT}" '
                    'stroke-width="1.5"/>'
                )

    def _labels(self) -> Iterator[str]:
        """Yield the names of both lines at their right ends, kept apart."""
        x, base, moved = (
            self._x(float(self.places[-1])) + 8,
            self._y(float(self.base[-1])),
            self._y(float(self.moved[-1])),
        )
        if abs(base - moved) < 15.0:
            middle, sign = (base + moved) / 2.0, 1.0 if base >= moved else -1.0
            base, moved = middle + 7.5 * sign, middle - 7.5 * sign
        last_bp = 100.0 * (self.moved[-1] - self.base[-1])
        yield _text(x, base + 4, "base", f'fill="{_BASE}"')
        yield _text(x, moved + 4, f"scenario {last_bp:+.0f} bp", f'fill="{_MOVED}"')
        if self.is_floored[::_STEPS_PER_TENOR].any():
            yield _text(_WIDTH - 8, 20, "x a floor decides", 'text-anchor="end"')

    def _points(self, rates: FloatArray) -> list[str]:
        pairs = zip(self.places, rates, strict=True)
        return [f"{self._x(float(x)):.1f},{self._y(float(y)):.1f}" for x, y in pairs]

    def _x(self, place: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * place / float(self.places[-1])

    def _y(self, rate: float) -> float:
        low, high = float(self.ticks[0]), float(self.ticks[-1])
        return _TOP + (_PANEL - _TOP - _BOTTOM) * (high - rate) / (high - low)


def _ticks(base: FloatArray, moved: FloatArray) -> FloatArray:
    """Return the marks of the axis: round numbers around both lines, at most about eight."""
    low, high = min(base.min(), moved.min()), max(base.max(), moved.max())
    step = next((one for one in _STEPS_PCT if high - low <= 7.0 * one), _STEPS_PCT[-1])
    first, last = np.floor(low / step), np.ceil(high / step)
    return np.asarray(np.arange(first, max(last, first + 1.0) + 0.5) * step)


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="{_GRID}"/>'
