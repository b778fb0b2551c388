"""The command `alm`: parse, call, print. What a command does is written elsewhere.

Exit status: 0 a complete close in which every blocking check passed; 1 a data or configuration
problem; 2 wrong usage; 3 complete, but parts are declared not available.
"""

from __future__ import annotations

import atexit
import gc
import os
import subprocess
import sys
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from alm_pipeline.cli_daily import daily
from alm_pipeline.cli_lineage import impact, lineage, trace
from alm_pipeline.cli_scenario import AsOfOption, scenario_app
from alm_pipeline.errors import AlmError, ConfigurationError

_PLAIN_WIDTH = 180
_PARTLY = 3
_COLLECT_AFTER = 100_000
"""Modules being loaded are no garbage; to look through them again and again takes long."""
_RUN = "Start of a run id, a month end, or a month end with ~1 for the close it superseded."
app = typer.Typer(
    name="alm",
    help="A bank's monthly asset-liability close, from extracts to board-ready tables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
contracts_app = typer.Typer(help="Data contracts: check them all.", no_args_is_help=True)
app.add_typer(contracts_app, name="contracts")
app.add_typer(scenario_app, name="scenario")
for command in (daily, lineage, trace, impact):
    app.command()(command)

AsOf = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="Month end, YYYY-MM-DD.")]


@app.callback()
def _config(
    config: Annotated[
        Path | None, typer.Option(help="The bank's alm.yaml; default ./alm.yaml.")
    ] = None,
) -> None:
    if config is not None:
        os.environ["ALM_CONFIG"] = str(config.resolve())


@app.command()
def close(as_of_date: AsOf) -> None:
    """Close one month end: delivery, book, every scenario, reports, publication."""
    raise typer.Exit(_close(as_of_date.date()))


@app.command()
def demo(
    positions: Annotated[int, typer.Option(min=500, help="Positions of the demo bank.")] = 20_000,
    months: Annotated[int, typer.Option(min=1, help="Month ends to deliver.")] = 3,
    days: Annotated[int, typer.Option(min=0, help="Days after the last of them to deliver.")] = 3,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Latest month end; default the last one."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed and dates, same bytes.")] = 20261031,
    defects: Annotated[
        str, typer.Option(help="Plant defects: all, harmless, or names separated by commas.")
    ] = "",
) -> None:
    """Build the demo bank, close its latest two month ends and make the days after them."""
    from alm_pipeline.demo import deliver_days, deliver_demo
    from alm_pipeline.inputs.settings import config_path, load_settings

    landing = load_settings().landing_folder
    last = as_of.date() if as_of else None
    names = _names(defects)
    ends = deliver_demo(landing, positions, months, last, seed, names, progress=typer.echo)
    status = 0
    for end in ends[-2:]:
        status = max(status, _close(end, is_brief=end != ends[-1]))
    if days and status in (0, _PARTLY):
        from alm_pipeline.orchestration.daily_command import make_days

        made = deliver_days(landing, ends[-1], days, positions, seed)
        for line in make_days(config_path(), made):
            typer.echo(line)
    raise typer.Exit(status)


@app.command()
def init(
    source: Annotated[str, typer.Argument(help="A source of data_contracts/sources.")],
    into: Annotated[Path, typer.Option(help="Folder to write the bank into.")],
    data: Annotated[
        list[str] | None, typer.Option(help="NAME=FOLDER for each folder the source names.")
    ] = None,
) -> None:
    """Write a bank's folder: alm.yaml, its overlay of data contracts, its landing."""
    from alm_pipeline.inputs.bank_template import write_bank

    folders = dict(_named_folder(text) for text in data or [])
    written = write_bank(source, folders, into)
    typer.echo(f"{source} is ready: alm --config {written} close YYYY-MM-DD")


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000) -> None:
    """Open the asset graph, runs and schedules in Dagster's web page."""
    from alm_pipeline import paths
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.home import open_instance

    open_instance(open_bank(config_path())).dispose()
    workspace = paths.PACKAGE.parent / "workspace.yaml"
    where = ["-w", str(workspace)] if workspace.is_file() else ["-m", "alm_pipeline.definitions"]
    command = [sys.executable, "-m", "dagster", "dev", *where, "-h", "127.0.0.1", "-p", str(port)]
    raise typer.Exit(subprocess.call(command))


@app.command()
def explain(
    position: Annotated[str, typer.Argument(help="A position_id of book.positions.")],
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Month end; default: the latest.")
    ] = None,
    scenario: Annotated[str, typer.Option(help="A closing scenario.")] = "base",
) -> None:
    """Show one position's dated amounts, what made each, and that they add up to its value."""
    from rich.console import Console

    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.explain import explain_position
    from alm_pipeline.reporting.explanation import print_explanation
    from alm_pipeline.warehouse.partition import Partition

    bank = open_bank(config_path())
    day = as_of.date() if as_of else max(bank.closes.published_dates(), default=None)
    if day is None:
        raise ConfigurationError("no month end is closed yet", fix="run `alm close` first")
    found = explain_position(bank, position, Partition(day, scenario))
    console = Console()
    wide = console if console.is_terminal else Console(width=_PLAIN_WIDTH)
    print_explanation(found, wide)


@app.command()
def changes() -> None:
    """Show what differs from the published assumptions, limits and rules, and who approved it."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.approve import change_lines
    from alm_pipeline.orchestration.bank import open_bank

    for line in change_lines(open_bank(config_path())):
        typer.echo(line)


@app.command()
def approve(
    governed_object: Annotated[str, typer.Argument(help="As `alm changes` names it.")],
    author: Annotated[str, typer.Option(help="Who wrote the change.")],
    comment: Annotated[str, typer.Option(help="Why it is right.")],
    approver: Annotated[
        str, typer.Option(help="Who approves it; default the configured identity, or the user.")
    ] = "",
) -> None:
    """Approve a changed assumption, scenario, rule pack or limit as it is now."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.approve import approve_change
    from alm_pipeline.orchestration.bank import open_bank

    bank = open_bank(config_path())
    path = approve_change(bank, governed_object, author, approver, comment)
    typer.echo(f"{governed_object}: approval written to {path.name}; close again")


@app.command()
def share(
    persona: Annotated[str, typer.Argument(help="A persona of data_contracts/access.yaml.")],
    file: Annotated[Path, typer.Argument(help="DuckDB file to write.")],
) -> None:
    """Write what one persona reads into a file of its own, personal columns masked."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.access import share_with
    from alm_pipeline.orchestration.bank import open_bank

    n_tables = share_with(open_bank(config_path()), persona, file)
    typer.echo(f"{persona}    {n_tables} tables in {file}")


@app.command()
def plan(as_of_date: AsOf) -> None:
    """Say which partitions a close would compute, and why, before anything runs."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.plan_lines import plan_lines

    for line in plan_lines(open_bank(config_path()), as_of_date.date()):
        typer.echo(line)


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help=_RUN)],
    into: Annotated[
        Path | None, typer.Option(help="Keep the replayed bank in this new folder.")
    ] = None,
) -> None:
    """Make a published close again from what was kept of it, and compare every table."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.replay_command import replay_with_record

    raise typer.Exit(replay_with_record(config_path(), run, into, typer.echo))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help=_RUN)],
    after: Annotated[str, typer.Argument(help="The other close, named likewise.")],
) -> None:
    """Say what two published closes do not share: inputs, headline cells, tables."""
    from alm_pipeline.audit.difference import difference, lines_of
    from alm_pipeline.inputs.settings import load_settings
    from alm_pipeline.warehouse.archive import Archive

    kept = Archive(load_settings().warehouse_folder)
    sides = (kept.closes.find(before), kept.closes.find(after))
    for line in lines_of(difference(*sides, kept.lake, kept.definitions)):
        typer.echo(line)


@app.command()
def methodology(
    into: Annotated[Path, typer.Option(help="Folder to write the pages into; a new or empty one.")],
) -> None:
    """Write one page per model: purpose, method, figures in force, limits, proofs and tests."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.methodology import write_methodology

    written = write_methodology(open_bank(config_path()), into)
    typer.echo(f"{len(written)} pages in {into}, begin with README.md")


@app.command()
def calibrate(
    as_of: AsOfOption = None,
    fred: Annotated[Path | None, typer.Option(help="Folder of FRED deposit series.")] = None,
    berka: Annotated[Path | None, typer.Option(help="Folder of Berka's raw files.")] = None,
    into: Annotated[Path, typer.Option(help="Receives the files of public data.")] = Path(
        "calibration"
    ),
) -> None:
    """Estimate behaviour from the history of a closed month end, or from public data."""
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.calibrate_command import calibrate_month, public_lines
    from alm_pipeline.orchestration.scenario_commands import closed_day
    from alm_pipeline.warehouse.partition import Partition

    if fred or berka:
        lines = public_lines(fred, berka, into)
    else:
        bank = open_bank(config_path())
        day = closed_day(bank, as_of.date() if as_of else None)
        lines = calibrate_month(bank, config_path(), Partition(day))
    for line in lines:
        typer.echo(line)


@contracts_app.command("check")
def contracts_check() -> None:
    """Read every data contract, figure and SQL header; report all problems at once."""
    from alm_pipeline.orchestration.contracts import check_contracts

    typer.echo(check_contracts())


def main() -> None:
    """Run the command and turn errors into one line and an exit status."""
    gc.set_threshold(_COLLECT_AFTER)
    try:
        app()
    except AlmError as problem:
        typer.echo(f"alm: {problem}", err=True)
        raise SystemExit(1) from None


def program() -> NoReturn:
    """Run the command as a process, and leave it without taking every object of it apart.

    That would take half as long as many a command.
    """
    status: object = 0
    try:
        main()
    except SystemExit as left:
        status = left.code
    atexit._run_exitfuncs()
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def _close(as_of_date: date, *, is_brief: bool = False) -> int:
    from alm_pipeline.inputs.settings import config_path
    from alm_pipeline.orchestration.bank import open_bank
    from alm_pipeline.orchestration.command import close_with_progress, show_outcome

    config = config_path()
    outcome = close_with_progress(config, as_of_date)
    return show_outcome(open_bank(config), outcome, is_brief=is_brief)


def _names(defects: str) -> list[str]:
    return [name.strip() for name in defects.split(",") if name.strip()]


def _named_folder(text: str) -> tuple[str, Path]:
    name, separator, folder = text.partition("=")
    if not separator or not Path(folder).is_dir():
        raise ConfigurationError(
            f"--data {text} is not NAME=FOLDER with an existing folder",
            fix="for example --data berka=/data/berka",
        )
    return name, Path(folder)
