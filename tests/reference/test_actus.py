"""Cash flows of ACTUS contracts against the published vectors, event by event.

The vectors (`actus/vectors` of the shared material, CC BY-SA 4.0) stay outside the repository. The
tolerance is the one of their own check, `check_actus.py`: some were cut to ten decimals.
"""

from __future__ import annotations

import json
import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from alm_pipeline.errors import CalculationError
from alm_pipeline.inputs.actus import events
from tests.conftest import ROOT

TYPES = ["PAM", "ANN", "LAM", "NAM", "LAX", "CLM", "UMP", "SWPPV", "SWAPS", "CAPFL"]
OTHERS = ["STK", "COM", "OPTNS", "FUTUR", "CEG", "CEC", "CSH", "FXOUT", "BOND"]
VECTORS = Path("actus") / "vectors"
FOLDER = Path(os.environ.get("ALM_SHARED") or ROOT.parent / "shared") / VECTORS
ABSENT = ("absent", "absent")  # keeps the test visible where the vectors are not
ABSOLUTE, RELATIVE = 1e-8, 1e-9

Case = dict[str, Any]


def cases(folder: Path, contract_type: str) -> dict[str, Case]:
    """Return the cases of one type, none where the vectors are absent."""
    path = folder / f"{contract_type.lower()}.json"
    loaded: dict[str, Case] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return loaded


def every_case() -> list[Any]:
    """Return one parameter per case on disk; pytest needs them before its fixtures run."""
    found = [(kind, case_id) for kind in TYPES for case_id in cases(FOLDER, kind)]
    return [pytest.param(*pair, id=pair[1]) for pair in found or [ABSENT]]


def project(case: Case) -> list[dict[str, Any]]:
    return events(case["terms"], case["dataObserved"], case["to"], case["eventsObserved"])


def differences(got: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Return what differs between two events, in every field that the vector states."""
    out = []
    for field, value in expected.items():
        if field == "eventDate":
            same = datetime.fromisoformat(got[field]) == datetime.fromisoformat(value)
        elif field in {"eventType", "currency"}:
            same = got[field] == value
        else:
            number = float(value)
            gap = abs(got[field] - number)
            same = math.isfinite(gap) and gap <= ABSOLUTE + RELATIVE * abs(number)
        if not same:
            out.append(f"{field}: {got[field]!r}, expected {value!r}")
    return out


def test_the_vectors_hold_all_ten_types(shared: Path):
    assert [kind for kind in TYPES if not cases(shared / VECTORS, kind)] == []


@pytest.mark.parametrize(("contract_type", "case_id"), every_case())
def test_the_events_are_those_of_the_vector(shared: Path, contract_type: str, case_id: str):
    case = cases(shared / VECTORS, contract_type)[case_id]
    got, expected = project(case), case["results"]
    assert [e["eventType"] for e in got] == [e["eventType"] for e in expected]
    wrong = {
        f"{at} {theirs['eventDate']} {theirs['eventType']}": differences(ours, theirs)
        for at, (ours, theirs) in enumerate(zip(got, expected, strict=True))
    }
    assert {event: fields for event, fields in wrong.items() if fields} == {}


@pytest.mark.parametrize("contract_type", OTHERS)
def test_a_type_outside_the_ten_is_refused_by_name(contract_type: str):
    terms = {
        "contractType": contract_type,
        "contractID": "c1",
        "contractRole": "RPA",
        "currency": "USD",
        "statusDate": "2025-01-01T00:00:00",
        "notionalPrincipal": "1000",
        "maturityDate": "2026-01-01T00:00:00",
    }
    with pytest.raises(CalculationError, match=contract_type):
        events(terms, {}, "", [])
