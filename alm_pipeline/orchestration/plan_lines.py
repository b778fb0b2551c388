"""`alm plan` in words: what changed since the published close, and what that leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from alm_pipeline.audit.input_difference import (
    InputDifference,
    Inputs,
    input_difference,
    lines_of,
)
from alm_pipeline.inputs.differences import FieldDifference
from alm_pipeline.orchestration.bank import Bank
from alm_pipeline.orchestration.fingerprint import close_inputs
from alm_pipeline.orchestration.plan import Step, plan_close
from alm_pipeline.warehouse.manifests import run_id_of

_MAX_NAMED = 3
_BEHIND = {
    "inputs.bank": ("settings",),
    "inputs.members": ("settings",),
    "inputs.products": ("products.yaml",),
    "products": ("products.yaml",),
    "inputs.curves": ("curves.yaml",),
    "inputs.indices": ("curves.yaml",),
    "inputs.quote_ages": ("curves.yaml",),
    "curves": ("curves.yaml",),
    "inputs.limits": ("limits.yaml",),
    "inputs.scenarios": ("scenarios/", "settings"),
    "inputs.scenario_fx": ("scenarios/",),
    "inputs.rule_packs": ("rules/",),
    "inputs.narrow_bands": ("rules/",),
    "inputs.time_buckets": ("rules/time_buckets.yaml",),
    "time_buckets": ("rules/time_buckets.yaml",),
    "inputs.assumptions": ("assumptions/",),
    "inputs.behaviour_parameters": ("assumptions/", "rules/", "scenarios/"),
    "behaviour": ("assumptions/", "rules/", "scenarios/"),
    "inputs.outside_dates": ("assumptions/", "rules/", "limits.yaml"),
    "inputs.not_delivered": ("sources/",),
    "inputs.declared": ("sources/",),
    "inputs.source_codes": ("sources/",),
    "source": ("sources/",),
    "shape": ("columns.yaml", "tables/", "extracts/"),
}
"""Files of `data_contracts/` from which an input of a table is read, by its first word."""


def plan_lines(bank: Bank, as_of_date: date) -> list[str]:
    """Return the plan of a close, one line each."""
    current = bank.closes.current(as_of_date)
    wanted = close_inputs(bank, as_of_date)
    run_id, steps = run_id_of(wanted), plan_close(bank, as_of_date)
    if current is None:
        changed, head = None, f"{as_of_date} was never closed; the close will be {run_id}"
    else:
        before = Inputs.kept(current.inputs, bank.definitions)
        changed = input_difference(before, Inputs(wanted, _texts(bank).__getitem__))
        is_same = run_id == current.run_id
        word = "nothing changed since" if is_same else f"{run_id} will supersede"
        head = f"{as_of_date}: {word} {current.run_id}"
    since = [f"  {line}" for line in lines_of(changed)] if changed else []
    return [head, *since, *_steps(steps, changed), _summary(steps)]


def _texts(bank: Bank) -> dict[str, str]:
    contracts = {f"contracts:{name}": text for name, text in bank.contract_texts.items()}
    return {"settings": bank.settings_text, **contracts}


def _steps(steps: Sequence[Step], changed: InputDifference | None) -> list[str]:
    """Return one line per table and cause; scenarios of one cause share a line."""
    lines: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        lines.setdefault((step.table, _why(step, changed)), []).append(step.partition.scenario)
    return [f"{table}{_scenarios(scenarios)}: {why}" for (table, why), scenarios in lines.items()]


def _scenarios(names: Sequence[str]) -> str:
    named = [name for name in names if name]
    return f" ({_listed(named)})" if named else ""


def _why(step: Step, changed: InputDifference | None) -> str:
    if step.is_sure:
        return _listed([_reason(reason, changed) for reason in step.reasons])
    tables = dict.fromkeys(table for table, _ in step.waits_for)
    return f"only if {_listed(list(tables))} comes out different"


def _reason(reason: str, changed: InputDifference | None) -> str:
    """Return a reason with the fields behind it."""
    word = reason.partition(" ")[0].partition(":")[0]
    fields = [] if changed is None else list(_fields(changed.fields, _BEHIND.get(word, ())))
    shown = {"shape": "its columns", "behaviour": "its behaviour"}.get(word, reason)
    return f"{shown} ({_listed(list(map(str, fields)))})" if fields else shown


def _fields(
    fields: Iterable[FieldDifference], prefixes: tuple[str, ...]
) -> Iterable[FieldDifference]:
    return (one for one in fields if one.item.startswith(prefixes)) if prefixes else ()


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _summary(steps: Sequence[Step]) -> str:
    n_sure = sum(step.is_sure for step in steps)
    if not steps:
        return "nothing will be computed"
    n_may = len(steps) - n_sure
    more = f", up to {n_may:,} more as those come out" if n_may else ""
    return f"{n_sure:,} partitions will be computed{more}"
