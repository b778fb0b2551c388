"""What the committee assumes about customers and measures (`data_contracts/assumptions/`).

Every figure has an id, version, unit, rationale, source, status, owner, approver and dates; a
file's `common` block gives what its figures share. Answers the figure of a segment, how the core
of deposits leaves, and what expires when. How a rule pack changes a figure in a scenario is
`inputs/behaviour.py`; calibration does not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alm_pipeline.engine.arrays import FloatArray
from alm_pipeline.engine.behaviour.core_profiles import (
    average_life_years,
    exponential_profile,
    linear_profile,
    replicating_profile,
)
from alm_pipeline.inputs.prepayment_terms import PREPAYMENT_FIGURES, prepayment_faults
from alm_pipeline.inputs.records import Figure, Problems
from alm_pipeline.inputs.rule_packs import RulePack
from alm_pipeline.inputs.yaml_files import contract_files

__all__ = [
    "ASSUMPTION_FILES",
    "AssumptionBook",
    "AssumptionFigure",
    "cap_faults",
    "load_assumptions",
    "read_assumptions",
]

# file stem -> parameters every segment of it must give, with their unit
ASSUMPTION_FILES: dict[str, dict[str, str]] = {
    "deposits": {
        "core_share": "share",
        "core_run_off_months": "months",
        "pass_through_up": "share",
        "pass_through_down": "share",
        "lag_months": "months",
        "rate_floor": "rate",
    },
    "prepayment": {"annual_prepayment_rate": "share per year"},
    "early_withdrawal": {"redemption_share": "share"},
    "drawdown": {"drawn_share": "share", "draw_months": "months"},
    "new_business": {"replacement_share": "share"},
    "eve": {
        "horizon_years": "years",
        "non_performing_recovery_months": "months",
        "mean_reversion": "per year",
    },
}
# file stem -> parameters that a segment may give besides, by a pattern of their name
OPTIONAL: dict[str, dict[str, str]] = {
    "deposits": {r"core_decay_rate": "per year", r"core_tranche_[1-9]\d*_months": "share"},
    "prepayment": dict(PREPAYMENT_FIGURES),
    "new_business": {
        r"annual_growth_rate": "growth per year",
        r"migration_share": "share",
        r"migration_speed": "per unit of rate",
        r"migration_threshold_rate": "rate",
    },
}
_MIGRATION = ("migration_share", "migration_speed", "migration_threshold_rate")
_WORDS = ("nmd_category", "migrates_to")
"""What a segment says in words, beside its figures."""
_WHOLE_BANK = ("eve", "new_business")
_FILE_KEYS = {"about", "kind", "common", "segments"}
_BOUNDED = {
    "share": (0.0, 1.0),
    "share per year": (0.0, 1.0),
    "months": (0.0, 720.0),
    "per year": (0.0, 1.0),
    "growth per year": (-0.5, 0.5),
    "factor": (0.0, 5.0),
    "per unit of rate": (0.0, 1_000.0),
    "per unit of rate and year": (0.0, 1_000.0),
}
_PASS_THROUGH_LIMIT = 1.2
_TRANCHE = "core_tranche_"
NO_SEGMENT = "none"


@dataclass(frozen=True)
class AssumptionFigure:
    """One figure and where it stands."""

    assumption: str
    segment: str
    parameter: str
    figure: Figure

    @property
    def assumption_id(self) -> str:
        """Return the name by which the figure is known everywhere, in every version."""
        return f"{self.assumption}.{self.segment}.{self.parameter}"


@dataclass(frozen=True)
class AssumptionBook:
    """All assumptions, by file, segment and parameter.

    `nmd_categories` is the regulatory category of each deposit segment, null for other segments
    whose rate the bank sets; `migrations` the segment that depositors of another one move to.
    """

    figures: tuple[AssumptionFigure, ...]
    nmd_categories: Mapping[str, str | None]
    migrations: Mapping[str, str] = field(default_factory=dict)

    def value(self, assumption: str, segment: str, parameter: str, neutral: float) -> float:
        """Return a figure's value, or the neutral value where the file has no such segment."""
        for one in self.figures:
            if (one.assumption, one.segment, one.parameter) == (assumption, segment, parameter):
                return one.figure.value
        return neutral

    def prepayment_figures(self, segment: str) -> dict[str, float]:
        """Return the rate of a segment's prepayment and the optional figures it gives."""
        return {
            one.parameter: one.figure.value
            for one in self.figures
            if (one.assumption, one.segment) == ("prepayment", segment)
        }

    @property
    def decided(self) -> set[tuple[str, str]]:
        """File and segment of every entry."""
        return {(one.assumption, one.segment) for one in self.figures}

    def core_profile(self, segment: str) -> FloatArray:
        """Return which share of a segment's core leaves at the end of month 1, 2, ...

        In equal parts; or, with a decay rate, a constant share of what is left until the last
        month; or as ladders of the tranches run off.
        """
        months = int(self.value("deposits", segment, "core_run_off_months", 0.0))
        decay = self.value("deposits", segment, "core_decay_rate", 0.0)
        tranches = self._tranches(segment)
        if tranches:
            return replicating_profile(tranches)
        return exponential_profile(decay, months) if decay > 0.0 else linear_profile(months)

    def has_straight_core(self, segment: str) -> bool:
        """Say whether the core leaves in equal parts."""
        decay = self.value("deposits", segment, "core_decay_rate", 0.0)
        return decay == 0.0 and not self._tranches(segment)

    def _tranches(self, segment: str) -> dict[int, float]:
        """Return the share of each replicating ladder by its months."""
        return {
            int(one.parameter.split("_")[2]): one.figure.value
            for one in self.figures
            if one.segment == segment and one.parameter.startswith(_TRANCHE)
        }

    def segments(self) -> list[str]:
        """Return every behaviour segment any file names, and the one without behaviour."""
        named = {one.segment for one in self.figures if one.segment != "all"}
        return sorted(named | {NO_SEGMENT})


def load_assumptions(overlay: Path | None = None) -> AssumptionBook:
    """Return the assumptions of a bank, or raise every problem of all files at once."""
    problems = Problems()
    return problems.settled(read_assumptions(problems, overlay))


def read_assumptions(problems: Problems, overlay: Path | None = None) -> AssumptionBook:
    """Return the assumptions that can be read; what is wrong is added to `problems`."""
    figures: list[AssumptionFigure] = []
    categories: dict[str, str | None] = {}
    migrations: dict[str, str | None] = {}
    found = {path.stem: path for path in contract_files("assumptions", overlay)}
    for name in sorted(ASSUMPTION_FILES.keys() - found.keys()):
        problems.add(f"assumptions/{name}.yaml", "the file does not exist")
    for name, path in found.items():
        where = f"assumptions/{path.name}"
        if name not in ASSUMPTION_FILES:
            problems.add(where, f"no such assumption; there are {', '.join(ASSUMPTION_FILES)}")
            continue
        content = problems.content(path)
        if content is not None:
            figures += _figures(problems, where, name, content)
            categories |= _words(content, "nmd_category") if name == "deposits" else {}
            migrations |= _words(content, "migrates_to") if name == "new_business" else {}
    moves = {segment: str(to) for segment, to in migrations.items() if to is not None}
    book = AssumptionBook(tuple(figures), categories, moves)
    for segment, to in moves.items():
        if to not in book.segments() or to == segment:
            problems.add("assumptions/new_business.yaml", f"{segment}: no other segment is {to}")
    return book


def cap_faults(book: AssumptionBook, pack: RulePack) -> list[str]:
    """Return every deposit assumption beyond a pack's cap on core share or average life.

    The average life is that of the segment's profile; in equal parts it is ``(months + 1) / 2``
    months. Source: BCBS d368, table 2.
    """
    if pack.deposit_caps is None:
        return []
    faults = []
    for segment, category in book.nmd_categories.items():
        cap = next((v for k, v in pack.deposit_caps.categories.items() if k == category), None)
        if cap is None:
            continue
        share = book.value("deposits", segment, "core_share", 0.0)
        life_years = average_life_years(book.core_profile(segment))
        if share > cap.core_share:
            faults.append(f"{segment}: core share {share} above {cap.core_share} of {category}")
        if life_years > cap.average_life_years + 1e-9:
            faults.append(
                f"{segment}: average life {life_years:.2f} years above "
                f"{cap.average_life_years} of {category}"
            )
    return faults


def _words(content: Mapping[str, object], name: str) -> dict[str, str | None]:
    segments = content.get("segments")
    rows = segments.items() if isinstance(segments, dict) else ()
    return {str(k): row.get(name) for k, row in rows if isinstance(row, dict)}


def _figures(
    problems: Problems, where: str, name: str, content: Mapping[str, object]
) -> Iterator[AssumptionFigure]:
    """Yield the figures of one file; what is missing or wrong is added to the problems."""
    for key in sorted(content.keys() ^ _FILE_KEYS):
        problems.add(where, f"{key}: {'unknown key' if key in content else 'missing'}")
    common, segments = content.get("common"), content.get("segments")
    if not isinstance(common, dict) or not isinstance(segments, dict):
        problems.add(where, "common and segments are mappings")
        return
    if name in _WHOLE_BANK and "all" not in segments:
        problems.add(where, "all: missing; the whole bank depends on it")
    for segment, given in segments.items():
        row = dict(given) if isinstance(given, dict) else {}
        words = {word: row.pop(word, None) for word in _WORDS}
        wanted = ASSUMPTION_FILES[name]
        units = wanted | _optional_units(name, row)
        for parameter in sorted((row.keys() - units.keys()) | (wanted.keys() - row.keys())):
            fault = "unknown parameter" if parameter in row else "missing"
            problems.add(where, f"{segment}.{parameter}: {fault}")
        for fault in _segment_faults(name, row, words):
            problems.add(where, f"{segment}.{fault}")
            units = wanted  # what contradicts itself says nothing about caps
        for parameter in [one for one in units if one in row]:
            place = f"{segment}.{parameter}"
            figure = _figure(problems, where, place, common, row[parameter])
            if figure is not None:
                for fault in _value_faults(parameter, figure, units[parameter]):
                    problems.add(where, f"{place}: {fault}")
                yield AssumptionFigure(name, str(segment), parameter, figure)


def _optional_units(name: str, row: Mapping[str, object]) -> dict[str, str]:
    """Return the unit of every parameter given that a segment need not have."""
    patterns = OPTIONAL.get(name, {}).items()
    return {p: unit for p in row for pattern, unit in patterns if re.fullmatch(pattern, str(p))}


def _segment_faults(name: str, row: Mapping[str, object], words: Mapping[str, object]) -> list[str]:
    """Return what is wrong with the figures of a segment together."""
    if name == "prepayment":
        return prepayment_faults(row)
    migration = [one for one in _MIGRATION if one in row]
    if name == "new_business" and len(migration) != (3 if words["migrates_to"] else 0):
        return [f"migration: migrates_to, {', '.join(_MIGRATION)} belong together"]
    return _profile_faults(row)


def _profile_faults(row: Mapping[str, object]) -> list[str]:
    """Return what is wrong with how a core is said to leave: in one way, and all of it."""
    given = {str(name): one for name, one in row.items() if str(name).startswith(_TRANCHE)}
    shares = [one.get("value") for one in given.values() if isinstance(one, dict)]
    if given and "core_decay_rate" in row:
        return ["core_decay_rate: the core already leaves by tranches"]
    total = sum(share for share in shares if isinstance(share, int | float))
    if given and abs(total - 1.0) > 1e-9:
        return [f"core_tranche: the shares add up to {total:g}, not to 1"]
    return []


def _figure(
    problems: Problems, where: str, place: str, common: Mapping[str, object], given: object
) -> Figure | None:
    if not isinstance(given, dict):
        problems.add(where, f"{place}: a figure is a mapping with value and unit")
        return None
    return problems.record(Figure, {**common, **given}, f"{where} {place}")


def _value_faults(parameter: str, figure: Figure, unit: str) -> list[str]:
    """Return what is wrong with a figure's unit, range or dates."""
    faults = []
    if figure.unit != unit:
        faults.append(f"the unit is {unit}, not {figure.unit}")
    low, high = _BOUNDED.get(unit, (-1.0, 100.0))
    if parameter.startswith("pass_through"):
        high = _PASS_THROUGH_LIMIT
    if not low <= figure.value <= high:
        faults.append(f"{figure.value} is outside {low} to {high}")
    if figure.expires < figure.effective_from:
        faults.append("it expires before it takes effect")
    return faults
