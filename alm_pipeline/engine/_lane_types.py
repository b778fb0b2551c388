"""What the compiler must know about ``lanes``: the type of such a value, and each operation on it.

A value is one LLVM vector of ``WIDTH`` doubles. Imported by ``kernel`` for its effect, so that
every kernel finds the operations registered.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model
from numba.np.numpy_support import as_dtype

from alm_pipeline.engine import lanes
from alm_pipeline.engine.lanes import WIDTH

_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)


class LanesType(types.Type):
    """The type of a value with eight lanes."""

    def __init__(self) -> None:
        """Name the type; there is only one."""
        super().__init__(name="Lanes")


_LANES = LanesType()
Build = Callable[..., Any]


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _as_lanes(builder: Any, value: Any) -> Any:
    """Return a number in every lane; lanes as they are."""
    if value.type == _VECTOR:
        return value
    empty = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(empty, value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, empty, zeros)


def _typed(function: Any, typing: Callable[[Any], Any]) -> None:
    """Let kernels resolve a call of ``function``; ``typing`` returns its signature or None."""

    def generic(self: Any, args: Any, kws: Any) -> Any:
        return typing(args)

    body = {"key": function, "generic": generic}
    infer_global(function)(type(f"_{function.__name__}", (AbstractTemplate,), body))


def _as_operands(args: Any) -> list[Any]:
    return [_LANES if one is _LANES else types.float64 for one in args]


def _calculate(function: Any, n: int, result: Any, build: Build) -> None:
    """Register an operation on ``n`` operands; a comparison also of plain numbers."""

    def typing(args: Any) -> Any:
        is_known = _LANES in args or result is not _LANES
        return signature(result, *_as_operands(args)) if is_known and len(args) == n else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return build(builder, *(_as_lanes(builder, one) for one in args))

    _typed(function, typing)
    for operands in product((LanesType, types.Float), repeat=n):
        if LanesType in operands:
            lower_builtin(function, *operands)(lower)


def _compare(function: Any, comparison: str) -> None:
    """Register the choice of one of two operands; of two plain numbers it is a number."""

    def typing(args: Any) -> Any:
        result = _LANES if _LANES in args else types.float64
        return signature(result, *_as_operands(args))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if sig.return_type is _LANES:
            args = [_as_lanes(builder, one) for one in args]
        return builder.select(builder.fcmp_ordered(comparison, *args), *args)

    _typed(function, typing)
    for operands in product((LanesType, types.Float), repeat=2):
        lower_builtin(function, *operands)(lower)


def _intrinsic(name: str) -> Build:
    """Return a call of LLVM's vector function of that name."""

    def build(builder: Any, *operands: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * len(operands))
        full_name = f"llvm.{name}.v{WIDTH}f64"
        function = cgutils.get_or_insert_function(builder.module, kind, full_name)
        return builder.call(function, operands)

    return build


def _pick(builder: Any, mark: Any, a: Any, b: Any) -> Any:
    is_marked = builder.fcmp_ordered(">", mark, ir.Constant(_VECTOR, [0.0] * WIDTH))
    return builder.select(is_marked, a, b)


def _is_any_above(builder: Any, a: Any, b: Any) -> Any:
    bits = builder.bitcast(builder.fcmp_ordered(">", a, b), ir.IntType(WIDTH))
    return builder.icmp_unsigned("!=", bits, ir.IntType(WIDTH)(0))


_calculate(operator.add, 2, _LANES, lambda builder, a, b: builder.fadd(a, b))
_calculate(operator.sub, 2, _LANES, lambda builder, a, b: builder.fsub(a, b))
_calculate(operator.mul, 2, _LANES, lambda builder, a, b: builder.fmul(a, b))
_calculate(operator.truediv, 2, _LANES, lambda builder, a, b: builder.fdiv(a, b))
_compare(lanes.lesser, "<")
_compare(lanes.greater, ">")
_calculate(lanes.power, 2, _LANES, _intrinsic("pow"))
_calculate(lanes.nearest, 1, _LANES, _intrinsic("rint"))
_calculate(lanes.picked, 3, _LANES, _pick)
_calculate(lanes.is_any_above, 2, types.boolean, _is_any_above)


@lower_builtin(lanes.is_any_above, types.Float, types.Float)
def _lower_is_above(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fcmp_ordered(">", *args)


_typed(lanes.same, lambda args: signature(_LANES, types.float64))
_typed(lanes.lane, lambda args: signature(types.float64, _LANES, types.intp))
_typed(lanes.with_lane, lambda args: signature(_LANES, _LANES, types.intp, types.float64))


@lower_builtin(lanes.same, types.Float)
def _lower_same(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return _as_lanes(builder, args[0])


@lower_builtin(lanes.lane, LanesType, types.Integer)
def _lower_lane(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.extract_element(args[0], args[1])


@lower_builtin(lanes.with_lane, LanesType, types.Integer, types.Float)
def _lower_with_lane(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.insert_element(args[0], args[2], args[1])


def _address(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    """Return where the first lane of a place lies; the place is not checked."""
    data = context.make_array(kind)(context, builder, array)
    strides = cgutils.unpack_tuple(builder, data.strides, kind.ndim)
    if kind.layout == "C" and kind.ndim > 1:
        strides[-2] = cgutils.intp_t(8 * WIDTH)
    return _moved(builder, data.data, place, strides, _VECTOR.as_pointer())


def _place(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    """Return where one element of a contiguous array lies; the place is not checked."""
    data = context.make_array(kind)(context, builder, array)
    strides = cgutils.unpack_tuple(builder, data.strides, kind.ndim)
    strides[-1] = cgutils.intp_t(as_dtype(kind.dtype).itemsize)
    return _moved(builder, data.data, place, strides, data.data.type)


def _moved(builder: Any, data: Any, place: Any, strides: Any, pointer: Any) -> Any:
    offset = cgutils.intp_t(0)
    for one, stride in zip(place, strides, strict=False):
        offset = builder.add(offset, builder.mul(one, stride))
    start = builder.bitcast(data, cgutils.voidptr_t)
    return builder.bitcast(builder.gep(start, [offset]), pointer)


def _places(args: Any, n_values: int) -> list[Any]:
    return [types.intp] * (len(args) - 1 - n_values)


def _typed_value(kind: Any) -> Any:
    return _LANES if kind is _LANES else types.float64


_typed(
    lanes.at,
    lambda args: signature(
        types.float64 if isinstance(args[0].dtype, types.Float) else types.intp,
        args[0],
        *_places(args, 0),
    ),
)
_typed(lanes.put, lambda args: signature(types.none, args[0], types.intp, args[0].dtype))
_typed(lanes.prefetch, lambda args: signature(types.none, args[0], *_places(args, 0)))
_typed(lanes.load, lambda args: signature(_LANES, args[0], *_places(args, 0)))
for _function in (lanes.store, lanes.add_to):
    _typed(
        _function,
        lambda args: signature(types.none, args[0], *_places(args, 1), _typed_value(args[-1])),
    )


@lower_builtin(lanes.load, types.Array, types.VarArg(types.Integer))
def _lower_load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(_address(context, builder, sig.args[0], args[0], args[1:]), align=8)


@lower_builtin(lanes.at, types.Array, types.VarArg(types.Integer))
def _lower_at(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind = sig.args[0]
    place = _place(context, builder, kind, args[0], args[1:])
    found = context.unpack_value(builder, kind.dtype, place)
    return context.cast(builder, found, kind.dtype, sig.return_type)


@lower_builtin(lanes.put, types.Array, types.Integer, types.Any)
def _lower_put(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind = sig.args[0]
    place = _place(context, builder, kind, args[0], args[1:2])
    context.pack_value(builder, kind.dtype, args[2], place)
    return context.get_dummy_value()


@lower_builtin(lanes.prefetch, types.Array, types.VarArg(types.Integer))
def _lower_prefetch(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    address = _address(context, builder, sig.args[0], args[0], args[1:])
    number = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    is_read, keep, is_data = number(0), number(3), number(1)
    builder.call(function, [builder.bitcast(address, cgutils.voidptr_t), is_read, keep, is_data])
    return context.get_dummy_value()


@lower_builtin(lanes.store, types.Array, types.VarArg(types.Any))
def _lower_store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    address = _address(context, builder, sig.args[0], args[0], args[1:-1])
    builder.store(_as_lanes(builder, args[-1]), address, align=8)
    return context.get_dummy_value()


@lower_builtin(lanes.add_to, types.Array, types.VarArg(types.Any))
def _lower_add_to(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    address = _address(context, builder, sig.args[0], args[0], args[1:-1])
    sum_ = builder.fadd(builder.load(address, align=8), _as_lanes(builder, args[-1]))
    builder.store(sum_, address, align=8)
    return context.get_dummy_value()
