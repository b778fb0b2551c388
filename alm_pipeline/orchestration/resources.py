"""The one Dagster resource: the bank of the settings file in force."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from alm_pipeline.orchestration.bank import Bank, open_bank
from alm_pipeline.orchestration.daily_bank import DailyBank, open_daily_bank


class BankResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Opens the bank of an ``alm.yaml`` once per process.

    Attributes
    ----------
    config : str
        Path of the settings file.
    """

    config: str

    def open(self) -> Bank:
        """Return the process's bank."""
        return open_bank(Path(self.config))

    def open_daily(self) -> DailyBank:
        """Return the process's bank as its days see it."""
        return open_daily_bank(Path(self.config))
