"""A spoiled file and what must come of it.

The outcome is written beside the file by whoever wrote the file, from what stands in it; nothing here asks the intake.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from governance.intake.model import Status
from tests.intake.examples import contract_of

FIELDS: tuple[Mapping[str, Any], ...] = (
    {"name": "id", "constraints": {"required": True}},
    {"name": "ville"},
    {"name": "montant", "type": "number"},
    {"name": "jour", "type": "date"},
)
KEY = ["id"]
CONTRACT = contract_of(*FIELDS, primaryKey=KEY)
"""The contract of every file of the corpus."""
SCHEMA = {"name": "example", "version": "1", "fields": [dict(field) for field in FIELDS], "primaryKey": KEY}
"""The same as a Table Schema, for the command."""
Place = tuple[int | None, str]


@dataclass(frozen=True)
class Outcome:
    """What must come of a file: the place of each of its rows, and what blocks, as line (or record) and rule.

    A file that is refused has no rows. ``has_lines`` is false where the format has no place to name for a refusal.
    """

    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    twice: tuple[int, ...] = ()
    blocks: tuple[Place, ...] = ()
    has_lines: bool = True

    @property
    def status(self) -> Status:
        """The word for it."""
        return "invalid" if self.bad else "valid" if self.good or self.twice else "unusable"

    @property
    def counts(self) -> dict[str, int]:
        """The counts as the report writes them."""
        good, bad, twice = len(self.good), len(self.bad), len(self.twice)
        return {"in": good + bad + twice, "accepted": good, "quarantined": bad, "duplicates": twice}


def rows(good: Sequence[int] = (), bad: Mapping[int, str] | None = None, twice: Sequence[int] = ()) -> Outcome:
    """Return the outcome of a file whose rows are judged one by one; ``bad`` says the rules, parted by spaces."""
    found = bad or {}
    blocks = tuple((line, rule) for line, rules in sorted(found.items()) for rule in rules.split())
    return Outcome(tuple(good), tuple(sorted(found)), tuple(twice), blocks)


def all_bad(lines: Sequence[int], rule: str, at: int | None) -> Outcome:
    """Return the outcome of a file where one thing, said once, puts every row in quarantine."""
    return Outcome(bad=tuple(lines), blocks=((at, rule),))


def refused(rule: str, line: int | None = None, *, has_lines: bool = True) -> Outcome:
    """Return the outcome of a file that cannot be read."""
    return Outcome(blocks=((line, rule),), has_lines=has_lines)


@dataclass(frozen=True)
class Case:
    """A file of the corpus; ``make`` gives its bytes, ``declared`` what its source declares."""

    name: str
    filename: str
    make: Callable[[], bytes]
    outcome: Outcome
    declared: Mapping[str, Any] = field(default_factory=dict)


def case(name: str, filename: str, content: bytes | Callable[[], bytes], outcome: Outcome, **more: Any) -> Case:
    """Return a case of these bytes."""
    made = content if callable(content) else lambda: content
    return Case(name, filename, made, outcome, **more)
