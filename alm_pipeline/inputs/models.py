"""The model inventory (`data_contracts/models.yaml`): each model, its owner, what it lacks.

Whether its modules and assumption files exist is a house test; what the models do is in their own
modules; the pages made from both are `reporting/methodology.py`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from alm_pipeline.inputs.records import Name, Problems, Record
from alm_pipeline.inputs.yaml_files import contract_file

__all__ = ["Finding", "Model", "ModelBook", "load_models", "read_models"]


class Finding(Record):
    """What a review found."""

    finding: str
    severity: Literal["high", "medium", "low"]
    owner: str
    due: dt.date
    is_open: bool = True


class Model(Record):
    """One model of the inventory."""

    title: str
    purpose: str
    permitted_use: str
    products: str
    tier: Literal[1, 2, 3]
    status: Literal["development", "approved", "restricted", "retired"]
    owner: str
    developer: str
    validator: str
    users: list[str] = Field(min_length=1)
    modules: list[str] = Field(min_length=1)
    assumptions: list[Name]
    inputs: list[str]
    outputs: list[str] = Field(min_length=1)
    limits: list[str] = Field(min_length=1)
    limitations: list[str] = Field(min_length=1)
    proofs: list[str] = Field(min_length=1)
    tests: list[str] = Field(min_length=1)
    last_review: dt.date | None
    next_review: dt.date
    findings: list[Finding]

    @model_validator(mode="after")
    def _is_judged_by_another(self) -> Model:
        if self.validator in (self.owner, self.developer):
            raise ValueError(f"the validator {self.validator} owns or develops the model")
        if self.status == "approved" and self.last_review is None:
            raise ValueError("an approved model has been reviewed")
        return self


class ModelBook(Record):
    """All models of a bank."""

    about: str
    models: dict[Name, Model] = Field(min_length=1)


def load_models(overlay: Path | None = None) -> ModelBook:
    """Return the model inventory of a bank, or raise every problem of the file at once."""
    problems = Problems()
    return problems.settled(read_models(problems, overlay))


def read_models(problems: Problems, overlay: Path | None = None) -> ModelBook | None:
    """Return the inventory; what is wrong with it is added to `problems`."""
    return problems.read(ModelBook, contract_file("models.yaml", overlay))
