"""Which slice of a table is meant: a month end, and for what-ifs a scenario.

The text forms used by Dagster, by file names and by the registry are all made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, order=True)
class Partition:
    """One as-of date, and the scenario where the table is partitioned by scenario.

    Attributes
    ----------
    as_of_date : datetime.date
    scenario : str
        Empty for tables partitioned by month end alone.
    """

    as_of_date: date
    scenario: str = ""

    def __str__(self) -> str:
        day = self.as_of_date.isoformat()
        return f"{day}|{self.scenario}" if self.scenario else day

    @property
    def month(self) -> Partition:
        """The same month end without the scenario."""
        return Partition(self.as_of_date)

    def under(self, scenario: str) -> Partition:
        """The same month end under a scenario."""
        return Partition(self.as_of_date, scenario)

    @property
    def values(self) -> dict[str, str]:
        """The partition as Delta Lake writes it to its log."""
        day = {"as_of_date": self.as_of_date.isoformat()}
        return {**day, "scenario": self.scenario} if self.scenario else day

    @property
    def predicate(self) -> str:
        """The partition as a Delta Lake predicate."""
        return " and ".join(f"{column} = '{value}'" for column, value in self.values.items())

    @classmethod
    def parse(cls, text: str) -> Partition:
        """Read back what `str` wrote."""
        day, _, scenario = text.partition("|")
        return cls(date.fromisoformat(day), scenario)
