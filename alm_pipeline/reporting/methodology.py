"""Methodology pages: one per model, from the inventory, the docstrings and the figures in force.

Answers what a reviewer asks of a model without opening code: what it is for, how it calculates and
from which source, which figures it uses and who decided them until when, what it cannot do, which
proofs and tests watch it, and the state of code and figures the page describes. Every sentence is
taken from where it is maintained; nothing is written here. Plain Markdown, no other file needed.

What does not belong here: results (`headline`), the inventory itself (`inputs/models.py`).
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alm_pipeline import paths
from alm_pipeline.errors import ConfigurationError
from alm_pipeline.inputs.assumptions import AssumptionFigure
from alm_pipeline.inputs.figures import Figures
from alm_pipeline.inputs.models import Model

__all__ = ["Fingerprint", "module_files", "page", "write_pages"]

_SECTION = re.compile(r"\n\n(\w[\w ]*)\n-{3,}\n")
_SHOWN_SECTIONS = ("Returns", "Raises", "Notes")


@dataclass(frozen=True)
class Fingerprint:
    """What state the pages describe: the latest published close, and code and figures now."""

    run_id: str
    as_of_date: str
    code_hash: str
    proofs: Mapping[str, str]
    """Status of each group of proofs in that close."""


def write_pages(figures: Figures, fingerprint: Fingerprint, into: Path) -> list[Path]:
    """Write one page per model and an index into a folder and return what was written.

    Raises
    ------
    ConfigurationError
        If the folder holds other files.
    """
    book = figures.models.models
    own = {f"{name}.md" for name in book} | {"README.md"}
    into.mkdir(parents=True, exist_ok=True)
    strangers = sorted(path.name for path in into.iterdir() if path.name not in own)
    if strangers:
        raise ConfigurationError(
            "the folder for the methodology holds other files",
            where=str(into),
            detail=", ".join(strangers[:5]),
            fix="name an empty or a new folder",
        )
    texts = {name: page(model, figures, fingerprint) for name, model in book.items()}
    texts["README"] = _index(book, fingerprint)
    written = []
    for name, text in texts.items():
        path = into / f"{name}.md"
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return sorted(written)


def page(model: Model, figures: Figures, fingerprint: Fingerprint) -> str:
    """Return the page of one model."""
    blocks = [
        f"# {model.title}",
        model.purpose,
        _facts(model),
        "## Limits",
        _bullets(model.limits),
        "## Known limitations",
        _bullets(model.limitations),
        "## Method",
        *(block for module in model.modules for block in _method(module)),
        "## Figures in force",
        _figures_table(model, figures),
        *_prescribed(model, figures),
        "## What watches it",
        _watchers(model, fingerprint),
        "## Findings",
        _findings(model),
        "## State",
        _state(fingerprint),
    ]
    return "\n\n".join(blocks) + "\n"


def module_files(dotted: str) -> list[Path]:
    """Return the source files of a module or package of `alm_pipeline`, empty where it is none."""
    path = paths.PACKAGE.joinpath(*dotted.split("."))
    if path.is_dir():
        return sorted(file for file in path.glob("*.py") if file.stem != "__init__")
    file = path.with_suffix(".py")
    return [file] if file.is_file() else []


def _facts(model: Model) -> str:
    review = (
        f"last on {model.last_review}"
        if model.last_review
        else "not yet reviewed by anyone independent of its making"
    )
    rows = {
        "Permitted use": model.permitted_use,
        "Products and balances": model.products,
        "Tier": f"{model.tier} (1 decides headline figures, 2 shapes them, 3 supports reading)",
        "Status": model.status,
        "Owner, developer": f"{model.owner}, {model.developer}",
        "Validator": model.validator,
        "Users": ", ".join(model.users),
        "Review": f"{review}; next by {model.next_review}",
        "Reads": ", ".join(f"`{table}`" for table in model.inputs),
        "Decides": ", ".join(f"`{table}`" for table in model.outputs),
    }
    return _table(("", ""), [(f"**{name}**", value) for name, value in rows.items()])


def _method(dotted: str) -> Iterator[str]:
    """Yield what the docstrings of a module say: the module, and what the engine calculates.

    Functions outside the engine read and place figures; their module says which.
    """
    for file in module_files(dotted):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        name = file.relative_to(paths.PACKAGE).with_suffix("").as_posix().replace("/", ".")
        yield f"### `{name}`"
        yield ast.get_docstring(tree) or ""
        functions = [
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            and name.startswith("engine.")
            and not node.name.startswith("_")
        ]
        for node in functions:
            yield f"**`{node.name}`** {_described(ast.get_docstring(node) or '')}"


def _described(docstring: str) -> str:
    """Return the summary of a function's docstring and the sections a reviewer needs."""
    summary, *rest = _SECTION.split(docstring)
    named = dict(zip(rest[::2], rest[1::2], strict=True))
    shown = [
        f"{name}:\n\n{textwrap.indent(named[name].strip(), '    ')}"
        for name in _SHOWN_SECTIONS
        if name in named
    ]
    return "\n\n".join([summary.strip(), *shown])


def _figures_table(model: Model, figures: Figures) -> str:
    own = [one for one in figures.assumptions.figures if one.assumption in model.assumptions]
    if not own:
        return "The model reads no figure of a committee."
    header = (
        *("segment", "figure", "version", "value", "unit", "why", "status"),
        *("source", "owner", "in force"),
    )
    return _table(header, [_figure_row(one) for one in own])


def _figure_row(one: AssumptionFigure) -> tuple[str, ...]:
    figure = one.figure
    approved = f"{figure.owner}, approved by {figure.approver}"
    return (
        one.segment,
        one.parameter,
        str(figure.version),
        f"{figure.value:g}",
        figure.unit,
        figure.rationale,
        figure.status,
        str(figure.source),
        approved,
        f"{figure.effective_from} to {figure.expires}",
    )


_ANSWERING = (
    "A segment with a `refinance_rate` answers to rates by itself and is not multiplied, except in"
    " the standardised approach: `(by age x season + refinanced x burnout) x multiplier` a year."
)


def _prescribed(model: Model, figures: Figures) -> Iterator[str]:
    """Yield the rule packs, for a model that reads them, and multipliers of behaviour."""
    for assumption in ("prepayment", "early_withdrawal"):
        if assumption in model.assumptions:
            yield "The scenario multiplies the figure; any other scenario leaves it as it is:"
            if assumption == "prepayment":
                yield _ANSWERING
            yield _multipliers(assumption, figures)
    if "inputs.rule_packs" not in model.modules:
        return
    rows = [
        (
            name,
            pack.jurisdiction,
            f"{pack.effective_from} to {pack.effective_to or 'further notice'}",
        )
        for name, pack in figures.packs.items()
    ]
    yield "Rule packs, each figure with its source and status in `data_contracts/rules/`:"
    yield _table(("pack", "jurisdiction", "in force"), rows)


def _multipliers(assumption: str, figures: Figures) -> str:
    rows = []
    for name, pack in figures.packs.items():
        found = getattr(pack.behaviour, f"{assumption}_multiplier")
        sizes = ", ".join(f"{shape} {value:g}" for shape, value in found.by_shape.items())
        rows.append((name, sizes, found.status, str(found.source)))
    return _table(("pack", "by shape", "status", "source"), rows)


def _watchers(model: Model, fingerprint: Fingerprint) -> str:
    proofs = [(name, fingerprint.proofs.get(name, "no close yet")) for name in model.proofs]
    return "\n\n".join(
        [
            _table(("proof at every close, `audit.proof_coverage`", "latest close"), proofs),
            "Tests at every change: " + ", ".join(f"`{test}`" for test in model.tests) + ".",
        ]
    )


def _findings(model: Model) -> str:
    if not model.findings:
        return "None recorded."
    rows = [
        (one.severity, one.finding, one.owner, str(one.due), "open" if one.is_open else "closed")
        for one in model.findings
    ]
    return _table(("severity", "finding", "owner", "due", "state"), rows)


def _state(fingerprint: Fingerprint) -> str:
    closed = (
        f"close `{fingerprint.run_id}` of {fingerprint.as_of_date}"
        if fingerprint.run_id
        else "no close published yet"
    )
    return f"Latest close: {closed}. Code: `{fingerprint.code_hash[:16]}`."


def _index(book: Mapping[str, Model], fingerprint: Fingerprint) -> str:
    rows = [
        (f"[{model.title}]({name}.md)", str(model.tier), model.status, model.owner, model.purpose)
        for name, model in book.items()
    ]
    table = _table(("model", "tier", "status", "owner", "purpose"), rows)
    return f"# Models\n\n{table}\n\n{_state(fingerprint)}\n"


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
