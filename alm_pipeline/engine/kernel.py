"""How the engine compiles a function: one decorator, so that every kernel compiles alike.

``nogil`` lets chunks run in threads; ``cache`` keeps the machine code (``_compile_cache``);
no fast-math: the same input gives the same bits on any number of scenarios or threads. Kernels
allocate nothing, so their arrays are not counted (``_nrt``), which would take longer than the
arithmetic; the exception says so in its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit

from alm_pipeline.engine import (  # noqa: F401  (kernels use them)
    _lane_types,
    _no_linear_algebra,
    _reference_types,
)
from alm_pipeline.engine._linked_kernels import LinkedCompiler

ZERO: int = cast("int", np.int64(0))
"""Zero with the type that counters have; a plain 0 would have each kernel compiled twice."""

_ALWAYS: dict[str, Any] = {"_nrt": False, "nogil": True, "cache": True, "error_model": "numpy"}
_NO_ENTRY: dict[str, Any] = {
    **_ALWAYS,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": LinkedCompiler,
    "cache": False,  # its code is kept with that of the entries
}

P = ParamSpec("P")
R = TypeVar("R")


def entry_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with the engine's settings, to be called from Python."""
    compiled = njit(**_ALWAYS)(function)
    return cast("Callable[P, R]", compiled)


def allocating_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` to be called from Python once for many numbers: it may make arrays."""
    compiled = njit(**{**_ALWAYS, "_nrt": True})(function)
    return cast("Callable[P, R]", compiled)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a ``function`` that only kernels call.

    It has no entry from Python, which takes longer to compile than the function itself: a call
    from Python, also from a test, ends the process. What tests call is an ``entry_kernel``.
    """
    compiled = njit(**_NO_ENTRY)(function)
    return cast("Callable[P, R]", compiled)


def inner_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small ``function`` into each kernel that calls it: no call for every row.

    Like a `kernel` it has no entry from Python.
    """
    compiled = njit(**_NO_ENTRY, forceinline=True)(function)
    return cast("Callable[P, R]", compiled)


def shared_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small ``function`` into each kernel that calls it, to be called from Python too."""
    compiled = njit(**_ALWAYS, forceinline=True)(function)
    return cast("Callable[P, R]", compiled)
