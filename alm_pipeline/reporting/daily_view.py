"""The daily view of one day as lines: cash to come, forecast against actual, movers, warnings.

Amounts are in thousands of the account's currency. It says "daily": nothing of it is a feed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

__all__ = ["DailyView", "view_lines"]

Row = Mapping[str, object]
_SHOWN_DAYS = (1, 3, 5, 10)
_SHOWN_MOVERS = 3


@dataclass(frozen=True)
class DailyView:
    """Rows of the tables of schema ``daily``, by table."""

    day: date
    cash_days: Sequence[Row]
    cash_outlook: Sequence[Row]
    forecast_check: Sequence[Row]
    largest_movers: Sequence[Row]
    indicators: Sequence[Row]


def view_lines(view: DailyView) -> Iterator[str]:
    """Yield the view as lines, the accounts of the day first."""
    closed = {str(row["closed_as_of_date"]) for row in view.cash_outlook}
    yield f"daily view of {view.day}, on the close of {', '.join(sorted(closed))}; in thousands"
    yield from _accounts(view)
    yield from _outlook(view)
    yield from _checked(view)
    yield from _movers(view)
    yield from _warnings(view)


def _accounts(view: DailyView) -> Iterator[str]:
    yield _line("account", "", "opening", "in", "out", "closing", "lowest")
    for row in view.cash_days:
        names = ("opening", "cash_in", "cash_out", "closing", "intraday_minimum")
        yield _line(row["account_id"], row["currency"], *(_k(row[f"{n}_amount"]) for n in names))


def _outlook(view: DailyView) -> Iterator[str]:
    yield _line("outlook", "day", "falls due", "known", "P10", "P50", "P90")
    for row in view.cash_outlook:
        is_whole = row["outlook_p50_amount"] is not None
        if row["days_ahead"] in (_SHOWN_DAYS if is_whole else _SHOWN_DAYS[-1:]):
            names = ("falling_due", "known_payment", "outlook_p10", "outlook_p50", "outlook_p90")
            unit = f"{row['entity_id']} {row['contract_currency']}"
            amounts = [_k(row[f"{name}_amount"]) for name in names]
            yield _line(unit, row["forecast_date"], *amounts) + _why(row)


def _checked(view: DailyView) -> Iterator[str]:
    yield _line("forecast", "of", "expected", "actual", "error")
    for row in view.forecast_check:
        amounts = [_k(row[f"{name}_amount"]) for name in ("expected", "actual", "forecast_error")]
        unit = f"{row['entity_id']} {row['contract_currency']}"
        outside = "  outside the band" if row["is_within_band"] is False else ""
        yield _line(unit, row["flow_kind"], *amounts) + outside + _why(row)


def _movers(view: DailyView) -> Iterator[str]:
    yield _line("largest movers", "", "moved", "had")
    for row in view.largest_movers:
        if int(str(row["mover_rank"])) <= _SHOWN_MOVERS:
            amounts = (_k(row["movement_amount"]), _k(row["closed_deposit_amount"]))
            yield _line(row["counterparty_id"], row["contract_currency"], *amounts)


def _warnings(view: DailyView) -> Iterator[str]:
    warned = [row for row in view.indicators if row["warning_status"] in ("amber", "red")]
    of_today = [row for row in warned if row["evaluated_as_of_date"] == view.day]
    n_evaluated = sum(row["evaluated_as_of_date"] == view.day for row in view.indicators)
    yield f"warnings  {len(of_today)} of {n_evaluated} indicators with the figures of the day"
    for row in of_today:
        was = "" if row["closed_value"] is None else f", {_share(row['closed_value'])} at the close"
        status, about = str(row["warning_status"]), row["indicator_about"]
        yield f"{status:<9} {row['entity_id']!s:<8} {about}: {_share(row['value'])}{was}"
    if len(warned) > len(of_today):
        yield f"          {len(warned) - len(of_today)} others as they stood at the close"


def _line(name: object, second: object, *amounts: str) -> str:
    return f"{name!s:<18} {second!s:<11}" + "".join(f"{amount:>14}" for amount in amounts)


def _why(row: Row) -> str:
    text = str(row["availability"])
    return "" if text == "available" else f"  {text}"


def _k(amount: object) -> str:
    return "-" if amount is None else f"{round(float(str(amount)) / 1000) + 0:,}"


def _share(value: object) -> str:
    return f"{float(str(value)):.3f}"
