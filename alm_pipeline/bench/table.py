"""The comparison as a table in Markdown, with the machine it was measured on."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from alm_pipeline.bench.comparison import Line
from alm_pipeline.bench.machine import machine

HEADER = ("what", "contracts", "scenarios", "threads", "seconds", "contracts per second", "ratio")
IS_NUMBER = (False, True, True, True, True, True, False)


def ratio_text(ratios: Sequence[float]) -> str:
    """Return median and span.

    Examples
    --------
    >>> ratio_text([2.0, 1.9, 2.2]), ratio_text([41.0, 40.2, 49.8])
    ('2.0x [1.9..2.2]', '41x [40..50]')
    """
    median = statistics.median(ratios)
    digits = ",.0f" if median >= 10 else ".1f"
    low, middle, high = (format(one, digits) for one in (min(ratios), median, max(ratios)))
    return f"{middle}x [{low}..{high}]"


def cells(line: Line) -> tuple[str, ...]:
    """Return the texts of one row."""
    one = line.record
    return (
        line.name,
        f"{one['n']:,}",
        str(line.n_scenarios),
        str(one["threads"]),
        f"{one['seconds_median']:.3g}",
        "" if line.is_start else f"{one['contracts_per_s']:,.0f}",
        f"{ratio_text(line.ratios)} {line.meaning}" if line.ratios else "",
    )


def markdown(lines: Sequence[Line], rounds: int) -> str:
    """Return the table and what must be said about it."""
    rows = [HEADER, *(cells(line) for line in lines)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEADER))]
    rule = [
        "-" * (width - 1) + ":" if is_number else "-" * width
        for width, is_number in zip(widths, IS_NUMBER, strict=True)
    ]
    texts = []
    for row in (rows[0], rule, *rows[1:]):
        padded = [
            text.rjust(width) if is_number else text.ljust(width)
            for text, width, is_number in zip(row, widths, IS_NUMBER, strict=True)
        ]
        texts.append(f"| {' | '.join(padded)} |")
    return "\n".join(
        [
            *texts,
            "",
            f"Ratios: median [lowest..highest] of {rounds} pairs, one after the other.",
            f"Machine: {machine()}.",
        ]
    )
