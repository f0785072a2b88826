"""What a new version of a contract changes, and whether that is a major, a minor or a patch version (semver.org).

Major: a file that was right may now be wrong, or a reader may miss or misread something. Minor: more is taken or given.
Patch: words only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from governance.contracts.checks import canonical_name
from governance.contracts.keys import FOREIGN, UNIQUE
from governance.contracts.model import Check, Column, Contract

Level = Literal["major", "minor", "patch"]
LEVELS: tuple[Level, ...] = ("patch", "minor", "major")
LIMITS = {"minimum": 1, "min_length": 1, "maximum": -1, "max_length": -1}
"""Bound → the direction in which it becomes stricter."""
NOTATIONS = ("decimal_char", "group_char", "bare_number", "items")
WORDS = ("title", "description", "example", "title_en", "description_en", "tags", "physical_type", "extra")
WORDS_OF_ALL = (
    "title", "title_en", "description", "description_en", "row_is", "licence", "steward", "theme", "hvd_category",
    "applicable_legislation", "frequency", "conforms_to", "keywords",
)  # fmt: skip
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Change:
    """One difference: how much it weighs, where (null: the whole contract), and what it is."""

    level: Level
    column: str | None
    fr: str
    en: str


def _change(column: str | None, level: Level, fr: str, en: str) -> Change:
    return Change(level, column, fr, en)


def _number(value: Any) -> float | str:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _is_stricter(old: Any, new: Any, direction: int) -> bool:
    before, after = _number(old), _number(new)
    if isinstance(before, float) and isinstance(after, float):
        return (after - before) * direction > 0
    return (str(after) > str(before)) if direction > 0 else (str(after) < str(before))


def _flags(old: Column, new: Column) -> Iterator[Change]:
    said = partial(_change, new.name)
    for name, fr, en in (("required", "obligatoire", "required"), ("unique", "unique", "unique")):
        before, after = getattr(old.constraints, name), getattr(new.constraints, name)
        if after and not before:
            yield said("major", f"devient {fr}", f"becomes {en}")
        if before and not after:
            yield said("minor", f"n'est plus {fr}", f"is no longer {en}")


def _values(old: Column, new: Column) -> Iterator[Change]:
    said, before, after = partial(_change, new.name), old.constraints, new.constraints
    if after.pattern != before.pattern:
        level: Level = "minor" if after.pattern is None else "major"
        yield said(level, f"motif : {before.pattern} → {after.pattern}", f"pattern: {before.pattern} → {after.pattern}")
    if before.enum is None and after.enum is not None:
        yield said("major", "n'admet plus que des valeurs d'une liste", "admits values of a list only")
    elif after.enum is None and before.enum is not None:
        yield said("minor", "n'est plus limitée à une liste", "is no longer limited to a list")
    elif before.enum is not None and after.enum is not None:
        gone = [str(value) for value in before.enum if value not in after.enum]
        come = [str(value) for value in after.enum if value not in before.enum]
        if gone:
            yield said("major", f"valeurs retirées : {', '.join(gone)}", f"values withdrawn: {', '.join(gone)}")
        if come:
            yield said("minor", f"valeurs ajoutées : {', '.join(come)}", f"values added: {', '.join(come)}")
    for name, direction in LIMITS.items():
        one, other = getattr(before, name), getattr(after, name)
        if one == other:
            continue
        strict = other is not None and (one is None or _is_stricter(one, other, direction))
        yield said("major" if strict else "minor", f"{name} : {one} → {other}", f"{name}: {one} → {other}")


def _writing(old: Column, new: Column) -> Iterator[Change]:
    """How a value is written; what was read before must still be read, and mean the same."""
    said = partial(_change, new.name)
    for name in ("type", "format"):
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            yield said("major", f"{name} : {one} → {other}", f"{name}: {one} → {other}")
    for name in ("true_values", "false_values", "missing_values"):
        one, other = getattr(old, name) or (), getattr(new, name) or ()
        if set(one) != set(other):
            yield said("major" if set(one) - set(other) else "minor", f"{name} change", f"{name} differ")
    for name in NOTATIONS:
        if getattr(old, name) != getattr(new, name):
            yield said("major", f"{name} change", f"{name} differs")
    if any(getattr(old, name) != getattr(new, name) for name in WORDS):
        yield said("patch", "description ou étiquettes", "description or tags")


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for name in before:
        if name not in after:
            yield _change(name, "major", "colonne retirée", "column withdrawn")
    for name, column in after.items():
        if name in before:
            for differences in (_writing, _flags, _values):
                yield from differences(before[name], column)
        elif column.constraints.required:
            yield _change(name, "major", "colonne obligatoire ajoutée", "required column added")
        else:
            yield _change(name, "minor", "colonne facultative ajoutée", "optional column added")


def _check_key(check: Check) -> str:
    return f"{canonical_name(check.name)} {sorted(check.parameters.items(), key=str)}"


def _rules(old: Contract, new: Contract) -> Iterator[Change]:
    before = {_check_key(check): check for check in old.checks}
    after = {_check_key(check): check for check in new.checks}
    for key, check in after.items():
        came = key not in before or before[key].severity != check.severity
        if came:
            level: Level = "major" if check.severity == "blocks" else "minor"
            words = f"{check.name} ({', '.join(check.columns)}), {check.severity}"
            yield _change(check.columns[0], level, f"contrôle ajouté : {words}", f"check added: {words}")
    for key, check in before.items():
        if key not in after:
            words = f"{check.name} ({', '.join(check.columns)})"
            yield _change(check.columns[0], "minor", f"contrôle retiré : {words}", f"check withdrawn: {words}")
    for name in (FOREIGN, UNIQUE):
        one, other = old.extra.get(name), new.extra.get(name)
        if one != other:
            yield _change(None, "major" if other else "minor", f"{name} change", f"{name} differ")


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Return what differs, the heaviest first."""
    changes = [*_columns(old, new), *_rules(old, new)]
    if old.primary_key != new.primary_key:
        keys = f"({', '.join(old.primary_key)}) → ({', '.join(new.primary_key)})"
        changes.append(_change(None, "major" if new.primary_key else "minor", f"clé : {keys}", f"key: {keys}"))
    if set(old.missing_values) != set(new.missing_values):
        level: Level = "major" if set(old.missing_values) - set(new.missing_values) else "minor"
        changes.append(_change(None, level, "valeurs manquantes", "missing values"))
    if old.classification != new.classification:
        words = f"{old.classification} → {new.classification}"
        changes.append(_change(None, "major", f"niveau d'accès : {words}", f"classification: {words}"))
    if any(getattr(old, name) != getattr(new, name) for name in WORDS_OF_ALL):
        changes.append(_change(None, "patch", "description du jeu de données", "description of the dataset"))
    return tuple(sorted(changes, key=lambda change: -LEVELS.index(change.level)))


def level_of(changes: tuple[Change, ...]) -> Level | None:
    """Return the weight of all changes together; nothing if there are none."""
    return max((change.level for change in changes), key=LEVELS.index, default=None)


def level_said(old: str, new: str) -> Level | None:
    """Return what the version numbers say: the first part that rises; nothing if none does, or one is no version."""
    before, after = _VERSION.fullmatch(old), _VERSION.fullmatch(new)
    if before is None or after is None:
        return None
    one, other = ([int(part or 0) for part in found.groups()] for found in (before, after))
    if other <= one:
        return None
    place = next(index for index in range(3) if one[index] != other[index])
    return LEVELS[2 - place]
