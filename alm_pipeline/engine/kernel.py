"""How the engine compiles a function: one decorator, so that every kernel compiles alike.

``nogil`` lets chunks run in threads; ``cache`` keeps the machine code (``_compile_cache``);
no fast-math: the same input gives the same bits on any number of scenarios or threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with the engine's settings."""
    compiled = njit(nogil=True, cache=True, error_model="numpy")(function)
    return cast("Callable[P, R]", compiled)
