"""How fast the engine and a whole close are, measured beside other people's tools on this machine.

    python -m alm_pipeline.bench [--positions 100000] [--rounds 3] [--close 20000]

The engine and its peers value the same seeded book, work item BWI-1 of the shared material
(`../shared/bench` or ALM_SHARED): every contract under seven scenarios, floaters re-projected.
Ratios are taken in pairs (ours, peer, ours, peer …) and quoted as medians, because a machine is
rarely alone. The close is the demo bank's, in a folder of its own.

Nothing is asserted here; what must hold about speed is a test. No figure of a bank belongs here.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import (
    MAX_OFFSET,
    NO_CODE,
    NO_DATE,
    Behaviour,
    Buckets,
    CashFlowModel,
    Curves,
    OptionType,
    Positions,
    RateType,
)
from alm_pipeline.engine.conventions.day_count import DayCount
from alm_pipeline.engine.conventions.tenor import INDEX_TENOR_MONTHS
from alm_pipeline.engine.simulation.result import SimulationResult
from alm_pipeline.engine.simulation.setting import SimulationOptions
from alm_pipeline.engine.simulation.simulate import simulate
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.paths import PACKAGE

AS_OF_DATE = np.datetime64("2025-12-31")
HORIZON_DAYS = 11_700
"""Daily nodes up to here, so that the engine interpolates the very curve the peers use."""

Book = dict[str, np.ndarray]


@dataclass(frozen=True)
class Peer:
    """A script of the shared material: how many contracts it is given and which record is read."""

    name: str
    script: str
    n_contracts: int
    task: str
    arguments: tuple[str, ...] = ()


PEERS = (
    Peer("NumPy, vectorised", "bench_numpy.py", 20_000, "BCD", ("--task", "BCD")),
    Peer("QuantLib", "bench_quantlib.py", 500, "B 7 scen (build + NPV)"),
    Peer("pandas, plain loop", "bench_pandas_naive.py", 60, "BCD 7 scen"),
)


def shared_bench() -> Path | None:
    """Return the folder of the shared benchmark, or nothing where it is absent."""
    shared = os.environ.get("ALM_SHARED") or PACKAGE.parent.parent / "shared"
    folder = Path(shared) / "bench"
    return folder if (folder / "book.py").is_file() else None


def work_item(folder: Path) -> ModuleType:
    """Return the shared module that defines the book, the curve and the scenarios."""
    spec = importlib.util.spec_from_file_location("bwi_book", folder / "book.py")
    if spec is None or spec.loader is None:
        raise ConfigurationError("the shared book cannot be loaded", where="bench/book.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def day_offsets(book: Book, month: np.ndarray) -> np.ndarray:
    """Return the roll day of each contract in `month` (from January 1970), clipped, as offset."""
    first = month.astype("datetime64[M]").astype("datetime64[D]")
    length = ((month + 1).astype("datetime64[M]").astype("datetime64[D]") - first).astype(np.int64)
    day = first + (np.minimum(book["dom"], length) - 1).astype("timedelta64[D]")
    offsets: np.ndarray = (day - AS_OF_DATE).astype(np.int32)
    return offsets


def next_reset_offsets(book: Book) -> np.ndarray:
    """Return the first reset after the as-of date, a multiple of the reset period from issue."""
    period = np.maximum(book["reset"].astype(np.int64), 1)
    elapsed = (book["prev_m"] - book["issue_m"]).astype(np.int64)
    month = book["issue_m"] + (elapsed // period + 1) * period
    maturity = book["prev_m"] + book["nrem"].astype(np.int64) * book["freq"]
    has_reset = (book["reset"] > 0) & (month < maturity)
    return np.where(has_reset, day_offsets(book, month), NO_DATE).astype(np.int32)


def terms(item: ModuleType, book: Book) -> dict[str, Any]:
    """Return the engine's words for the type, dates and rates of each contract."""
    kind, freq = book["typ"], book["freq"].astype(np.int64)
    previous = book["prev_m"].astype(np.int64)
    maturity = previous + book["nrem"].astype(np.int64) * freq
    is_floating = kind == item.FLT
    model = np.full(len(kind), int(CashFlowModel.ANNUITY), np.int8)
    model[(kind == item.BUL) | (kind == item.TD)] = CashFlowModel.BULLET
    model[kind == item.LAM] = CashFlowModel.LINEAR
    day_counts = np.empty(4, np.int8)
    day_counts[item.DC_30E360] = DayCount.THIRTY_E_360
    day_counts[item.DC_A360] = DayCount.ACT_360
    day_counts[item.DC_A365] = DayCount.ACT_365F
    day_counts[item.DC_AAISDA] = DayCount.ACT_ACT_ISDA
    tenor_rows = np.array(
        [INDEX_TENOR_MONTHS.index(m) if m in (3, 6, 12) else 0 for m in range(13)]
    )
    rate_type = np.where(is_floating, int(RateType.FLOATING), int(RateType.FIXED))
    return {
        "model": model,
        "rate_type": rate_type.astype(np.int8),
        "index_curve": np.where(is_floating, 0, NO_CODE).astype(np.int16),
        "index_tenor": tenor_rows[book["reset"]].astype(np.int16),
        "day_count": day_counts[book["dc"]],
        "floor_rate": np.where(is_floating, 0.0, -np.inf),
        "start_offset": day_offsets(book, book["issue_m"].astype(np.int64)),
        "last_payment_offset": day_offsets(book, previous),
        "next_payment_offset": day_offsets(book, previous + freq),
        "maturity_offset": day_offsets(book, maturity),
        "next_reset_offset": next_reset_offsets(book),
        "payment_months": freq.astype(np.int16),
        "principal_months": np.where(model == CashFlowModel.BULLET, 0, freq).astype(np.int16),
        "reset_months": book["reset"].astype(np.int16),
    }


def positions(item: ModuleType, book: Book) -> Positions:
    """Return the shared book as the engine's positions, margins included in the cash flows."""
    n = len(book["typ"])

    def flat(value: float, dtype: str) -> np.ndarray:
        return np.full(n, value, dtype)

    zero_amounts = ("accrued_interest", "impairment_amount", "margin_rate", "payment_amount")
    infinite = ("cap_rate", "period_cap_rate", "period_floor_rate")
    small = ("discount_curve", "fixing_lag_days", "payment_days", "replacement_tenor")
    return Positions(
        **terms(item, book),
        **{name: flat(0.0, "f8") for name in (*zero_amounts, "balloon_amount", "strike_rate")},
        **{name: flat(np.inf, "f8") for name in infinite},
        **{name: flat(0, "i2") for name in small},
        **{name: flat(NO_DATE, "i4") for name in ("interest_only_end_offset", "recovery_offset")},
        sign=book["side"].astype(np.int8),
        principal=book["bal"],
        coupon_rate=book["rate"],
        spread_rate=book["spread"],
        rate_multiplier=flat(1.0, "f8"),
        roll_day=book["dom"].astype(np.int8),
        is_end_of_month=flat(0, "?"),
        is_prepayable=flat(0, "?"),
        is_redeemable=flat(0, "?"),
        date_adjustment=flat(0, "i1"),
        amortisation_payments=flat(0, "i4"),
        option_type=flat(int(OptionType.NONE), "i1"),
        cohort=flat(NO_CODE, "i4"),
        replacement_margin=book["spread"],
        group=flat(0, "i4"),
        is_eve=flat(1, "?"),
        is_nii=flat(1, "?"),
    )


def curves(item: ModuleType) -> Curves:
    """Return base and six shocked curves of the work item on daily nodes."""
    days = np.arange(1, HORIZON_DAYS + 1, dtype=np.int32)
    rates = item.zero_rates(days / 365.0)[:, None, :]
    return Curves(tenor_days=days, zero_rates=rates, base_zero_rates=rates[0])


def buckets(item: ModuleType) -> tuple[Buckets, Buckets]:
    """Return the 19 time buckets twice: by payment and by repricing date."""
    upper = np.append(item.market_tables(800)["edges"], MAX_OFFSET).astype(np.int32)
    return Buckets(name="liquidity", upper_offset=upper), Buckets(name="irrbb", upper_offset=upper)


def engine_run(item: ModuleType, n: int, threads: int) -> Callable[[], SimulationResult]:
    """Return the call that values `n` contracts under seven scenarios, everything prepared."""
    book = positions(item, item.make_book(n))
    market, sets = curves(item), buckets(item)
    options = SimulationOptions(
        as_of_date=AS_OF_DATE, eve_margins="included", nii_path="forward", threads=threads
    )
    return lambda: simulate(book, market, Behaviour.none(market.n_scenarios), sets, options)


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def peer_record(folder: Path, peer: Peer, n: int) -> dict[str, Any]:
    """Run a peer's script in a process of its own and return the record of its task."""
    script = str(folder / peer.script)
    command = [sys.executable, script, "--n", str(n), "--repeat", "1", *peer.arguments]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    records: list[dict[str, Any]] = json.loads(answer.stdout)
    return next(record for record in records if record["task"] == peer.task)


def paired(
    folder: Path, peer: Peer, ours: Callable[[], object], n_ours: int, rounds: int
) -> tuple[float, list[float]]:
    """Return the peer's contracts per second and how many times faster the engine is, by round."""
    rates, ratios = [], []
    for _ in range(rounds):
        our_rate = n_ours / seconds(ours)
        rate = float(peer_record(folder, peer, peer.n_contracts)["contracts_per_s"])
        rates.append(rate)
        ratios.append(our_rate / rate)
    return statistics.median(rates), sorted(ratios)


def difference_to_peer(item: ModuleType, folder: Path, threads: int) -> float:
    """Return the largest relative difference of a scenario's net present value to NumPy's."""
    n = PEERS[0].n_contracts
    theirs = np.array(peer_record(folder, PEERS[0], n)["checks"]["eve"])
    ours = engine_run(item, n, threads)().present_value.sum(axis=0)
    return float(np.abs(ours / theirs - 1.0).max())


def line(*cells: object) -> None:
    """Print one row of the table."""
    widths = (30, 12, 12, 16, 26)
    texts = [f"{cell:,.0f}" if isinstance(cell, float) else str(cell) for cell in cells]
    print(
        "  ".join(f"{text:<{width}}" for text, width in zip(texts, widths, strict=False)).rstrip()
    )


def engine_table(folder: Path, n: int, rounds: int, threads: int) -> None:
    """Print the engine beside its peers."""
    item = work_item(folder)
    one, many = engine_run(item, n, 1), engine_run(item, n, threads)
    line("tool", "contracts", "threads", "contracts/s", "engine is faster by")
    print(f"(first call, with compilation or its cache: {seconds(one):.1f} s)")
    for count, call in ((1, one), (threads, many)):
        best = statistics.median(seconds(call) for _ in range(rounds))
        line("ALM Pipeline", float(n), count, n / best, "")
    for peer in PEERS:
        try:
            rate, ratios = paired(folder, peer, one, n, rounds)
        except (subprocess.CalledProcessError, StopIteration) as problem:
            line(peer.name, float(peer.n_contracts), 1, f"not measured: {type(problem).__name__}")
            continue
        span = f"{statistics.median(ratios):,.0f}x [{ratios[0]:,.0f}..{ratios[-1]:,.0f}]"
        line(peer.name, float(peer.n_contracts), 1, rate, span)
    worst = difference_to_peer(item, folder, threads)
    print(f"net present value against NumPy, worst of seven scenarios: {worst:.1e} relative")


def close_table(n: int) -> None:
    """Print how long the demo bank takes at `n` positions, from nothing to the reports."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "alm_pipeline.cli", "demo", "--positions", str(n)]
        started = time.perf_counter()
        answer = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        taken = time.perf_counter() - started
    if answer.returncode != 0:
        print(
            f"demo of {n:,} positions ended with status {answer.returncode}: {answer.stderr[-300:]}"
        )
    print(f"demo of {n:,} positions, built and two month ends closed: {taken:.1f} s")


def main() -> None:
    """Measure and print; what cannot be measured here says why."""
    parser = argparse.ArgumentParser(prog="alm_pipeline.bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--positions", type=int, default=100_000, help="contracts the engine gets")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of ours and a peer's")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--close", type=int, default=20_000, help="positions of the close; 0: none")
    chosen = parser.parse_args()
    folder = shared_bench()
    if folder is None:
        print("engine and peers: not measured, the shared material is absent (set ALM_SHARED)")
    else:
        engine_table(folder, chosen.positions, chosen.rounds, chosen.threads)
    if chosen.close:
        close_table(chosen.close)


if __name__ == "__main__":
    main()
