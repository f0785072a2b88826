"""Which version of the data is read: the one in use, an earlier one by ``at``, or where ``since`` left off.

The right to read is always that of now. What ``since`` takes is what an earlier answer gave as ``Archipel-Next-Since``:
a version and a hash of the rights at that time. With other rights the differences of the data alone would leave a row
with the caller that they may see no more, so that they start again from the whole feed.
"""

from datetime import UTC, datetime

from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.contracts.model import Contract
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.lake import Lake
from governance.shared_layer import SharedTable, SharedVersion, read_current
from governance.shared_versions import find_version, version_used_at

_SEPARATOR = "."


def version_of(lake: Lake, at: str | None) -> SharedVersion | None:
    """Return the version in use, or the one that ``at`` names by its name or by an instant (ISO 8601; UTC unless said).

    Raises:
        ProblemError: 400, neither; 404, no version of then is known.
    """
    if at is None:
        return read_current(lake)
    named = find_version(lake, at)
    if named is not None:
        return named
    try:
        # A plus sign that was not encoded arrives as a space.
        instant = datetime.fromisoformat(at.replace(" ", "+"))
        instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ProblemError(400, reason("version_unreadable", value=at[:80])) from error
    used = version_used_at(lake, instant)
    if used is None:
        raise ProblemError(404, reason("version_unknown", value=at[:80]))
    return used


def deleted_since(journal: Journal, version: SharedVersion) -> tuple[tuple[str, str], ...]:
    """Return the sources, as (member, source), that a person deleted after a version was made.

    The version stays as it was, as proof of what was given; nobody is given those rows again.
    """
    found = journal.search(Search(kind="source_change", since=version.created_at, limit=10_000))
    deleted = (entry.fields for entry in found if entry.fields.get("action") == "deleted")
    return tuple(sorted({(str(told["member"]), str(told["source"])) for told in deleted}))


def require_same_contract(contract: Contract, table: SharedTable) -> None:
    """Refuse rows that an older major version of the contract shaped: today's rules may mean other columns.

    An earlier contract is a view of the current one, so that the same holds for what is read by it.

    Raises:
        ProblemError: 410.
    """
    contract = contract.served_as or contract
    if table.contract_version.partition(".")[0] != contract.version.partition(".")[0]:
        raise ProblemError(
            410, reason("version_of_another_contract", then=table.contract_version, now=contract.version)
        )


def write_since(version: str, rights: str) -> str:
    """Return what a caller passes as ``since`` next time."""
    return f"{version}{_SEPARATOR}{rights[:16]}"


def read_since(text: str, rights: str) -> str:
    """Return the version that ``since`` names.

    Raises:
        ProblemError: 400, it was not given by the platform; 410, the rights are others now.
    """
    version, separator, then = text.rpartition(_SEPARATOR)
    if not separator or not version or len(then) != 16:
        raise ProblemError(400, reason("since_unreadable", value=text[:80]))
    if then != rights[:16]:
        raise ProblemError(410, reason("since_outdated"))
    return version
