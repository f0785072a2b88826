"""What changed in a feed between two versions, as the caller sees both: rows to put in place, and keys that are gone.

Computed from the immutable versions, by the contract's primary key or else by whole rows, after row filter, masks and
the caller's own filters on either side: a row that leaves what may be seen is gone like one that was deleted, and
nothing tells which.
All rows of a key come when one of them changed, because two members may give the same key (decision 0012).
"""

from collections.abc import Collection, Mapping, Sequence

from governance.api.query import Condition, quote
from governance.api.rows import Relation
from governance.contracts.model import Contract
from governance.decisions.model import Decision

CHANGE = "_change_type"
"""Column that says ``upsert`` (in place of whatever the caller has under that key) or ``delete``."""
_OF_THE_FILE = frozenset({"file_sha256", "line_number", "run_id", "contract_version"})
"""They differ with each file received; a row is no other for it."""


def key_of(contract: Contract, decision: Decision, visible: Collection[str]) -> tuple[str, ...]:
    """Return the columns that rows are told apart by: the contract's key, where the decision shows all of it.

    Without a key that is seen whole a row is told apart by all its visible cells.
    """
    shown = {
        name for name, mask in decision.column_masks.items() if mask.mask in ("show", "hash") and not mask.null_for
    }
    if contract.primary_key and set(contract.primary_key) <= shown & set(visible):
        return contract.primary_key
    return tuple(name for name in visible if name not in _OF_THE_FILE)


def changes_between(
    before: tuple[Relation, Mapping[str, str]],
    after: tuple[Relation, Mapping[str, str]],
    key: Sequence[str],
    conditions: Sequence[Condition],
) -> Relation:
    """Return the changes as a relation: ``_change_type``, then the visible columns; of a deleted row only its key.

    Each side comes with the DuckDB type of its columns. A column that the earlier one has not is empty there.
    """
    kinds = after[1]
    where = " WHERE " + " AND ".join(one.to_sql() for one in conditions) if conditions else ""
    bound = [value for one in conditions for value in one.values]
    earlier = ", ".join(
        quote(name) if name in before[1] else f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in kinds.items()
    )
    compared = ", ".join(quote(name) for name in kinds if name not in _OF_THE_FILE)
    keys = ", ".join(quote(name) for name in key)
    same = " AND ".join(f"later.{quote(name)} IS NOT DISTINCT FROM changed.{quote(name)}" for name in key)
    listed = ", ".join(f"later.{quote(name)}" for name in kinds)
    # kept because every name is quoted and every value bound
    sql = (
        f"WITH earlier AS (SELECT * FROM (SELECT {earlier} FROM ({before[0].sql})){where}),"  # noqa: S608
        f" later AS (SELECT * FROM ({after[0].sql}){where}),"
        f" changed AS (SELECT {keys} FROM (SELECT {compared} FROM later EXCEPT ALL SELECT {compared} FROM earlier)"
        f" UNION SELECT {keys} FROM (SELECT {compared} FROM earlier EXCEPT ALL SELECT {compared} FROM later))"
        f" SELECT 'upsert' AS {CHANGE}, {listed} FROM later SEMI JOIN changed ON {same}"
        f" UNION ALL BY NAME SELECT 'delete' AS {CHANGE}, changed.* FROM changed ANTI JOIN later ON {same}"
    )
    parameters = [*before[0].parameters, *bound, *after[0].parameters, *bound]
    return Relation(f"SELECT * FROM ({sql})", tuple(parameters), after[0].geometry)  # noqa: S608 - as above
