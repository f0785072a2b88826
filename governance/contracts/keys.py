"""Foreign keys and unique keys of a contract, as Table Schema writes them (``foreignKeys``, ``uniqueKeys``).

Kept in ``Contract.extra`` as written, so that a schema comes back as it was; read here into what validation applies.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from governance.contracts.model import Contract, ContractError

FOREIGN, UNIQUE = "foreignKeys", "uniqueKeys"


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values together must stand in ``fields`` of ``resource``; "" is the same file."""

    columns: tuple[str, ...]
    resource: str
    fields: tuple[str, ...]


def _names(raw: Any) -> tuple[str, ...] | None:
    """Return a name or a list of names as a tuple; nothing if it is neither."""
    listed = [raw] if isinstance(raw, str) else raw
    if not isinstance(listed, list | tuple) or not listed or not all(isinstance(name, str) for name in listed):
        return None
    return tuple(listed)


def _foreign_key(raw: Any, known: Collection[str]) -> ForeignKey:
    columns = _names(raw.get("fields")) if isinstance(raw, Mapping) else None
    target = raw.get("reference") if isinstance(raw, Mapping) else None
    if columns is None or not isinstance(target, Mapping):
        raise ContractError("each foreign key needs 'fields' and a 'reference'")
    fields = _names(target.get("fields"))
    alike = isinstance(raw["fields"], str) == isinstance(target.get("fields"), str)
    if fields is None or not alike or len(fields) != len(columns):
        raise ContractError("a foreign key and its reference must name as many fields")
    if set(columns) - set(known):
        raise ContractError(f"foreign key names columns that the schema has not: {sorted(set(columns) - set(known))}")
    resource = target.get("resource", "")
    if not isinstance(resource, str):
        raise ContractError("a foreign key's reference needs 'resource', the name of a dataset")
    if not resource and set(fields) - set(known):
        raise ContractError(
            f"foreign key refers to columns that the schema has not: {sorted(set(fields) - set(known))}"
        )
    return ForeignKey(columns, resource, fields)


def read_foreign_keys(raw: Any, known: Collection[str]) -> tuple[ForeignKey, ...]:
    """Return the foreign keys of a schema whose columns are ``known`` (Table Schema, "Foreign Keys").

    Raises:
        ContractError: one cannot mean anything.
    """
    return tuple(_foreign_key(key, known) for key in (raw if isinstance(raw, list | tuple) else [raw]))


def read_unique_keys(raw: Any, known: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Return the unique keys of a schema: each a set of columns whose values together occur once.

    Raises:
        ContractError: one names nothing, or a column that the schema has not.
    """
    keys = []
    for listed in raw if isinstance(raw, list | tuple) else [raw]:
        names = _names(listed)
        if names is None:
            raise ContractError("uniqueKeys must be a list of columns or of lists of columns")
        if set(names) - set(known):
            raise ContractError(f"uniqueKeys names columns that the schema has not: {sorted(set(names) - set(known))}")
        keys.append(names)
    return tuple(keys)


def foreign_keys_of(contract: Contract) -> tuple[ForeignKey, ...]:
    """Return a contract's foreign keys.

    Raises:
        ContractError: one cannot mean anything.
    """
    known = [column.name for column in contract.columns]
    return read_foreign_keys(contract.extra[FOREIGN], known) if FOREIGN in contract.extra else ()


def unique_keys_of(contract: Contract) -> tuple[tuple[str, ...], ...]:
    """Return a contract's unique keys of several columns (``constraints.unique`` is for one).

    Raises:
        ContractError: one names a column that is not there.
    """
    known = [column.name for column in contract.columns]
    return read_unique_keys(contract.extra[UNIQUE], known) if UNIQUE in contract.extra else ()
