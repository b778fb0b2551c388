"""What the compiler must know about ``references``: the type, and how a field is read.

A reference is the address of the tuple's fields. A field that is a named tuple itself is handed
on as a reference too. Nobody writes to the tuple, only to the arrays it names. Imported by
``kernel`` for its effect.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import lower_builtin, lower_getattr_generic, models, register_model

from alm_pipeline.engine import references


class ReferenceType(types.Type):
    """The address of a named tuple."""

    def __init__(self, target: Any) -> None:
        """Name the type after what it points to."""
        self.target = target
        super().__init__(name=f"Reference({target})")


@register_model(ReferenceType)
class _ReferenceModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, manager.lookup(kind.target).get_value_type().as_pointer())


@infer_global(references.by_reference)
class _ByReference(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        """Return the signature: a named tuple in, its address out."""
        (tables,) = args
        return signature(ReferenceType(tables), tables)


@lower_builtin(references.by_reference, types.BaseNamedTuple)
def _lower_by_reference(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return cgutils.alloca_once_value(builder, args[0])


@infer_getattr
class _Fields(AttributeTemplate):
    key = ReferenceType

    def generic_resolve(self, kind: Any, name: str) -> Any:  # type: ignore[override]
        """Return the type of a field, or None."""
        fields = kind.target.fields
        if name not in fields:
            return None
        field = kind.target.types[fields.index(name)]
        return ReferenceType(field) if isinstance(field, types.BaseNamedTuple) else field


@lower_getattr_generic(ReferenceType)
def _lower_field(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    place = kind.target.fields.index(name)
    address = cgutils.gep_inbounds(builder, value, 0, place)
    if isinstance(kind.target.types[place], types.BaseNamedTuple):
        return address
    return builder.load(address)


@infer_global(references.copy_rows)
class _CopyRows(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        """Return the signature: columns, rows and which of them, records and how many."""
        columns, rows, _, records, _ = args
        return signature(types.none, columns, rows, types.intp, records, types.intp)


@lower_builtin(
    references.copy_rows, ReferenceType, types.Array, types.Integer, types.Array, types.Integer
)
def _lower_copy_rows(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    columns, rows, begin, records, n = args
    kind, record = sig.args[0].target, sig.args[3].dtype
    chosen = builder.gep(_data(context, builder, sig.args[1], rows), [begin])
    first = _data(context, builder, sig.args[3], records)
    for place, name in enumerate(kind.fields):
        array, field, offset = kind.types[place], record.typeof(name), record.offset(name)
        column = builder.load(cgutils.gep_inbounds(builder, columns, 0, place))
        data = _data(context, builder, array, column)
        with cgutils.for_range(builder, n) as loop:
            row = builder.load(builder.gep(chosen, [loop.index]))
            found = context.unpack_value(builder, array.dtype, builder.gep(data, [row]))
            value = context.cast(builder, found, array.dtype, field)
            target = builder.gep(first, [loop.index])
            address = cgutils.get_record_member(
                builder, target, offset, context.get_data_type(field)
            )
            context.pack_value(builder, field, value, address, align=1)
    return context.get_dummy_value()


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Return the address of an array's first element."""
    return context.make_array(kind)(context, builder, array).data
