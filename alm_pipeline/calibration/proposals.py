"""Proposals: assumption files with the figures that estimates would change, for a person to copy.

A figure is proposed only where a model beat its benchmark out of time in every series of the
segment. A file is whole, so that it can be copied into the overlay of a bank; figures that nothing
was proposed for are left as they are. Nothing here writes to the assumptions themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from alm_pipeline.calibration.deposit_rates import mean_lag_months
from alm_pipeline.calibration.study import Result

__all__ = ["Proposed", "capped", "proposed_figures", "that_are_given", "write_proposals"]

CORE_METHODS = ("minimum_volume", "trend_core")
SIGNIFICANT = 0.05


@dataclass(frozen=True, order=True)
class Proposed:
    """One figure proposed: file, segment and parameter, and what it rests on.

    ``estimate``: the figure before a cap, where the cap is lower.
    """

    assumption: str
    segment: str
    parameter: str
    value: float
    results: tuple[str, ...]
    estimate: float | None = None


def capped(proposed: Sequence[Proposed], caps: Mapping[tuple[str, str], float]) -> list[Proposed]:
    """Return figures no higher than the caps of their segment and parameter, each cut visibly."""
    found = []
    for one in proposed:
        cap = caps.get((one.segment, one.parameter), np.inf)
        is_cut = one.value > cap
        found.append(replace(one, value=cap, estimate=one.value) if is_cut else one)
    return found


def that_are_given(
    proposed: Sequence[Proposed], current: Mapping[str, Mapping[str, Any]]
) -> list[Proposed]:
    """Return the figures that their segment has in the file today, so that a value can change."""
    return [
        one
        for one in proposed
        if one.parameter in current[one.assumption]["segments"].get(one.segment, {})
    ]


def proposed_figures(results: Sequence[Result], segments: Mapping[str, str]) -> list[Proposed]:
    """Return every figure that may be proposed.

    Parameters
    ----------
    segments : mapping
        Behaviour segment of each product code; products without one are left out.
    """
    found: list[Proposed] = []
    names = {segments[r.series.product_code] for r in results if r.series.product_code in segments}
    for segment in sorted(names):
        own = [r for r in results if segments.get(r.series.product_code) == segment]
        found += _deposit_figures(segment, own)
        found += _plain(segment, own, "early_withdrawal", "withdrawal_regression", _REDEEMED)
        found += _plain(segment, own, "drawdown", "usage_autoregression", _DRAWN)
        found += _plain(segment, own, "prepayment", "refinancing_curve", _REFINANCED)
    return sorted(found)


_REDEEMED = {"redemption_share": ("redemption_share", 4)}
_DRAWN = {"drawn_share": ("drawn_share", 4), "draw_months": ("draw_months", 0)}
_REFINANCED = {
    "refinance": ("refinance_rate", 4),
    "slope": ("refinance_slope", 1),
    "midpoint": ("refinance_midpoint_rate", 4),
}
"""Estimate to the figure it becomes, and its digits."""


def write_proposals(
    proposed: Sequence[Proposed], current: Mapping[str, Mapping[str, Any]], folder: Path
) -> list[Path]:
    """Write one assumption file per file with a proposed figure; return their paths.

    Parameters
    ----------
    proposed : sequence of Proposed
        Of segments that have the figure (`that_are_given`).
    current : mapping
        What each assumption file says now, by its stem.
    folder : Path
        An overlay: files are written to ``assumptions/`` below it.
    """
    written = []
    for name in sorted({one.assumption for one in proposed}):
        content = _copied(current[name])
        own = [one for one in proposed if one.assumption == name]
        for one in own:
            given = content["segments"][one.segment][one.parameter]
            decided = given.get("version", content["common"]["version"])
            given |= _figure(one) | {"version": decided + 1}
        path = folder / "assumptions" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
        path.write_text(_heading(own) + text, encoding="utf-8")
        written.append(path)
    return written


def _deposit_figures(segment: str, results: Sequence[Result]) -> list[Proposed]:
    rates = [r for r in results if r.fit.method == "path_regression"]
    volumes = {r.series for r in results if r.series.subject == "deposit_volume"}
    found: list[Proposed] = []
    beta = None
    if rates and all(r.is_better for r in rates):
        beta = float(np.clip(_weighted(rates, "beta"), 0.0, 1.0))
        adjustment, lag = (
            _weighted(rates, "adjustment"),
            max(r.fit.value("lag_months") for r in rates),
        )
        delay = float(round(mean_lag_months(lag, adjustment)))
        names, (up, down) = _names(rates), _betas(rates, beta)
        found += [
            Proposed("deposits", segment, "pass_through_up", round(up, 4), names),
            Proposed("deposits", segment, "pass_through_down", round(down, 4), names),
            Proposed("deposits", segment, "lag_months", delay, names),
        ]
    stable = [_smallest_stable(results, series) for series in sorted(volumes)]
    if beta is not None and stable and all(one is not None for one in stable):
        least = min(
            (one for one in stable if one is not None), key=lambda r: r.fit.value("stable_share")
        )
        core = round(least.fit.value("stable_share") * (1.0 - beta), 4)
        found.append(Proposed("deposits", segment, "core_share", core, _names([least, *rates])))
    decays = [r for r in results if r.fit.method == "cohort_decay"]
    if decays and all(r.is_better for r in decays) and len(decays) == len(volumes):
        months = float(int(min(r.fit.value("core_run_off_months") for r in decays)))
        found.append(Proposed("deposits", segment, "core_run_off_months", months, _names(decays)))
    return found


def _betas(rates: Sequence[Result], beta: float) -> tuple[float, float]:
    """Return beta up and down: two only where every series says that they differ (5 %)."""
    chance = "probability_of_equal_betas"
    said = [{p.name: p.value for p in r.fit.parameters} for r in rates]
    if not all(one.get(chance, 1.0) < SIGNIFICANT for one in said):
        return beta, beta
    up, down = (float(np.clip(_weighted(rates, f"beta_{d}"), 0.0, 1.0)) for d in ("up", "down"))
    return up, down


def _smallest_stable(results: Sequence[Result], series: object) -> Result | None:
    """Return the more prudent of the core models that beat the benchmark on a series."""
    won = [
        r for r in results if r.series == series and r.fit.method in CORE_METHODS and r.is_better
    ]
    return min(won, key=lambda r: r.fit.value("stable_share"), default=None)


def _plain(
    segment: str,
    results: Sequence[Result],
    assumption: str,
    method: str,
    figures: Mapping[str, tuple[str, int]],
) -> list[Proposed]:
    """Return figures that are estimates as they stand, averaged over the series by precision."""
    own = [r for r in results if r.fit.method == method]
    if not own or not all(r.is_better for r in own):
        return []
    return [
        Proposed(assumption, segment, figure, round(_weighted(own, name), digits), _names(own))
        for name, (figure, digits) in figures.items()
    ]


def _weighted(results: Sequence[Result], parameter: str) -> float:
    """Return the mean of an estimate over series, each with the weight of its precision."""
    found = [p for r in results for p in r.fit.parameters if p.name == parameter]
    values = np.array([one.value for one in found])
    errors = np.array([one.standard_error or 0.0 for one in found])
    if not (errors > 0.0).all():
        return float(values.mean())
    return float(np.average(values, weights=1.0 / errors**2))


def _names(results: Sequence[Result]) -> tuple[str, ...]:
    return tuple(result.name for result in results)


def _figure(one: Proposed) -> dict[str, Any]:
    """Return what changes in a figure: the value, why, and where it comes from."""
    source = {"title": "Calibration on the bank's own history", "place": "; ".join(one.results)}
    why = "Estimated on the bank's own history; nearer to the months held out than the benchmark"
    if one.estimate is not None:
        why += f"; estimated at {one.estimate:g}, cut to the cap of the rule packs"
    return {"value": one.value, "status": "assumed", "rationale": why, "source": source}


def _copied(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _copied(value) for key, value in content.items()}
    return [_copied(one) for one in content] if isinstance(content, list) else content


def _heading(proposed: Sequence[Proposed]) -> str:
    lines = [
        "# A proposal of the calibration, not an assumption: to adopt it, copy it into the",
        "# overlay, set its dates, and have somebody else approve it (alm approve).",
        "# Proposed, because the model beat its benchmark out of time:",
    ]
    for one in proposed:
        cut = "" if one.estimate is None else f", estimated at {one.estimate:g} and cut to the cap"
        lines.append(f"#   {one.segment}.{one.parameter} = {one.value:g}{cut}")
    return "\n".join(lines) + "\n"
