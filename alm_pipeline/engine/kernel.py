"""How the engine compiles a function: one decorator, so that every kernel compiles alike.

``nogil`` lets chunks run in threads; ``cache`` keeps the machine code (``_compile_cache``);
no fast-math: the same input gives the same bits on any number of scenarios or threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numpy as np
from numba import njit

ZERO: int = cast("int", np.int64(0))
"""Zero with the type that counters have; a plain 0 would have each kernel compiled twice."""

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with the engine's settings."""
    compiled = njit(nogil=True, cache=True, error_model="numpy")(function)
    return cast("Callable[P, R]", compiled)


def inner_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small ``function`` into each kernel that calls it: no call for every row."""
    compiled = njit(nogil=True, cache=True, error_model="numpy", forceinline=True)(function)
    return cast("Callable[P, R]", compiled)
