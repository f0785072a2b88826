"""Rules that only several rows together can break: unique values, primary, unique and foreign keys.

Keys are judged within a file. A row equal in every cell to an earlier one is a duplicate, no breach: it is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from governance.contracts.keys import ForeignKey, foreign_keys_of, unique_keys_of
from governance.contracts.model import Contract

FIRST = "\x1ffirst"
"""Column of a repeat: the index of the row whose key it repeats."""


class Found(Protocol):
    """Makes errors of rows at fault."""

    def __call__(self, at: pl.Series, column: str, rule: str, firsts: pl.Series | None = None) -> pl.DataFrame:
        """Take indexes of rows; ``firsts`` are the rows that had the key before, one for one."""


INDEX = "\x1findex"
FILE = "\x1ffile"
LOOKED_AT = 1000
TELLING = 4
OWNER = "\x1fowner"
"""Column of rows referred to: whose they are. Files of others do not refer to them; without it, all do."""


@dataclass(frozen=True)
class Judgeable:
    """The typed columns with ``FILE``, which rows count (no repeats), and the rows of other datasets by name.

    ``owners`` says whose each file is (``FILE``, ``OWNER``).
    """

    values: pl.DataFrame
    once: pl.Series
    references: Mapping[str, pl.DataFrame]
    owners: pl.DataFrame


def _filled(names: Sequence[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(names).is_not_null())


def _repeats(rows: Judgeable, names: Sequence[str]) -> pl.DataFrame:
    """Return the rows (``INDEX``) whose key, complete, an earlier row of the same file (``FIRST``) already has."""
    chosen = (
        rows.values.select(FILE, *names)
        .with_row_index(INDEX)
        .filter(rows.once & rows.values.select(_filled(names)).to_series())
    )
    is_first = chosen.select(pl.struct(FILE, *names).is_first_distinct()).to_series()
    again, firsts = chosen.filter(~is_first), chosen.filter(is_first).rename({INDEX: FIRST})
    return again.join(firsts, on=[FILE, *names], how="left", maintain_order="left").select(INDEX, FIRST)


def _like(wanted: pl.DataFrame, names: Sequence[str], other: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Bring two keys to types that can be compared: numbers as numbers, anything that differs as text."""
    for name in names:
        ours, theirs = wanted.schema[name], other.schema[name]
        if ours != theirs:
            common = pl.Float64 if ours.is_numeric() and theirs.is_numeric() else pl.String
            wanted, other = (
                wanted.with_columns(pl.col(name).cast(common)),
                other.with_columns(pl.col(name).cast(common)),
            )
    return wanted, other


def _orphans(rows: Judgeable, key: ForeignKey) -> pl.Series:
    """Return the indexes of rows whose key, complete, stands nowhere in what it refers to (SQL's MATCH SIMPLE)."""
    names = list(key.columns)
    chosen = rows.values.select(FILE, *names).with_row_index(INDEX).filter(_filled(names))
    if key.resource and OWNER in rows.references[key.resource].columns:
        there = rows.references[key.resource].select(OWNER, *key.fields).unique()
        there.columns = on = [OWNER, *names]
        judged = rows.owners.join(there, on=OWNER, how="semi")
        chosen = chosen.join(judged, on=FILE, how="inner", maintain_order="left")
    elif key.resource:
        there = rows.references[key.resource].select(pl.col(list(key.fields))).unique()
        there.columns = on = names
    else:
        there = rows.values.select(FILE, *key.fields).unique()
        there.columns = [FILE, *names]
        on = [FILE, *names]
    chosen, there = _like(chosen, names, there)
    return chosen.join(there, on=on, how="anti", maintain_order="left")[INDEX]


def unresolved(
    contract: Contract, references: Mapping[str, pl.DataFrame], owner: str | None = None
) -> list[ForeignKey]:
    """Return the foreign keys that cannot be judged, since the rows or columns referred to are not at hand.

    With an ``owner``, also those to a dataset of which rows are at hand, but none of that owner's.
    """
    return [
        key
        for key in foreign_keys_of(contract)
        if key.resource and not _is_at_hand(key, references.get(key.resource), owner)
    ]


def _is_at_hand(key: ForeignKey, there: pl.DataFrame | None, owner: str | None) -> bool:
    if there is None or not set(key.fields) <= set(there.columns):
        return False
    return owner is None or OWNER not in there.columns or bool((there[OWNER] == owner).any())


def keys_of_rows(contract: Contract) -> list[tuple[str, ...]]:
    """Return every set of columns whose values may stand in one row only."""
    unique = [(column.name,) for column in contract.columns if column.constraints.unique]
    primary = [tuple(contract.primary_key)] if contract.primary_key else []
    return [*unique, *primary, *(tuple(names) for names in unique_keys_of(contract))]


def telling_columns(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the few columns that tell rows apart best, by the first rows.

    Rows that are equal are equal in these; to hash all columns costs as many times more as there are.
    """
    head = rows.head(LOOKED_AT)
    return sorted(names, key=lambda name: head[name].n_unique(), reverse=True)[:TELLING]


def repeat_errors(rows: Judgeable, contract: Contract, found: Found) -> Iterator[pl.DataFrame]:
    """Give the errors of keys that another row already has."""
    keys = [([column.name], "unique") for column in contract.columns if column.constraints.unique]
    keys += [(list(contract.primary_key), "primary-key")] if contract.primary_key else []
    keys += [(list(names), "unique-key") for names in unique_keys_of(contract)]
    for names, rule in keys:
        repeats = _repeats(rows, names)
        yield found(repeats[INDEX], names[0], rule, repeats[FIRST])


def reference_errors(rows: Judgeable, contract: Contract, found: Found) -> Iterator[pl.DataFrame]:
    """Give the errors of keys that one row has by itself: a primary key's columns must be filled (Table Schema,
    "Primary Key"), and a foreign key must stand where it refers to."""
    for name in contract.primary_key:
        if not contract.column(name).constraints.required:
            yield found(rows.values[name].is_null().arg_true(), name, "required")
    unjudged = unresolved(contract, rows.references)
    for foreign in foreign_keys_of(contract):
        if foreign not in unjudged:
            yield found(_orphans(rows, foreign), foreign.columns[0], "foreign-key")


def key_errors(rows: Judgeable, contract: Contract, found: Found) -> Iterator[pl.DataFrame]:
    """Give the errors of every key."""
    yield from repeat_errors(rows, contract, found)
    yield from reference_errors(rows, contract, found)
