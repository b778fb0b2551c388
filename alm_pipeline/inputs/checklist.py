"""The steps of a close (`data_contracts/checklist.yaml`): owner and evidence of each.

What became of a step is found at the close (`orchestration/checklist.py`).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from alm_pipeline.inputs.records import Problems, Record
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = ["Step", "load_checklist"]


class Step(Record):
    """One step; a table `schema.*` stands for all tables of the schema."""

    step: str
    owner: str
    tables: list[str] = Field(min_length=1)
    proofs: list[str]


class _Checklist(Record):
    about: str
    steps: list[Step] = Field(min_length=1)


def load_checklist(overlay: Path | None = None) -> list[Step]:
    """Return the steps of a close in order, or raise every problem of the file at once."""
    problems = Problems()
    path = contract_file("checklist.yaml", overlay)
    return problems.settled(problems.read(_Checklist, path)).steps
