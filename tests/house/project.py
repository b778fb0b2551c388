"""Where the files of the project are and what they say, read once; no rule is judged here."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "alm_pipeline"
SQL = ROOT / "sql"
CONTRACTS = ROOT / "data_contracts"

STAGES = {
    "raw": 10,
    "quarantine": 20,
    "staging": 30,
    "book": 40,
    "behaviour": 50,
    "cash_flows": 60,
    "scenarios": 70,
    "metrics": 80,
    "reports": 90,
    "audit": 95,
    "daily": 97,
}
DOUBLE_MONEY_SCHEMAS = {"behaviour", "cash_flows", "scenarios", "metrics", "what_if"}


class SqlFile(NamedTuple):
    """A file of `sql/`: its place, the table it makes and its text."""

    path: Path
    schema: str
    table: str
    text: str

    @property
    def name(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.table}"

    @property
    def header(self) -> dict[str, str]:
        """The `-- key: value` lines above the query; a value may go on in the next comment line."""
        found: dict[str, str] = {}
        key = ""
        for line in self.text.splitlines():
            if not line.startswith("--"):
                break
            named = re.match(r"--\s{0,2}([a-z_]+):\s*(.*)", line)
            continued = re.match(r"--\s{6,}(\S.*)", line)
            if named:
                key = named[1]
                found[key] = named[2].strip()
            elif continued and key:
                found[key] = f"{found[key]} {continued[1].strip()}"
        return found

    @property
    def reads(self) -> set[str]:
        """The tables of the header, in the names the query uses for them."""
        return {
            query_name(entry) for entry in self.header.get("reads", "").split(",") if entry.strip()
        }


def query_name(entry: str) -> str:
    """Return `previous.t` for `s.t @previous`, `history.t` for `s.t @history(60)`, else `s.t`."""
    table, _, version = entry.strip().partition("@")
    kind = version.strip().partition("(")[0]
    return f"{kind}.{table.strip().split('.')[-1]}" if kind else table.strip()


def relative(path: Path) -> str:
    """Return a path as a reader of the checkout writes it."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """Return every file of the project; without git, every file outside hidden folders."""
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if answer.returncode == 0:
        return tuple(ROOT / line for line in answer.stdout.splitlines() if (ROOT / line).is_file())
    hidden = [path for path in ROOT.rglob("*") if path.is_file()]
    return tuple(p for p in hidden if not any(part.startswith(".") for part in p.parts))


def text_files() -> list[Path]:
    """Return the project's files that hold text."""
    binary = {".gz", ".parquet", ".png", ".woff2", ".ico", ".duckdb"}
    return [path for path in tracked_files() if path.suffix not in binary]


def python_files(folder: Path = PACKAGE) -> list[Path]:
    """Return the Python files below a folder."""
    return sorted(p for p in tracked_files() if p.suffix == ".py" and folder in p.parents)


@functools.cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=relative(path))


@functools.cache
def sql_files() -> tuple[SqlFile, ...]:
    """Return every SQL file; the folder's number and name are the stage, the stem is the table."""
    found = []
    for path in sorted(SQL.rglob("*.sql")):
        stage = path.relative_to(SQL).parts[0]
        text = path.read_text(encoding="utf-8")
        found.append(SqlFile(path, stage.partition("_")[2], path.stem, text))
    return tuple(found)


def load_yaml(path: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@functools.cache
def table_contracts() -> dict[str, dict[str, Any]]:
    """Return `schema.table` → table contract."""
    folder = CONTRACTS / "tables"
    return {f"{p.parent.name}.{p.stem}": load_yaml(p) for p in sorted(folder.rglob("*.yaml"))}


@functools.cache
def extract_columns() -> dict[str, list[str]]:
    """Return extract → the columns its contract names."""
    return {
        path.stem: [c["name"] for schema in load_yaml(path)["schema"] for c in schema["properties"]]
        for path in sorted((CONTRACTS / "extracts").glob("*.yaml"))
    }


@functools.cache
def dictionary() -> dict[str, dict[str, Any]]:
    """Return the columns of the dictionary."""
    content = load_yaml(CONTRACTS / "columns.yaml")
    columns: dict[str, Any] = content.get("columns", content)
    return {name: entry for name, entry in columns.items() if isinstance(entry, dict)}


def sql_type(column: str, schema: str) -> str:
    """Return the DuckDB type of a dictionary column in a schema."""
    kind = str(dictionary()[column]["type"])
    if kind == "money":
        return "double" if schema in DOUBLE_MONEY_SCHEMAS else "decimal(18, 2)"
    return {"text": "varchar", "rate": "double"}.get(kind, kind)
