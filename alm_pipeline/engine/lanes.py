"""Eight scenarios side by side as one value: what kernels calculate with.

A kernel reads like the formula of one scenario: ``weight = load(lanes, L_BALANCE) * years``. The
compiled value is one vector of the processor, and an operation acts on its eight lanes at once; in
plain Python it is an array of eight numbers. Lanes never mix, so a scenario gives the same bits
alone and among others. More scenarios are taken in blocks of eight (``scenario_blocks``).

Plain floats, which mean the same in every scenario, mix freely with lanes; ``at`` and ``put`` read
and write one number. What the compiler must know about each operation stands in ``_lane_types``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from alm_pipeline.engine.arrays import FloatArray

WIDTH = 8
"""Scenarios in one value; their numbers fill one cache line of the processor."""


def at(array: Any, *place: int) -> Any:
    """Return the one number at ``array[place]``; places are not negative and are not checked."""
    return array[place].item()


def put(array: Any, place: int, value: Any) -> None:
    """Write one number to ``array[place]``; places are not negative and are not checked."""
    array[place] = value


def load(array: Any, *place: int) -> Any:
    """Return the lanes at ``array[place]``, (WIDTH,) of a float64 array contiguous in them."""
    return array[place].copy()


def store(array: Any, *place_and_value: Any) -> None:
    """Write lanes, or one number to all of them, to ``array[place]``; the value comes last."""
    array[place_and_value[:-1]] = place_and_value[-1]


def add_to(array: Any, *place_and_value: Any) -> None:
    """Add lanes to ``array[place]``; the value comes last."""
    array[place_and_value[:-1]] += place_and_value[-1]


def prefetch(array: Any, *place: int) -> None:
    """Tell the processor that ``array[place]`` is read soon; changes nothing."""


def same(number: float) -> Any:
    """Return lanes that all hold ``number``."""
    return np.full(WIDTH, number)


def lesser(a: Any, b: Any) -> Any:
    """Return the smaller of two, lane by lane."""
    return np.minimum(a, b)


def greater(a: Any, b: Any) -> Any:
    """Return the larger of two, lane by lane."""
    return np.maximum(a, b)


def power(a: Any, b: Any) -> Any:
    """Return ``a ** b``, lane by lane."""
    return a**b


def nearest(a: Any) -> Any:
    """Return the nearest whole number, half to even, lane by lane."""
    return np.rint(a)


def is_any_above(a: Any, b: Any) -> bool:
    """Say whether ``a > b`` in any lane."""
    return bool(np.any(a > b))


def picked(mark: Any, a: Any, b: Any) -> Any:
    """Return ``a`` in the lanes where ``mark`` is above zero, else ``b``."""
    return np.where(mark > 0.0, a, b)


def lane(value: Any, s: int) -> float:
    """Return the number of lane ``s``."""
    return float(value[s])


def with_lane(value: Any, s: int, number: float) -> Any:
    """Return the lanes with another number in lane ``s``."""
    changed = value.copy()
    changed[s] = number
    return changed


def scenario_blocks(table: FloatArray) -> list[FloatArray]:
    """Return (..., S) as blocks (..., WIDTH); the last scenario fills up the last block."""
    n_missing = -table.shape[-1] % WIDTH
    filled = np.concatenate([table, *[table[..., -1:]] * n_missing], axis=-1)
    n_blocks = filled.shape[-1] // WIDTH
    return [np.ascontiguousarray(block) for block in np.split(filled, n_blocks, axis=-1)]


def scenarios_of(blocks: FloatArray, n_scenarios: int) -> FloatArray:
    """Return (..., n_blocks, WIDTH) as (..., S), without a copy where blocks are neighbours."""
    *outer, n_blocks, width = blocks.shape
    return blocks.reshape(*outer, n_blocks * width)[..., :n_scenarios]


def joined_scenarios(blocks: list[FloatArray], n_scenarios: int) -> FloatArray:
    """Return blocks (..., WIDTH) as (..., S), without a copy where one block is enough."""
    whole = blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=-1)
    return whole[..., :n_scenarios]
