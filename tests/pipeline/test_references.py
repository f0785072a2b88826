"""A row may refer to rows of another dataset of the same member: checked in order, told as not checked otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from governance.contracts.model import Contract
from governance.contracts.order import Order
from governance.deliverables.kept_file import reexamine
from governance.federation import load_federation
from governance.pipeline.harvest import harvest
from governance.pipeline.run_reports import read_run_report
from governance.state.receipts import Receipt
from tests.pipeline.conftest import World, place

SITES = "lieux_covoiturage"
PLACES = "equipements"


def _referring(contract: Contract, column: str, to: str, field: str) -> Contract:
    key = {"fields": column, "reference": {"resource": to, "fields": field}}
    return contract.model_copy(update={"extra": {**contract.extra, "foreignKeys": [key]}})


def _with_contracts(world: World, *changed: Contract) -> World:
    contracts: Mapping[str, Contract] = {**world.platform.contracts, **{one.id: one for one in changed}}
    return replace(world, platform=replace(world.platform, contracts=contracts))


@pytest.fixture
def referring(world: World) -> World:
    """Both communes give a second dataset, ``visites`` (invented), each row of which names a car-sharing place."""
    visits = Contract.model_validate(
        {
            "id": "visites",
            "version": "1.0.0",
            "title": "Visites (exemple)",
            "columns": [{"name": "visite"}, {"name": "lieu"}],
            "extra": {"foreignKeys": [{"fields": "lieu", "reference": {"resource": SITES, "fields": "id_local"}}]},
        }
    )
    for member, folder in world.folders.items():
        path = world.platform.settings.federation_dir / "members" / f"{member}.yaml"
        declared: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        options = {"folder": str(folder), "pattern": "*.txt"}
        # Declared first, so that order comes from the contracts and not from the file.
        declared["sources"].insert(0, {"dataset": "visites", "connector": "local_folder", "options": options})
        path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    federation = load_federation(world.platform.settings.federation_dir)
    return _with_contracts(replace(world, platform=replace(world.platform, federation=federation)), visits)


def _visits(world: World, member: str, *places: str) -> None:
    lines = [f"v{number};{named}" for number, named in enumerate(places, 1)]
    (world.folders[member] / "visites.txt").write_text("\n".join(["visite;lieu", *lines]) + "\n", encoding="utf-8")


def _harvest(world: World) -> dict[tuple[str, str], Receipt]:
    came = harvest(world.platform, list(world.platform.federation.sources()))
    return {(receipt.member_id, receipt.source_id): receipt for receipt in came}


def _rules(world: World, receipt: Receipt) -> list[tuple[str, int | None]]:
    kept = read_run_report(world.platform.lake, receipt)
    assert kept is not None
    return [(error.rule, error.line) for error in kept.report.errors]


def test_reference_is_checked_in_the_same_harvest_against_the_members_own_rows(referring: World) -> None:
    referring.write("donges", place(1), place(2))
    referring.write("trignac", place(3, "44210"))
    _visits(referring, "donges", "44052-C-001", "44210-C-003")
    _visits(referring, "trignac", "44210-C-003", "44052-C-001")
    receipts = _harvest(referring)
    for member in ("donges", "trignac"):
        receipt = receipts[member, "visites"]
        assert (receipt.rows_accepted, receipt.rows_quarantined) == (1, 1)
        assert _rules(referring, receipt) == [("foreign-key", 3)]


def test_reference_to_what_the_member_does_not_give_is_told_as_not_checked(referring: World) -> None:
    referring.write("trignac", place(3, "44210"))
    _visits(referring, "donges", "44052-C-001")
    _visits(referring, "trignac", "44210-C-003")
    receipts = _harvest(referring)
    assert _rules(referring, receipts["donges", "visites"]) == [("foreign-key-unchecked", None)]
    assert receipts["donges", "visites"].rows_accepted == 1
    assert _rules(referring, receipts["trignac", "visites"]) == []


def test_file_is_judged_again_when_what_it_refers_to_came_or_changed(referring: World) -> None:
    _visits(referring, "donges", "44052-C-001")
    assert _rules(referring, _harvest(referring)["donges", "visites"]) == [("foreign-key-unchecked", None)]
    referring.write("donges", place(1))
    _harvest(referring)
    again = _harvest(referring)["donges", "visites"]
    assert (again.outcome, _rules(referring, again)) == ("accepted", [])
    assert _harvest(referring)["donges", "visites"].outcome == "unchanged"


def test_run_judged_once_more_is_held_against_the_rows_of_then(referring: World) -> None:
    referring.write("donges", place(1))
    _visits(referring, "donges", "44052-C-001", "44052-C-009")
    receipt = _harvest(referring)["donges", "visites"]
    referring.write("donges", place(9))
    _harvest(referring)
    again = reexamine(referring.platform, receipt)
    assert again is not None
    assert again.examined.accepted["lieu"].to_list() == ["44052-C-001"]


def test_circle_of_references_is_told_as_not_checked(referring: World) -> None:
    there = referring.platform.contracts
    circle = _with_contracts(referring, _referring(there[SITES], "id_local", "visites", "lieu"))
    circle.write("donges", place(1))
    _visits(circle, "donges", "44052-C-001")
    receipts = _harvest(circle)
    for source in (SITES, "visites"):
        told = [found for found in _rules(circle, receipts["donges", source]) if "foreign-key" in found[0]]
        assert told == [("foreign-key-unchecked", None)]


def test_order_puts_what_is_referred_to_first(world: World) -> None:
    there = world.platform.contracts
    contracts = {**there, SITES: _referring(there[SITES], "id_local", PLACES, "id")}
    order = Order(contracts)
    assert order.rank(PLACES) < order.rank(SITES)
    assert order.referred_to(contracts[SITES]) == (PLACES,)
    assert order.referred_to(there["subventions"]) == ()
