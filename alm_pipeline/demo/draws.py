"""Random numbers of the demo bank, of two kinds, both a pure function of the seed.

*Even* draws fill [0, 1) without gaps or clusters (an additive recurrence on the roots of
x**(d+1) = x + 1, shifted by the seed), so that a book of thirty contracts has the same average
size, age and term as one of thirty thousand. *Hashed* draws answer "what does contract i do in
month m" in any order. Neither knows what it is drawn for.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DIMENSIONS = 10
_ROOT = 2.0
for _ in range(60):
    _ROOT = (1.0 + _ROOT) ** (1.0 / (DIMENSIONS + 1))
_STEPS = [_ROOT ** -(k + 1) for k in range(DIMENSIONS)]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def label_number(label: str) -> int:
    """A small integer that stands for a name, the same in every process."""
    number = 0
    for char in label:
        number = (number * 131 + ord(char)) % 2_147_483_647
    return number


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _MIX_1
    state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))


def hashed(seed: int, label: str, *keys: Ints | int) -> Floats:
    """Uniform draws in (0, 1), one for each combination of whole-number keys."""
    start = (seed * 2_654_435_761 + label_number(label)) % 2**63
    with np.errstate(over="ignore"):
        state = _mix(np.atleast_1d(np.asarray(start, dtype=np.uint64)) + _GOLDEN)
        for key in keys:
            word = np.asarray(key, dtype=np.int64).astype(np.uint64)
            state = _mix(state + word * _GOLDEN + _GOLDEN)
    uniform: Floats = ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return uniform


def even(seed: int, label: str, n: int, dimension: int) -> Floats:
    """`n` evenly spread draws in (0, 1); different dimensions are unrelated to each other."""
    shift = float(hashed(seed, label, dimension)[0])
    index = np.arange(1, n + 1, dtype=np.float64)
    spread: Floats = np.clip((index * _STEPS[dimension] + shift) % 1.0, 1e-9, 1.0 - 1e-9)
    return spread


_GRID = np.linspace(0.0, 1.0, 4097)[1:-1]
_QUANTILES = np.array([NormalDist().inv_cdf(float(p)) for p in _GRID])


def normal(uniform: Floats) -> Floats:
    """Standard normal values for uniform draws, cut at three and a half deviations."""
    value: Floats = np.interp(uniform, _GRID, _QUANTILES)
    return value


def normal_cdf(x: Floats) -> Floats:
    """Standard normal distribution function, by interpolation of its quantiles."""
    value: Floats = np.interp(x, _QUANTILES, _GRID, left=0.0, right=1.0)
    return value
