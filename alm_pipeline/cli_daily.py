"""The command `alm daily`: parse, call, print. What it does is written elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

__all__ = ["daily"]

Day = Annotated[
    datetime | None,
    typer.Argument(formats=["%Y-%m-%d"], help="Default: the latest day whose files have arrived."),
]


def daily(day: Day = None) -> None:
    """Make the daily view of a day: cash to come, forecast against actual, movers, warnings."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.daily_command import asked_days, make_days

    config = config_path()
    for line in make_days(config, asked_days(config, day.date() if day else None)):
        typer.echo(line)
