"""Which inputs two runs do not share: files, figures field by field, SQL, code, versions.

The hashes of a manifest say which; the kept texts say what. The same comparison serves two
published closes and a published close against what the next one would be made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from alm_pipeline.inputs.differences import FieldDifference, differences_of_file
from alm_pipeline.inputs.yaml_files import REPLACED
from alm_pipeline.warehouse.definitions import Definitions

_CONTRACTS, _SQL, _FILE, _SETTINGS = "contracts:", "sql:", "file:", "settings"


@dataclass(frozen=True)
class Inputs:
    """The inputs of one run: their hashes, and how to come to the text behind one."""

    hashes: Mapping[str, str]
    text: Callable[[str], str]

    @classmethod
    def kept(cls, hashes: Mapping[str, str], definitions: Definitions) -> Inputs:
        """Return the inputs of a published close."""
        return cls(hashes, lambda name: definitions.text(hashes[name], name))


@dataclass(frozen=True)
class InputDifference:
    """What two runs do not share.

    Attributes
    ----------
    files : dict[str, str]
        Delivered file to ``changed``, ``added`` or ``missing``.
    fields : tuple[FieldDifference, ...]
        Of settings, assumptions, scenarios, rule packs, limits and other data contracts.
    remarks : tuple[str, ...]
        Data contracts of which only comments or layout changed.
    sql : dict[str, str]
        SQL file to ``changed``, ``added`` or ``missing``.
    others : dict[str, tuple[str, str]]
        Code, Python, libraries, earlier closes and the as-of date: before and after.
    """

    files: Mapping[str, str]
    fields: tuple[FieldDifference, ...]
    remarks: tuple[str, ...]
    sql: Mapping[str, str]
    others: Mapping[str, tuple[str, str]]

    @property
    def is_nothing(self) -> bool:
        """Say whether the two runs are the same."""
        return not (self.files or self.fields or self.remarks or self.sql or self.others)


def input_difference(before: Inputs, after: Inputs) -> InputDifference:
    """Return everything two runs do not share."""
    names = sorted({*before.hashes, *after.hashes})
    changed = [n for n in names if before.hashes.get(n) != after.hashes.get(n)]
    changed = [n for n in changed if not _is_said_by_own_file(n, before, after)]
    texts = [n for n in changed if n == _SETTINGS or n.startswith(_CONTRACTS)]
    fields = {name: _fields(name, before, after) for name in texts}
    rest = [n for n in changed if n not in texts and not n.startswith((_FILE, _SQL))]
    return InputDifference(
        files=dict(_states(_FILE, changed, before, after)),
        fields=tuple(one for found in fields.values() for one in found),
        remarks=tuple(n.removeprefix(_CONTRACTS) for n, found in fields.items() if not found),
        sql=dict(_states(_SQL, changed, before, after)),
        others={n: (before.hashes.get(n, "absent"), after.hashes.get(n, "absent")) for n in rest},
    )


def _is_said_by_own_file(name: str, before: Inputs, after: Inputs) -> bool:
    """Say whether a shipped file is kept on one side only: the bank's own file says it all."""
    is_kept_once = not (name in before.hashes and name in after.hashes)
    return is_kept_once and name.startswith(f"{_CONTRACTS}{REPLACED}/")


def lines_of(found: InputDifference) -> list[str]:
    """Return a difference in words, one line each."""
    return [
        *(f"file {name}: {state}" for name, state in found.files.items()),
        *(str(one) for one in found.fields),
        *(f"{name}: remarks only, no figure" for name in found.remarks),
        *(f"sql {name}: {state}" for name, state in found.sql.items()),
        *(f"{name}: {was[:16]} -> {now[:16]}" for name, (was, now) in found.others.items()),
    ]


def _states(
    kind: str, changed: list[str], before: Inputs, after: Inputs
) -> Iterator[tuple[str, str]]:
    for name in changed:
        if name.startswith(kind):
            both = name in before.hashes and name in after.hashes
            state = "changed" if both else "missing" if name in before.hashes else "added"
            yield name.removeprefix(kind), state


def _fields(name: str, before: Inputs, after: Inputs) -> list[FieldDifference]:
    sides = (side.text(name) if name in side.hashes else None for side in (before, after))
    return differences_of_file(name.removeprefix(_CONTRACTS), *sides)
