"""Earlier major versions of contracts that sources may still follow: ``contracts/earlier/<id>-<major>.yaml``.

Such a file is the contract as it was, with two properties more: until when it may be followed (``supportedUntil``), and
how its rows become rows of the current one (``upgrade``).
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

from governance.contracts.model import Contract, ContractError
from governance.contracts.odcs import load_contract

FOLDER = "earlier"
_MAJOR = re.compile(r"v?(\d+)")
Earlier = Mapping[tuple[str, int], Contract]
"""By id and major version."""
NONE: Earlier = MappingProxyType({})


def major_of(contract: Contract) -> int | None:
    """Return the major version of a contract, nothing where its version is no number."""
    found = _MAJOR.match(contract.version)
    return int(found[1]) if found else None


def has_ended(contract: Contract, today: date) -> bool:
    """Say whether the last day of an earlier contract is over; the current one has none."""
    return contract.supported_until is not None and contract.supported_until < today


def load_earlier(root: Path, current: Mapping[str, Contract]) -> dict[tuple[str, int], Contract]:
    """Read the earlier versions beside the contracts in a folder, each tied to the current one.

    Raises:
        ContractError: with the file and the reason: it cannot be read, is misnamed, says no end, is not older, or its
            rows cannot become rows of the current contract.
    """
    found = {}
    for path in sorted((root / FOLDER).glob("*.yaml")):
        contract = load_contract(path)
        major, served = major_of(contract), current.get(contract.id)
        if major is None or path.stem != f"{contract.id}-{major}":
            raise ContractError(f"{path}: its name must be {contract.id}-{major}.yaml, by its id and version")
        if served is None or (major_of(served) or 0) <= major:
            raise ContractError(f"{path}: there is no later major version of {contract.id!r}")
        if contract.supported_until is None:
            raise ContractError(f"{path}: supportedUntil is missing: until when may it be followed?")
        _require_upgrade(path, contract, served)
        found[contract.id, major] = contract.model_copy(update={"served_as": served})
    return found


def _require_upgrade(path: Path, contract: Contract, served: Contract) -> None:
    own, theirs = ({column.name for column in one.columns} for one in (contract, served))
    for name, upgrade in contract.upgrade.items():
        if name not in theirs:
            raise ContractError(f"{path}: upgrade: {name!r} is no column of {served.id} {served.version}")
        if (upgrade.source is None) == (upgrade.constant is None):
            raise ContractError(f"{path}: upgrade: {name!r} is made of either a column (from) or a constant")
        if upgrade.source is not None and upgrade.source not in own:
            raise ContractError(f"{path}: upgrade: {upgrade.source!r} is no column of {contract.id} {contract.version}")
    required = {column.name for column in served.columns if column.constraints.required} | set(served.primary_key)
    lacking = sorted(required - own - contract.upgrade.keys())
    if lacking:
        raise ContractError(f"{path}: upgrade: nothing says what becomes of {', '.join(lacking)}, which are required")


def followed(dataset: str, major: int | None, current: Mapping[str, Contract], earlier: Earlier) -> Contract | None:
    """Return the contract that a source follows; nothing where there is none of that dataset and version."""
    contract = current.get(dataset)
    if contract is None or major is None or major == major_of(contract):
        return contract
    return earlier.get((dataset, major))
