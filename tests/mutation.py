"""Whether a test notices when the engine is wrong: one slip at a time, in a copy.

`python -m tests.mutation` applies each mutation of `mutations.yaml`, runs the tests nearest to it
without compilation until one fails, and prints which one; what survives meets all tests of the
engine. It exits with 1 when a mutation survives that is not listed as equivalent. Nothing in the
checkout is touched. Run by hand, a few seconds for a mutation: pytest does not collect this file.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.house.project import ROOT, relative, tracked_files

MUTATIONS = Path(__file__).with_name("mutations.yaml")
ENGINE = Path("alm_pipeline") / "engine"
LONGEST_SECONDS = 150
"""Of processor time: a mutation may make a loop endless, and that is noticed too."""

UNIT, CURVES = "tests/unit/engine", "tests/unit/engine_market/test_curve.py"
DATES = [f"{UNIT}/test_day_counts.py", f"{UNIT}/test_dates.py", f"{UNIT}/test_moved_grids.py"]
AGREED = f"{UNIT}/test_agreed_terms.py"
AGENDAS = [
    AGREED,
    f"{UNIT}/test_steps.py",
    f"{UNIT}/test_unusual_terms.py",
    f"{UNIT}/test_agendas.py",
    "tests/unit/inputs/test_actus_dates.py",
    "tests/unit/inputs/test_actus_principal.py",
    "tests/unit/inputs/test_actus_rules.py",
]
BRIDGE = "tests/unit/warehouse/test_agenda_bridge.py"
LOANS, RATES = f"{UNIT}/test_loans.py", f"{UNIT}/test_floating.py"
TAILS, RUNS, BOUNDS = (
    f"{UNIT}/test_tails.py",
    f"{UNIT}/test_level_runs.py",
    f"{UNIT}/test_bounds_of_rates.py",
)
PARTS, TERMS = f"{UNIT}/test_amortisation.py", f"{UNIT}/test_terms.py"
CUSTOMERS = f"{UNIT}/test_customers.py"
LEAVING, OPTION_VALUES = f"{UNIT}/test_leaving_early.py", f"{UNIT}/test_option_value.py"
INCOME, LAWS = f"{UNIT}/test_income.py", "tests/properties/test_engine_laws.py"
NEAR = {
    "conventions": [*DATES, BOUNDS],
    "conventions/cycle.py": AGENDAS,
    "conventions/period.py": [f"{UNIT}/test_periods.py", *AGENDAS],
    "cash_flows": [RUNS, PARTS, TERMS, RATES, BOUNDS, DATES[-1], LOANS],
    "cash_flows/customers.py": [LEAVING, CUSTOMERS, RUNS, PARTS, TERMS, DATES[-1], LOANS],
    "cash_flows/drawdown.py": [CUSTOMERS, TERMS],
    "cash_flows/option_rates.py": [OPTION_VALUES],
    "cash_flows/resets.py": [RATES, BOUNDS],
    "cash_flows/run_off.py": [TERMS, INCOME],
    "cash_flows/stretches.py": [TAILS],
    "simulation/tail.py": [TAILS],
    "cash_flows/walk.py": AGENDAS,
    "cash_flows/steps.py": AGENDAS,
    "cash_flows/agreed.py": [*AGENDAS, BRIDGE],
    "cash_flows/maturity.py": [*AGENDAS, "tests/reference/test_actus.py"],
    "metrics": [BOUNDS, TERMS, INCOME, RUNS, RATES, LOANS],
    "metrics/amortised_cost.py": [f"{UNIT}/test_premiums.py"],
    "metrics/eve.py": [TERMS, RUNS, BOUNDS, RATES, LOANS],
    "behaviour": [TERMS, RUNS, INCOME],
    "behaviour/refinancing.py": [f"{UNIT}/test_refinancing.py"],
    "simulation": [BOUNDS, TERMS, RATES, INCOME],
    "simulation/growth.py": [f"{UNIT}/test_growth.py"],
    "simulation/redemption.py": [f"{UNIT}/test_redemption.py"],
    "simulation/simulate.py": [TERMS, INCOME, LAWS],
    "market": [CURVES, f"{UNIT}/test_sensitivities.py"],
}
"""What runs first, by folder or file of the engine, so that most mutations end within seconds."""
ALL = [
    *(UNIT, "tests/unit/engine_market", *AGENDAS[4:], "tests/reference/test_slow_reference.py"),
    *("tests/reference/test_actus.py", BRIDGE, "tests/properties"),
]
LEFT_OUT = [  # long, and about blocks of rows and the compiler's files
    f"--deselect={INCOME}::test_long_ladders_of_many_accounts_stay_in_their_own_rows",
    f"--ignore={UNIT}/test_compile_cache.py",
    "--ignore=tests/unit/engine_market/test_option_models.py",
]
OPTIONS = [
    *("-q", "-x", "--tb=no", "-rfE", "-m", "not slow", "--import-mode=importlib"),
    *("-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "--hypothesis-seed=0"),
    *("-o", "addopts=", "-o", "filterwarnings=error"),  # without those that import Dagster
]
ENVIRONMENT = {
    "NUMBA_DISABLE_JIT": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "ALM_LAW_EXAMPLES": "4",
}
LOADED_ONCE = ("duckdb", "hypothesis", "numba", "numpy", "pydantic", "yaml")
"""Before the first fork and after the environment is set: what takes most of a run's time."""

PASSED, FAILED, INTERRUPTED = 0, 1, 2
"""Exit codes of pytest; it is interrupted by a module that cannot be imported."""


class Mutation(NamedTuple):
    """A rule of the engine, the text of a file that holds it, and what a slip makes of it."""

    file: str
    rule: str
    text: str
    becomes: str
    equivalent: str = ""

    def __str__(self) -> str:
        """Return the line of the table."""
        return f"{self.file.removesuffix('.py')}: {self.rule}"


def mutations(pattern: str = "") -> list[Mutation]:
    """Return the mutations whose line holds a pattern."""
    listed = yaml.safe_load(MUTATIONS.read_text(encoding="utf-8"))
    found = [Mutation(file, **one) for file, ones in listed.items() for one in ones]
    return [mutation for mutation in found if pattern.lower() in str(mutation).lower()]


def mutated(mutation: Mutation, text: str) -> str:
    """Return the text of a file with the mutation, or raise where it has no single place."""
    n_places = text.count(mutation.text)
    if n_places != 1 or mutation.text == mutation.becomes:
        what = f"{mutation.text!r} stands there {n_places} times"
        raise ValueError(f"{mutation} | {what} | to fix: name one place in mutations.yaml")
    return text.replace(mutation.text, mutation.becomes)


def copied(folder: Path) -> Path:
    """Return a copy of the files of package and tests."""
    for path in tracked_files():
        target = folder / relative(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def near(file: str) -> list[str]:
    """Return the tests that run first for a file of the engine."""
    return NEAR.get(file) or NEAR[file.partition("/")[0]]


def run_tests(copy: Path, tests: Sequence[str], report: Path) -> None:
    """Run pytest in a copy and leave with its exit code; the body of a process of its own."""
    with report.open("w", encoding="utf-8") as lines:
        os.dup2(lines.fileno(), 1)
        os.dup2(lines.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS + 5))
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    code = int(pytest.main([*OPTIONS, *LEFT_OUT, *tests]))
    package = sys.modules.get("alm_pipeline")
    if package is not None and not Path(package.__file__ or "").is_relative_to(copy):
        print(f"tested {package.__file__}, not the copy")
        code = -1
    sys.stdout.flush()
    os._exit(code % 256)


def killer(copy: Path, tests: Sequence[str], report: Path) -> str:
    """Return the first test that fails in a copy; empty when all pass.

    A fork starts with numpy, numba and hypothesis in memory, which saves most of a run's time.
    """
    process = multiprocessing.get_context("fork").Process(
        target=run_tests, args=(copy, tests, report)
    )
    process.start()
    process.join()
    if process.exitcode == PASSED:
        return ""
    if process.exitcode is None or process.exitcode < 0:
        return f"no end within {LONGEST_SECONDS} s (signal {process.exitcode})"
    lines = report.read_text(encoding="utf-8").splitlines()
    failed = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    if process.exitcode not in (FAILED, INTERRUPTED) or not failed:
        raise RuntimeError("\n".join(["pytest could not run", *lines[-20:]]))
    return failed[0].partition(" ")[2].partition(" - ")[0].removeprefix("tests/")


class Copy:
    """A copy of the checkout in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = copied(folder / "copy").resolve()
        self.report = folder / "report.txt"

    def killer(self, mutation: Mutation | None, tests: Sequence[str]) -> str:
        """Return the test that fails with a mutation, or without any; empty when none does."""
        if mutation is None:
            return killer(self.folder, tests, self.report)
        path = self.folder / ENGINE / mutation.file
        text = path.read_text(encoding="utf-8")
        path.write_text(mutated(mutation, text), encoding="utf-8")
        try:
            return killer(self.folder, tests, self.report)
        finally:
            path.write_text(text, encoding="utf-8")


def survivors(copy: Copy, chosen: Sequence[Mutation], *, is_wide: bool) -> list[Mutation]:
    """Print what kills each mutation and return those that nothing kills."""
    found = []
    for mutation in chosen:
        killed_by = copy.killer(mutation, ALL if is_wide else near(mutation.file))
        if not killed_by:
            found.append(mutation)
        verdict = killed_by or ("SURVIVED" if is_wide else "survived the nearest tests")
        print(f"{mutation}\n    {verdict}", flush=True)
    return found


def verdict(chosen: Sequence[Mutation], left: Sequence[Mutation]) -> int:
    """Print the sum, and return 1 where the list and the tests disagree."""
    wrong = [mutation for mutation in left if not mutation.equivalent]
    stale = [mutation for mutation in chosen if mutation.equivalent and mutation not in left]
    for mutation in left:
        print(
            f"SURVIVED {mutation} {mutation.equivalent and f'| equivalent: {mutation.equivalent}'}"
        )
    for mutation in stale:
        print(f"NOT EQUIVALENT {mutation} | to fix: strike its `equivalent`")
    n_killed = len(chosen) - len(left)
    print(f"{len(chosen)} mutations, {n_killed} killed, {len(left) - len(wrong)} equivalent")
    return 1 if wrong or stale else 0


def main(arguments: Sequence[str]) -> int:
    """Print what kills each mutation, and return 1 if any survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", metavar="PATTERN", help="in file or rule")
    parser.add_argument("--list", action="store_true", help="print the mutations and stop")
    parser.add_argument("--near", action="store_true", help="the nearest tests only")
    given = parser.parse_args(arguments)
    chosen, started = mutations(given.only), time.monotonic()
    for mutation in chosen:
        mutated(mutation, (ROOT / ENGINE / mutation.file).read_text(encoding="utf-8"))
    if given.list:
        print("\n".join(map(str, chosen)))
        return 0
    shared = os.environ.get("ALM_SHARED") or str(ROOT.parent / "shared")
    os.environ |= ENVIRONMENT | {"ALM_SHARED": shared}
    for name in LOADED_ONCE:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = Copy(Path(folder))
        failing = copy.killer(None, sorted({t for m in chosen for t in near(m.file)}))
        if failing:
            print(f"without a mutation fails {failing} | to fix: make the tests green first")
            return 1
        left = survivors(copy, chosen, is_wide=False)
        if left and not given.near:
            left = survivors(copy, left, is_wide=True)
    status = verdict(chosen, left)
    print(f"{(time.monotonic() - started) / 60:.0f} minutes")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
