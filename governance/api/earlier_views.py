"""A feed as an earlier major version of its contract shows it, until the last day of that version.

The decision is made on the current contract alone; what it leaves of each column is then put under the name, and in the
words, that the earlier contract had. So the earlier version shows nothing that the current one hides.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from governance.api.problems import ProblemError
from governance.api.query import quote
from governance.api.words import reason
from governance.api.writing import literal
from governance.contracts.earlier import has_ended, major_of
from governance.contracts.model import Column, Contract
from governance.decisions.model import PROVENANCE_COLUMNS, Decision
from governance.platform import Platform

_KINDS = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP"}
"""DuckDB's types of a contract's; any other is text, as in accepted rows."""


@dataclass(frozen=True)
class _Origin:
    """What a column of an earlier contract is read from: a column of the current one, and its values by theirs."""

    column: Column
    codes: Mapping[str, str]


def earlier_contracts(platform: Platform, dataset: str) -> Iterator[Contract]:
    """Give the earlier contracts by which a dataset may still be read, the latest first."""
    return (contract for contract in _readable(platform, dataset) if not has_ended(contract, _today()))


def contract_read(platform: Platform, current: Contract, major: str) -> Contract:
    """Return the version of a contract that is asked for by its major number.

    Raises:
        ProblemError: 404, there is none that rows can be shown by; 410, its last day is over.
    """
    if major == str(major_of(current)):
        return current
    readable = {str(major_of(one)): one for one in _readable(platform, current.id)}
    found = readable.get(major)
    if found is None:
        open_ones = [str(major_of(one)) for one in earlier_contracts(platform, current.id)]
        known = ", ".join([str(major_of(current)), *open_ones])
        raise ProblemError(404, reason("contract_version_unknown", dataset=current.id, value=major[:20], known=known))
    if has_ended(found, _today()):
        day = str(found.supported_until)
        told = {"dataset": current.id, "version": found.version, "day": day, "now": current.version}
        raise ProblemError(410, reason("contract_version_ended", **told))
    return found


def seen_decision(decision: Decision, contract: Contract) -> Decision:
    """Return a decision on the current contract with its masks under the names of an earlier one; else unchanged."""
    if contract.served_as is None:
        return decision
    masks = {
        name: decision.column_masks[origin.column.name]
        for name, origin in _origins(contract).items()
        if origin.column.name in decision.column_masks
    }
    masks |= {name: mask for name, mask in decision.column_masks.items() if name in PROVENANCE_COLUMNS}
    return decision.model_copy(update={"column_masks": masks})


def seen_columns(decision: Decision, contract: Contract, present: Collection[str]) -> dict[str, str]:
    """Return the columns of an earlier contract that a decision shows, each with its SQL over the current ones."""
    kinds = {column.name: column.type for column in contract.columns}
    shown = {
        name: _value(origin, kinds[name], is_clear=decision.column_masks[origin.column.name].mask == "show")
        for name, origin in _origins(contract).items()
        if origin.column.name in present and decision.shows(origin.column.name)
    }
    return shown | {name: quote(name) for name in PROVENANCE_COLUMNS if name in present and decision.shows(name)}


def _today() -> date:
    return datetime.now(UTC).date()


def _readable(platform: Platform, dataset: str) -> list[Contract]:
    """The earlier contracts of a dataset all of whose promises can still be told, the latest first."""
    found = [one for (name, _), one in platform.earlier.items() if name == dataset and _is_readable(one)]
    return sorted(found, key=lambda one: -(major_of(one) or 0))


def _origins(contract: Contract) -> dict[str, _Origin]:
    """What each column of an earlier contract is read from; one that nothing of today tells is not among them.

    ``upgrade`` read backwards: where several values became one, the first of them is what is given back.
    """
    served = contract.served_as
    today = {column.name: column for column in served.columns} if served else {}
    found: dict[str, _Origin] = {}
    for name, upgrade in contract.upgrade.items():
        if upgrade.source is not None and upgrade.source not in found:
            codes: dict[str, str] = {}
            for then, now in upgrade.codes.items():
                codes.setdefault(now, then)
            found[upgrade.source] = _Origin(today[name], codes)
    for column in contract.columns:
        if column.name not in found and column.name in today and column.name not in contract.upgrade:
            found[column.name] = _Origin(today[column.name], {})
    return {column.name: found[column.name] for column in contract.columns if column.name in found}


def _is_readable(contract: Contract) -> bool:
    """Whether all that the earlier contract promises can still be told."""
    required = {column.name for column in contract.columns if column.constraints.required}
    return required | set(contract.primary_key) <= _origins(contract).keys()


def _value(origin: _Origin, kind: str, *, is_clear: bool) -> str:
    """SQL of a value as it was written; what a mask has altered stays as the mask left it."""
    name = quote(origin.column.name)
    if not is_clear or (kind == origin.column.type and not origin.codes):
        return name
    text = f"CAST({name} AS VARCHAR)"
    for now, then in origin.codes.items():
        # One inside the other would exchange values twice, so that each looks at the value of today alone.
        text = f"CASE WHEN CAST({name} AS VARCHAR) = {literal(now)} THEN {literal(then)} ELSE {text} END"
    return f"TRY_CAST({text} AS {_KINDS[kind]})" if kind in _KINDS else text
