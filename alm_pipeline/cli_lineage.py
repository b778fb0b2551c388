"""The commands that walk between a number and what it is made from: parse, call, print."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from alm_pipeline.cli_scenario import AsOfOption

__all__ = ["impact", "lineage", "trace"]

RunOption = Annotated[str, typer.Option(help="A close by its id, superseded ones too.")]
CsvOption = Annotated[Path | None, typer.Option(help="Write everything to this file.")]


def lineage(
    name: Annotated[
        str, typer.Argument(help="A table or column, reports.scorecard or reports.scorecard.value.")
    ] = "",
    down: Annotated[
        bool, typer.Option("--down/--up", help="What it feeds, instead of what it is made from.")
    ] = False,
    depth: Annotated[int, typer.Option(min=0, help="Levels to open; 0 opens all.")] = 0,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Close to look at; default: the latest."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write everything as one page to click through.")
    ] = None,
) -> None:
    """Show what a table or column is made from, down to the bank's files, or what it feeds."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.lineage_view import print_lineage, write_lineage_page

    if not name and html is None:
        raise typer.BadParameter("name a table or column, or --html FILE", param_hint="NAME")
    bank, day = open_bank(config_path()), as_of.date() if as_of else None
    if name:
        print_lineage(bank, name, day, is_down=down, depth=depth)
    if html is not None:
        typer.echo(f"lineage   {write_lineage_page(bank, html, day)}")


def trace(
    table: Annotated[str, typer.Argument(help="A table, as reports.irrbb_outlier_test.")],
    column: Annotated[str, typer.Option(help="The number to open.")],
    row: Annotated[str, typer.Option(help="Its row: key=value,key=value.")] = "",
    as_of: AsOfOption = None,
    run: RunOption = "",
    position: Annotated[str, typer.Option(help="Only what this position adds.")] = "",
    top: Annotated[int, typer.Option(min=1, help="Contributions shown.")] = 10,
    to_csv: CsvOption = None,
) -> None:
    """Open a published number: its positions and source rows, its formula, or its input."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration import trace_command
    from alm_pipeline.orchestration.daily_bank import bank_of_table

    day = as_of.date() if as_of else None
    keys = trace_command.row_of(row)
    asked = trace_command.Question(table, column, keys, day, run, position, top, to_csv)
    raise typer.Exit(trace_command.trace(bank_of_table(config_path(), table), asked))


def impact(
    position: Annotated[str, typer.Argument(help="A position_id of book.positions.")],
    as_of: AsOfOption = None,
    run: RunOption = "",
    to_csv: CsvOption = None,
) -> None:
    """Show the cells of all reports that a position touches, and with how much."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.trace_command import show_impact

    day = as_of.date() if as_of else None
    show_impact(open_bank(config_path()), position, day, run, to_csv)
