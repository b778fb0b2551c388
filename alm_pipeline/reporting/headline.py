"""The headline of a close, printed: balance sheet, value and income by scenario, gaps, checks.

Every figure is read from the published tables; nothing is calculated here but the exit status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table

Rows = list[dict[str, Any]]


class Published(Protocol):
    """Where the headline's rows come from."""

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> Rows:
        """Run one SELECT over the published tables."""
        ...


_MILLION = Decimal(1_000_000)
_NOT_AVAILABLE = "not available"


def print_headline(published: Published, group: str, console: Console) -> None:
    """Print the group's headline tables.

    Parameters
    ----------
    published : Published
        With ``reports.*`` and ``audit.*`` of one month end bound.
    group : str
        Entity whose rows are shown.
    """
    for title, sql, columns in _SECTIONS:
        rows = published.rows(sql, {"entity": group})
        if rows:
            console.print(_table(title, rows, columns))
    for line in footer_lines(published, group):
        console.print(line, highlight=False, soft_wrap=True)


def footer_lines(published: Published, group: str) -> list[str]:
    """Return what stands under the tables: checks, proofs, exclusions, exceptions."""
    checks = published.rows(
        "select count(*) as n, count(*) filter (where is_passed) as passed,"
        " count(*) filter (where is_blocking and not is_passed) as blocked"
        " from audit.check_results"
    )[0]
    proofs = published.rows(
        "select count(*) as n, count(*) filter (where is_passed) as passed from audit.proofs"
    )[0]
    excluded = published.rows(
        "select max(excluded_rows) as n, max(excluded_amount) as amount,"
        " max(excluded_share) as share from reports.balance_sheet where entity_id = $entity",
        {"entity": group},
    )[0]
    refused = published.rows("select coalesce(sum(n_rows_refused), 0) as n from audit.files")[0][
        "n"
    ]
    exceptions = published.rows("select count(*) as n from audit.exception_ledger")[0]
    share = excluded["share"]
    return [
        *_availability_lines(published, group),
        f"checks    {checks['passed']:,} of {checks['n']:,} passed,"
        f" {checks['blocked']} blocking failures",
        f"proofs    {proofs['passed']:,} of {proofs['n']:,} hold",
        f"excluded  {excluded['n'] or 0:,} rows, {_money(excluded['amount'] or 0)} million,"
        f" {_share(share) if share is not None else 'no assets'} of assets;"
        f" {refused:,} rows refused in the files",
        f"exceptions {exceptions['n']:,} in audit.exception_ledger",
        *_change_lines(published),
    ]


def _change_lines(published: Published) -> list[str]:
    """Return what changed in the governed inputs, what expires soon and what was added by hand."""
    changes = published.rows(
        "select governed_object, approval_status, count(*) as n from audit.changes"
        " where change_kind = 'changed' group by all order by all"
    )
    soon = published.rows(
        "select item, reason, owner from audit.exception_ledger"
        " where exception_kind = 'expires soon' order by all"
    )
    adjusted = published.rows("select count(*) as n from audit.adjusted_cells")[0]["n"]
    return [
        *(
            f"changed   {r['governed_object']}: {r['n']} fields, {r['approval_status']}"
            for r in changes
        ),
        *(f"expires   {r['item']}: {r['reason']}, {r['owner']}" for r in soon),
        *([f"adjusted  {adjusted} cells by hand, in audit.adjusted_cells"] if adjusted else []),
    ]


def _availability_lines(published: Published, group: str) -> list[str]:
    """Return one line per way in which report rows are not simply available."""
    tables = ("eve_sensitivity", "nii_sensitivity", "repricing_gap", "liquidity_gap", "scorecard")
    union = " union all ".join(
        f"select availability from reports.{table} where entity_id = $entity" for table in tables
    )
    found = published.rows(
        f"select availability, count(*) as n from ({union})"
        " where availability <> 'available' group by availability order by availability",
        {"entity": group},
    )
    return [f"note      {row['n']:,} report rows: {row['availability']}" for row in found]


def exit_status(published: Published, group: str) -> int:
    """Return 0, 1 or 3: complete, stopped in part without declaration, or in part as declared."""
    stopped = published.rows("select count(*) as n from scenarios.stopped_currencies")[0]["n"]
    unvalued = published.rows(  # a cause that nobody declared: a missing rate or value
        "select count(*) as n from reports.eve_sensitivity"
        " where availability like 'not available: %' and availability not like '%not delivered%'"
    )[0]["n"]
    if stopped or unvalued:
        return 1
    missing = published.rows(
        "select count(*) as n from reports.scorecard"
        " where entity_id = $entity and (availability like 'not available%'"
        " or availability like 'illustrative%')",
        {"entity": group},
    )[0]["n"]
    return 3 if missing else 0


def _table(title: str, rows: Rows, columns: Sequence[tuple[str, str, str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for _, heading, kind in columns:
        table.add_column(heading, justify="left" if kind == "text" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_shown(row[name], kind) for name, _, kind in columns))
    return table


def _shown(value: Any, kind: str) -> str:
    if value is None:
        return _NOT_AVAILABLE if kind != "text" else ""
    if kind == "text":
        return str(value)
    return _money(value) if kind == "money" else _share(value)


def _money(value: Any) -> str:
    millions = Decimal(str(value)) / _MILLION
    text = f"{abs(millions):,.1f}"
    return f"({text})" if millions < 0 and text.strip("0.,") else text


def _share(value: Any) -> str:
    percent = float(value) * 100.0
    return f"({abs(percent):.2f} %)" if percent < 0 else f"{percent:.2f} %"


_SECTIONS = (
    (
        "Balance sheet (millions)",
        "select side, balance_sheet_line, sum(carrying_amount) as carrying_amount"
        " from reports.balance_sheet where entity_id = $entity and row_kind <> 'elimination'"
        " group by all order by all",
        (
            ("side", "side", "text"),
            ("balance_sheet_line", "line", "text"),
            ("carrying_amount", "carrying amount", "money"),
        ),
    ),
    (
        "Economic value and net interest income by scenario (millions)",
        "select e.scenario, e.eve, e.delta_eve, e.delta_eve_tier1_share, n.nii, n.delta_nii,"
        " n.delta_nii_other_path from reports.eve_sensitivity as e"
        " inner join reports.nii_sensitivity as n"
        " on e.scenario = n.scenario and e.entity_id = n.entity_id and e.row_kind = n.row_kind"
        " and e.family = n.family and n.horizon_months = 12"
        " where e.entity_id = $entity and e.family = 'total' and e.row_kind <> 'elimination'"
        " order by e.scenario <> 'base', e.scenario",
        (
            ("scenario", "scenario", "text"),
            ("eve", "EVE", "money"),
            ("delta_eve", "change", "money"),
            ("delta_eve_tier1_share", "of Tier 1", "share"),
            ("nii", "NII 12m", "money"),
            ("delta_nii", "change", "money"),
            ("delta_nii_other_path", "other path", "money"),
        ),
    ),
    (
        "Repricing gap, base (millions)",
        "select bucket_label, asset_amount, liability_amount, off_balance_amount, gap_amount,"
        " cumulative_gap_amount from reports.repricing_gap where entity_id = $entity"
        " and row_kind <> 'elimination' and view = 'behavioural' and bucket_set = 'irrbb'"
        " order by bucket",
        (
            ("bucket_label", "bucket", "text"),
            ("asset_amount", "assets", "money"),
            ("liability_amount", "liabilities", "money"),
            ("off_balance_amount", "off balance", "money"),
            ("gap_amount", "gap", "money"),
            ("cumulative_gap_amount", "cumulative", "money"),
        ),
    ),
    (
        "Liquidity gap, base (millions)",
        "select bucket_label, asset_amount, liability_amount, gap_amount,"
        " cumulative_gap_amount from reports.liquidity_gap where entity_id = $entity"
        " and row_kind <> 'elimination' and view = 'behavioural' and contract_currency = 'all'"
        " and bucket_set = 'liquidity' order by bucket",
        (
            ("bucket_label", "bucket", "text"),
            ("asset_amount", "inflow", "money"),
            ("liability_amount", "outflow", "money"),
            ("gap_amount", "gap", "money"),
            ("cumulative_gap_amount", "cumulative", "money"),
        ),
    ),
    (
        "Scorecard",
        "select metric, scope, value, amber, red, limit_status, worst_scenario"
        " from reports.scorecard where entity_id = $entity and row_kind <> 'elimination'"
        " order by metric, scope",
        (
            ("metric", "metric", "text"),
            ("scope", "scope", "text"),
            ("value", "value", "share"),
            ("amber", "amber", "share"),
            ("red", "red", "share"),
            ("limit_status", "status", "text"),
            ("worst_scenario", "worst scenario", "text"),
        ),
    ),
)
