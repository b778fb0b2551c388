"""Numba's array functions without SciPy, in which Numba would look for linear algebra.

No kernel multiplies matrices, and SciPy takes a third of a second of every process that runs one.
"""

from __future__ import annotations

import importlib

from numba.np import linalg


def _not_wanted() -> None:
    raise ImportError("no kernel multiplies matrices")


_wanted, linalg.ensure_blas = linalg.ensure_blas, _not_wanted
try:
    importlib.import_module("numba.np.arraymath")
finally:
    linalg.ensure_blas = _wanted
