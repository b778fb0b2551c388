"""The command `alm scenario`: parse, call, print. What it does is written elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsOfOption", "scenario_app"]

scenario_app = typer.Typer(help="Scenarios: list, check, run one.", no_args_is_help=True)

AsOfOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Month end; default: the latest.")
]
ScenarioFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A YAML file.")]


@scenario_app.command("check")
def scenario_check(
    file: ScenarioFile,
    as_of: AsOfOption = None,
    picture: Annotated[
        Path | None, typer.Option(help="An SVG file; in the current folder unless given.")
    ] = None,
) -> None:
    """Check a scenario file and show what it makes of the curves of a closed month end."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.scenario_commands import check_lines

    day = as_of.date() if as_of else None
    for line in check_lines(open_bank(config_path()), file, day, picture):
        typer.echo(line)


@scenario_app.command("list")
def scenario_list() -> None:
    """List the scenarios of the bank: in every close, or as what-ifs when asked for."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.scenario_commands import list_lines

    for line in list_lines(open_bank(config_path())):
        typer.echo(line)


@scenario_app.command("run")
def scenario_run(file: ScenarioFile, as_of: AsOfOption = None) -> None:
    """Run a scenario file on a closed month end and print value and income; nothing is kept."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.scenario_commands import closed_day, run_scenario
    from alm_pipeline.reporting.scenario_result import result_lines

    bank = open_bank(config_path())
    day = closed_day(bank, as_of.date() if as_of else None)
    for line in result_lines(run_scenario(bank, file, day)):
        typer.echo(line)


@scenario_app.command("schema")
def scenario_schema() -> None:
    """Print the JSON schema of a scenario file; data_contracts/scenarios/schema.json is this."""
    from alm_pipeline.inputs.scenario_files import scenario_schema as schema

    typer.echo(schema(), nl=False)
