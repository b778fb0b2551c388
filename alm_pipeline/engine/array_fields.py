"""Fields of the records of arrays: their type, and the check that every array goes through once."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from alm_pipeline.errors import CalculationError


def checked(name: str, value: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    """Return ``value`` as a contiguous array of ``dtype`` and ``shape``, or raise."""
    if np.ma.isMaskedArray(value):
        raise CalculationError(f"{name} is a masked array", fix="give the null a value first")
    array = np.asarray(value)
    if array.dtype != dtype and not np.can_cast(array.dtype, dtype, casting="same_kind"):
        raise CalculationError(
            f"{name} has type {array.dtype}", detail=f"expected {dtype}", fix="convert it first"
        )
    if array.shape != shape:
        raise CalculationError(
            f"{name} has shape {array.shape}", detail=f"expected {shape}", fix="align the arrays"
        )
    if array.dtype.kind == "f" and np.isnan(array).any():
        n_missing = int(np.isnan(array).sum())
        raise CalculationError(f"{name} holds {n_missing} NaN", fix="supply every value")
    return np.ascontiguousarray(array, dtype=dtype)


def f8(**more: Any) -> Any:
    """Return a field of float64."""
    return field(metadata={"dtype": "f8", **more})


def absent(dtype: str, value: float) -> Any:
    """Return a field that may be left out: every position then has ``value``."""
    return field(default=None, metadata={"dtype": dtype, "absent": value})


def i1() -> Any:
    """Return a field of int8."""
    return field(metadata={"dtype": "i1"})


def i2() -> Any:
    """Return a field of int16."""
    return field(metadata={"dtype": "i2"})


def i4() -> Any:
    """Return a field of int32."""
    return field(metadata={"dtype": "i4"})


def b1() -> Any:
    """Return a field of booleans."""
    return field(metadata={"dtype": "?"})
