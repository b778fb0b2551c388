"""A position's dates as a printed table; nothing is calculated here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from rich.console import Console
from rich.table import Table

from alm_pipeline.engine.simulation.explain import ExplainedDate
from alm_pipeline.engine.simulation.sensitivities import Sensitivities
from alm_pipeline.warehouse.partition import Partition


@dataclass(frozen=True)
class Explanation:
    """A position's dates, and what the close stored for it.

    Attributes
    ----------
    redemption_value : float
        What a right to redeem it early adds, positive where the bank gains; no date has it.
    stored_value, stored_option_value : float or None
        `present_value` and `option_value` of scenarios.position_values; None where the position has
        none there.
    """

    position_id: str
    partition: Partition
    currency: str
    product_code: str
    dates: list[ExplainedDate]
    redemption_value: float
    measures: Sensitivities
    stored_value: float | None
    stored_option_value: float | None

    @property
    def present_value(self) -> float:
        """The sum of the dates."""
        return sum(d.present_value for d in self.dates)

    @property
    def option_value(self) -> float:
        """What the dates' options and the right to redeem early are worth beyond that."""
        return sum(d.option_value for d in self.dates) + self.redemption_value

    def day(self, offset: int) -> date:
        """Return the date of an offset."""
        return self.partition.as_of_date + timedelta(days=offset)


KEY_TENOR_YEARS = (1, 2, 3, 5, 7, 10, 15, 20, 30)
"""Key rates of a printed position, in years of 365 days."""

_COLUMNS = (
    "from",
    "to",
    "balance",
    "rate",
    "years",
    "interest",
    "scheduled",
    "prepaid",
    "drawn",
    "balance after",
    "next rate",
    "discount",
    "value",
    "option value",
)


def print_explanation(explained: Explanation, console: Console) -> None:
    """Print a position date by date, and its total beside the stored one."""
    title = (
        f"{explained.position_id}, {explained.product_code}, {explained.currency},"
        f" {explained.partition}"
    )
    console.print(_table(explained, title))
    if explained.redemption_value:
        shown = f"{explained.redemption_value:,.6f}"
        console.print(f"{'right to redeem':<20} {shown}", highlight=False)
    for name, amount, stored in (
        ("sum of values", explained.present_value, explained.stored_value),
        ("sum of option values", explained.option_value, explained.stored_option_value),
    ):
        console.print(f"{name:<20} {amount:,.6f}", highlight=False)
        shown = "not stored: no value under this scenario" if stored is None else f"{stored:,.6f}"
        console.print(f"stored by the close  {shown}", highlight=False)
    _print_measures(explained.measures, console)


def _table(explained: Explanation, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in ("from", "to") else "right")
    for one in explained.dates:
        table.add_row(
            f"{explained.day(one.start_offset)}",
            f"{explained.day(one.event_offset)}",
            f"{one.balance:,.2f}",
            f"{one.rate:.4%}",
            "" if math.isnan(one.years) else f"{one.years:.6f}",
            f"{one.interest:,.2f}",
            f"{one.scheduled:,.2f}",
            f"{one.prepaid:,.2f}",
            f"{one.drawn:,.2f}",
            f"{one.balance_after:,.2f}",
            "" if one.next_rate is None else f"{one.next_rate:.4%}",
            f"{one.discount_factor:.8f}",
            f"{one.present_value:,.2f}",
            f"{one.option_value:,.2f}",
        )
    return table


def _print_measures(measures: Sensitivities, console: Console) -> None:
    named = {
        "DV01": f"{measures.dv01[0]:,.2f}",
        "effective duration": f"{measures.effective_duration[0]:.4f} years",
        "Macaulay duration": f"{measures.macaulay_duration[0]:.4f} years",
        "convexity": f"{measures.convexity[0]:.4f} years squared",
    }
    for name, text in named.items():
        console.print(f"{name:<20} {text}", highlight=False)
    keys = zip(KEY_TENOR_YEARS, measures.key_rate_dv01[0], strict=True)
    listed = "  ".join(f"{years}Y {amount:,.2f}" for years, amount in keys)
    console.print(f"key rate DV01        {listed}", highlight=False, soft_wrap=True)
