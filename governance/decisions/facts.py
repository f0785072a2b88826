"""The facts that the policy decides upon: organisations, datasets, agreements and closures, as one document.

Facts are objects keyed by id, agreements by assignee then target: a decision costs the same with one agreement
and with twenty thousand.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from governance.contracts.model import Contract
from governance.contracts.odcs import load_contracts
from governance.decisions.agreements import Agreement, check_against_contract, load_agreements, place_of
from governance.decisions.closures import Closure, load_closures
from governance.decisions.model import PROVENANCE_COLUMNS
from governance.declared_place import Place, Wrong
from governance.federation import DeclarationError, Federation, load_federation
from governance.settings import Settings


def _place_of(closure: Closure, field: str) -> Place:
    return Place(Path("rules") / f"{closure.id}.yaml", (field,))


def _nobody(identifier: str) -> str:
    return f"« {identifier} » n'est ni un membre ni un partenaire."


def _no_dataset(identifier: str) -> str:
    return f"Il n'y a pas de jeu de données « {identifier} »."


def _dataset_facts(contract: Contract, federation: Federation) -> dict[str, Any]:
    steward = federation.head.siren
    if contract.steward is not None:
        if contract.steward not in federation.organisations:
            wrong = Wrong(Place(Path("contracts") / f"{contract.id}.yaml"), french=_nobody(contract.steward))
            raise DeclarationError(
                f"contract {contract.id}: steward {contract.steward!r} is no member or partner", wrong
            )
        steward = federation.organisations[contract.steward].siren
    providers = {who.id: who.siren for who, source in federation.sources() if source.dataset == contract.id}
    columns = {column.name: sorted(column.tags) for column in contract.columns}
    return {
        "classification": contract.classification,
        "version": contract.version,
        "steward": steward,
        "providers": providers,
        "columns": columns | {name: ["provenance"] for name in PROVENANCE_COLUMNS},
    }


def _agreement_facts(agreement: Agreement) -> dict[str, Any]:
    """What the policy compares; titles, notes and history stay out of the engine."""
    told = {
        "state", "assigner", "actions", "purposes", "channels", "legal_basis", "row_filter", "columns", "duties",
    }  # fmt: skip
    facts = agreement.model_dump(mode="json", include=told, exclude_defaults=False)
    facts["columns"] = {
        name: mask.model_dump(mode="json", exclude_none=True, exclude={"null_for"})
        for name, mask in agreement.columns.items()
    }
    facts["duties"] = [duty.model_dump(exclude_none=True) for duty in agreement.duties]
    facts["valid_from"] = agreement.begins_at.isoformat().replace("+00:00", "Z")
    facts["valid_until"] = agreement.ends_at.isoformat().replace("+00:00", "Z")
    facts["first_day"] = agreement.valid_from.isoformat()
    facts["last_day"] = agreement.valid_until.isoformat()
    return facts


def _closure_facts(closure: Closure, contract: Contract, federation: Federation) -> dict[str, Any]:
    who = federation.organisations.get(closure.by)
    if who is None:
        wrong = Wrong(_place_of(closure, "by"), french=_nobody(closure.by))
        raise DeclarationError(f"rule {closure.id}: {closure.by!r} is no member or partner", wrong)
    known = {column.name for column in contract.columns} | set(PROVENANCE_COLUMNS)
    for column in sorted(set(closure.columns) - known):
        french = f"Le jeu « {contract.id} » n'a pas de colonne « {column} »."
        wrong = Wrong(_place_of(closure, "columns"), french=french)
        raise DeclarationError(f"rule {closure.id}: {contract.id} has no column {column!r}", wrong)
    return {
        "level": "federation" if who.siren == federation.head.siren else "member",
        "member_id": closure.by,
        "columns": list(closure.columns),
        "channels": list(closure.channels),
        "ground": closure.ground,
    }


def policy_data(
    federation: Federation,
    contracts: Mapping[str, Contract],
    agreements: Mapping[str, Agreement],
    closures: Mapping[str, Closure],
) -> dict[str, Any]:
    """The document of the bundle of data: everything under ``facts``, keyed by id, without names or contacts.

    Raises:
        DeclarationError: an agreement or a closure speaks of an organisation, dataset or column that is not there.
    """
    by_assignee: dict[str, dict[str, dict[str, Any]]] = {}
    for agreement in agreements.values():
        if agreement.target not in contracts:
            wrong = Wrong(place_of(agreement.id, "target"), french=_no_dataset(agreement.target))
            raise DeclarationError(f"agreement {agreement.id}: no dataset {agreement.target!r}", wrong)
        for field, siren in (("assigner", agreement.assigner), ("assignee", agreement.assignee)):
            if siren not in federation.by_siren:
                french = f"Aucun membre ni partenaire n'a le SIREN {siren}."
                wrong = Wrong(place_of(agreement.id, field), french=french)
                raise DeclarationError(f"agreement {agreement.id}: no organisation has SIREN {siren}", wrong)
        check_against_contract(agreement, contracts[agreement.target])
        held = by_assignee.setdefault(agreement.assignee, {}).setdefault(agreement.target, {})
        held[agreement.id] = _agreement_facts(agreement)
    closed: dict[str, dict[str, Any]] = {}
    for closure in closures.values():
        if closure.dataset not in contracts:
            wrong = Wrong(_place_of(closure, "dataset"), french=_no_dataset(closure.dataset))
            raise DeclarationError(f"rule {closure.id}: no dataset {closure.dataset!r}", wrong)
        facts = _closure_facts(closure, contracts[closure.dataset], federation)
        closed.setdefault(closure.dataset, {})[closure.id] = facts
    return {
        "facts": {
            "organisations": {siren: {"id": who.id} for siren, who in federation.by_siren.items()},
            "datasets": {name: _dataset_facts(contract, federation) for name, contract in contracts.items()},
            "agreements": by_assignee,
            "closures": closed,
        }
    }


def current_facts(settings: Settings, agreements: Mapping[str, Agreement] | None = None) -> dict[str, Any]:
    """The facts of this installation's declarations, with other agreements than those declared where some are given.

    Raises:
        DeclarationError, ContractError: a declaration cannot be used.
    """
    root = settings.federation_dir
    return policy_data(
        load_federation(root, {"example_sites": settings.example_sites_address}),
        load_contracts(root / "contracts"),
        load_agreements(root) if agreements is None else agreements,
        load_closures(root),
    )
