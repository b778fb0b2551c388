"""What may not change without approval: objects, their content and its hash.

A governed object is one YAML file that moves results by decision (an assumption, a scenario and the
quotes it replays, a rule pack, the limits, the product map, the curves, the approval policy) or the
definitions of the close in `alm.yaml`. Its hash is of what the file says, not of how it is written:
a comment is no change. What a change does is measured elsewhere, and so is who approved it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alm_pipeline.inputs.approvals import POLICY_FILE
from alm_pipeline.inputs.yaml_files import COMPLETE_SET, parsed_yaml

__all__ = [
    "POLICY",
    "SETTINGS",
    "GovernedSet",
    "governed_set",
    "write_overlay",
]

FOLDERS = ("assumptions", "quote_history", "rules", "scenarios")
FILES = ("curves.yaml", "limits.yaml", "products.yaml", POLICY_FILE)
SETTINGS, POLICY = "settings", "approval_policy"
_DEFINITIONS = ("closing_scenarios", "eve_margins", "nii_base_path")


@dataclass(frozen=True)
class GovernedSet:
    """The governed objects as one close had them.

    Attributes
    ----------
    texts : mapping of str to str
        Text of every governed file by its path relative to `data_contracts/`.
    definitions : mapping of str to str
        Definitions of the close that `alm.yaml` makes.
    """

    texts: Mapping[str, str]
    definitions: Mapping[str, str]

    @staticmethod
    def is_governed(path: str) -> bool:
        """Say whether a file below `data_contracts/` is a governed object."""
        return path in FILES or (path.partition("/")[0] in FOLDERS and path.count("/") == 1)

    @property
    def objects(self) -> list[str]:
        """Names of all objects, in order."""
        return sorted([*(_name(path) for path in self.texts), SETTINGS])

    def content(self, name: str) -> Mapping[str, object] | None:
        """Return what an object says; None where there is no such object."""
        if name == SETTINGS:
            return dict(self.definitions)
        text = self.texts.get(f"{name}.yaml")
        return None if text is None else parsed_yaml(text, f"{name}.yaml")

    def content_hash(self, name: str) -> str:
        """Return the hash of what an object says; empty where there is no such object."""
        content = self.content(name)
        if content is None:
            return ""
        said = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()

    def changed(self, before: GovernedSet) -> list[str]:
        """Return the objects that say something else than before, added and removed ones too."""
        names = [n for n in {*self.objects, *before.objects} if not self._reads_as(before, n)]
        return sorted(n for n in names if self.content_hash(n) != before.content_hash(n))

    def _reads_as(self, other: GovernedSet, name: str) -> bool:
        """Say whether an object is the same to the letter, which is quicker than what it says."""
        if name == SETTINGS:
            return self.definitions == other.definitions
        return self.texts.get(f"{name}.yaml") == other.texts.get(f"{name}.yaml")

    def with_objects(self, names: set[str], other: GovernedSet) -> GovernedSet:
        """Return this set with some objects as another set has them."""
        kept = {path: text for path, text in self.texts.items() if _name(path) not in names}
        taken = {path: text for path, text in other.texts.items() if _name(path) in names}
        definitions = other.definitions if SETTINGS in names else self.definitions
        return GovernedSet(kept | taken, definitions)

    def said(self, name: str) -> str:
        """Return an object as one text; empty where there is no such object."""
        if name == SETTINGS:
            return json.dumps(dict(self.definitions), sort_keys=True)
        return self.texts.get(f"{name}.yaml", "")

    def with_said(self, said: Mapping[str, str]) -> GovernedSet:
        """Return this set with some objects as `said` has them; an empty text removes one."""
        files = {f"{name}.yaml": text for name, text in said.items() if name != SETTINGS}
        texts = {path: text for path, text in ({**self.texts, **files}).items() if text}
        definitions = json.loads(said[SETTINGS]) if SETTINGS in said else self.definitions
        return GovernedSet(texts, definitions)

    def people(self, name: str) -> tuple[str, str]:
        """Return the owner and the approver that an object names; empty where it names none."""
        content = self.content(name) or {}
        common = content.get("common")
        places = [content, common if isinstance(common, dict) else {}]
        found = [
            next((str(place[key]) for place in places if place.get(key)), "")
            for key in ("owner", "approver")
        ]
        return found[0], found[1]


def governed_set(texts: Mapping[str, str], definitions: Mapping[str, str]) -> GovernedSet:
    """Return the governed objects among the files in force."""
    return GovernedSet(
        {path: text for path, text in sorted(texts.items()) if GovernedSet.is_governed(path)},
        {name: definitions[name] for name in _DEFINITIONS},
    )


def write_overlay(governed: GovernedSet, texts: Mapping[str, str], folder: Path) -> Path:
    """Write a complete set of files: the governed ones as given, all others as in `texts`."""
    others = {path: text for path, text in texts.items() if not GovernedSet.is_governed(path)}
    for path, text in (others | dict(governed.texts)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    (folder / COMPLETE_SET).touch()
    return folder


def _name(path: str) -> str:
    return path.removesuffix(".yaml")
