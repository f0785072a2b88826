"""Contracts that any federation can adopt: the national schemas in our words, and what no national schema describes.

A federation's contract is its own: it is a copy made on the day of adoption, under the federation's id and licence,
and what the library says later reaches it only through somebody who compares the two (``archipel contract diff``).
"""

from pathlib import Path
from typing import Any

from governance.contracts.model import Classification, Contract, ContractError
from governance.contracts.odcs import load_contract

LIBRARY = Path(__file__).parent / "library"


def library_names() -> tuple[str, ...]:
    """Return the names of the contracts that can be adopted, in order."""
    return tuple(path.stem for path in sorted(LIBRARY.glob("*.yaml")))


def load_from_library(name: str) -> Contract:
    """Return a contract of the library.

    Raises:
        ContractError: there is none of that name; says which there are.
    """
    if name not in library_names():
        raise ContractError(f"no contract {name!r} in the library; it has: {', '.join(library_names())}")
    return load_contract(LIBRARY / f"{name}.yaml")


def adopt(name: str, contract_id: str, classification: Classification, licence: str) -> Contract:
    """Return a contract of the library as a federation's own; ``licence`` is given to an open one only.

    One that the library calls personal stays so, whatever is asked: that is loosened by a person who edits the file.

    Raises:
        ContractError: the library has none of that name.
    """
    found = load_from_library(name)
    chosen = "personal" if found.classification == "personal" else classification
    own = {"id": contract_id, "classification": chosen, "licence": licence if chosen == "open" else None}
    return as_own(found, **own)


def as_own(found: Contract, **said: Any) -> Contract:
    """Return a contract with what its new owner says of it; marks of what it left unsaid go, since it is said now."""
    extra = {key: value for key, value in found.extra.items() if value is not None}
    written = {**found.model_dump(exclude_unset=True), "version": found.version, "extra": extra}
    return Contract.model_validate({**written, **said})
