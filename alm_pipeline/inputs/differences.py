"""What differs between two sets of YAML files, field by field.

Answers "which figure of which file was 0.8 and is now 0.7": for the difference of two closes, for
the plan of the next one, and for whoever must approve the change. Comments and layout are no
difference. Files are given as text by their path below `data_contracts/`; where the texts come from
does not belong here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from alm_pipeline.inputs.yaml_files import parsed_yaml

__all__ = ["ABSENT", "Absent", "FieldDifference", "differences_of_file", "differences_of_sets"]


class Absent(Enum):
    """The side of a difference on which the field does not stand."""

    ABSENT = "absent"

    def __str__(self) -> str:
        return self.value


ABSENT = Absent.ABSENT
"""Not `None`: a field that says null is there."""


@dataclass(frozen=True)
class FieldDifference:
    """One field that two sets of files do not share.

    Attributes
    ----------
    item : str
        The file by its path: ``assumptions/deposits.yaml``.
    field_path : str
        Names from the top of the file, joined by dots. An entry of a list is named by the keys
        that tell it apart: ``limits[delta_eve,us_up_100,at_least].red``.
    before, after : object
        A text, number, boolean, date, null or list of those; `ABSENT` where it does not stand.
    """

    item: str
    field_path: str
    before: object
    after: object

    def __str__(self) -> str:
        return f"{self.item} {self.field_path} {_shown(self.before)} -> {_shown(self.after)}"


def differences_of_sets(
    before: Mapping[str, str], after: Mapping[str, str]
) -> list[FieldDifference]:
    """Return the differing fields of all files, in the order of their paths.

    A file that only one set has differs in each of its fields.
    """
    return [
        difference
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
        for difference in differences_of_file(name, before.get(name), after.get(name))
    ]


def differences_of_file(name: str, before: str | None, after: str | None) -> list[FieldDifference]:
    """Return the differing fields of one file; `None` where there is no such file.

    Raises
    ------
    ConfigurationError
        If a text is not YAML.
    """
    sides = (_content(name, before), _content(name, after))
    return [FieldDifference(name, path, was, now) for path, was, now in _compared("", *sides)]


def _content(name: str, text: str | None) -> object:
    """Return what a file says: YAML as it is, a code list as a list of its rows."""
    if text is None:
        return {}
    if name.endswith(".csv"):
        return list(csv.DictReader(text.splitlines()))
    return parsed_yaml(text, name)


def _compared(path: str, before: object, after: object) -> Iterator[tuple[str, object, object]]:
    """Walk two values side by side and yield every leaf on which they disagree."""
    if _is_empty_or(dict, before) and _is_empty_or(dict, after) and (before or after):
        yield from _compared_mappings(path, _mapping(before), _mapping(after))
    elif _is_records(before) and _is_records(after) and (before or after):
        yield from _compared_records(path, _records(before), _records(after))
    elif type(before) is bool or type(after) is bool:
        if before is not after:
            yield path, before, after
    elif before != after:
        yield path, before, after


def _compared_mappings(
    path: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[tuple[str, object, object]]:
    for key in dict.fromkeys([*before, *after]):
        below = f"{path}.{key}" if path else str(key)
        yield from _compared(below, before.get(key, ABSENT), after.get(key, ABSENT))


def _compared_records(
    path: str, before: Sequence[Mapping[str, object]], after: Sequence[Mapping[str, object]]
) -> Iterator[tuple[str, object, object]]:
    keys = _telling_keys(before, after)
    named = [
        {_name(keys, row, number): row for number, row in enumerate(rows)}
        for rows in (before, after)
    ]
    for name in dict.fromkeys([*named[0], *named[1]]):
        sides = (side.get(name, ABSENT) for side in named)
        yield from _compared(f"{path}[{name}]", *sides)


def _telling_keys(*sides: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """Return the first keys, as written, whose texts tell the rows of each list apart."""
    rows = [row for side in sides for row in side]
    keys = [k for k in (rows[0] if rows else ()) if all(isinstance(r.get(k), str) for r in rows)]
    for first in ("name", "id"):
        if first in keys:
            keys = [first, *(k for k in keys if k != first)]
    for n_keys in range(1, len(keys) + 1):
        chosen = tuple(keys[:n_keys])
        if all(len({_values(chosen, row) for row in side}) == len(side) for side in sides):
            return chosen if max(map(len, sides)) > 1 else ()
    return ()


def _values(keys: Sequence[str], row: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(row.get(key) for key in keys)


def _name(keys: Sequence[str], row: Mapping[str, object], number: int) -> str:
    return ",".join(map(str, _values(keys, row))) if keys else str(number + 1)


def _is_empty_or(kind: type, value: object) -> bool:
    return value is ABSENT or isinstance(value, kind)


def _is_records(value: object) -> bool:
    if value is ABSENT or value == []:
        return True
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _records(value: object) -> Sequence[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _shown(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
