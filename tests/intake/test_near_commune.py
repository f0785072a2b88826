"""A point is held to the commune that its row names: how far away it is, and whether its axes were exchanged."""

from pathlib import Path

import pytest

from governance.contracts.model import Contract, ContractError, Place
from governance.contracts.odcs import load_contract
from governance.contracts.places import read_places
from governance.intake.model import RowError
from governance.settings import PROJECT_ROOT
from infra.town_halls.towns import COMMUNES, EPCI
from tests.intake.examples import contract_of, examined

FEDERATION = PROJECT_ROOT / "federation"
RULE = "commune-coordinates-value"
FIELDS = ({"name": "x", "type": "number"}, {"name": "y", "type": "number"}, {"name": "ou"})


def contract(**more: object) -> Contract:
    params = {"longitude": "x", "latitude": "y", "commune": "ou", **more}
    made = contract_of(*FIELDS, custom_checks=[{"name": RULE, "severity": "improves", "params": params}])
    return made.model_copy(update={"places": read_places(FEDERATION / "places.csv")})


def told(folder: Path, *rows: str, by: Contract | None = None) -> list[RowError]:
    answer = examined(folder, "\n".join(["x;y;ou", *rows]) + "\n", by or contract())
    assert answer.report.rows.accepted == len(rows)
    return [error for error in answer.report.errors if error.rule == RULE]


@pytest.mark.parametrize("key", ["44184", "214401846", "21440184600013"])
def test_commune_is_named_by_insee_code_siren_or_siret(tmp_path: Path, key: str) -> None:
    assert told(tmp_path, f"-2.2137;47.2805;{key}") == []
    (error,) = told(tmp_path, f"-1.5536;47.2184;{key}")  # Nantes
    assert (error.line, error.column) == (2, "x")
    assert "à 45 km de ses limites" in error.message_fr


def test_exchanged_axes_are_said(tmp_path: Path) -> None:
    (error,) = told(tmp_path, "47.2805;-2.2137;44184")
    assert "(longitude ↔ latitude)" in error.message_fr
    assert "(longitude ↔ latitude)" not in told(tmp_path, "4.8;45.7;44184")[0].message_fr


def test_point_just_behind_the_border_is_near_unless_the_contract_says_otherwise(tmp_path: Path) -> None:
    behind = "-2.2450;47.3500;44184"  # 8.3 km from the centre of a circle of 7.5
    assert told(tmp_path, behind) == []
    assert len(told(tmp_path, behind, by=contract(margin_km=0.5))) == 1


@pytest.mark.parametrize("row", ["-1.5;47.2;75056", ";47.2;44184", "-1.5;;44184", "-1.5;47.2;"])
def test_nothing_is_said_of_what_is_not_known(tmp_path: Path, row: str) -> None:
    assert told(tmp_path, row) == []


def test_nothing_is_said_where_no_place_is_declared(tmp_path: Path) -> None:
    assert told(tmp_path, "-1.5;47.2;44184", by=contract().model_copy(update={"places": {}})) == []


def test_each_row_has_its_own_distance(tmp_path: Path) -> None:
    errors = told(tmp_path, "-1.5536;47.2184;44184", "-2.2137;47.2805;44184", "2.3522;48.8566;44184")
    assert [error.line for error in errors] == [2, 4]
    assert ["45 km" in errors[0].message_fr, "377 km" in errors[1].message_fr] == [True, True]


def test_circles_of_the_federation_hold_its_town_halls() -> None:
    places = read_places(FEDERATION / "places.csv")
    for town in (*COMMUNES, EPCI):
        place = places[town.siren]
        assert town.insee == "" or places[town.insee] == place
        east = (town.longitude - place.longitude) * 75.5  # kilometres of a degree at this latitude
        north = (town.latitude - place.latitude) * 111.2
        assert (east**2 + north**2) ** 0.5 < place.radius_km


def test_contract_of_the_federation_carries_the_circles_and_others_do_not() -> None:
    assert load_contract(FEDERATION / "contracts" / "equipements.yaml").places["44184"].radius_km == 7.5
    assert load_contract(FEDERATION / "contracts" / "subventions.yaml").places == {}
    library = PROJECT_ROOT / "governance" / "contracts" / "library"
    assert load_contract(library / "equipements.yaml").places == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("44184,214401846,-2.2,47.2,", "radius_km"),
        ("44184,214401846,-200,47.2,7", "longitude"),
        ("4418,,-2.2,47.2,7", "insee_code"),
        (",,-2.2,47.2,7", "an INSEE code or SIREN"),
        ("44013,,-2.2,47.2,7", "only once"),
    ],
)
def test_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "places.csv"
    path.write_text(f"insee_code,siren,longitude,latitude,radius_km\n44013,,-2.1,47.4,5\n{line}\n", encoding="utf-8")
    with pytest.raises(ContractError, match=f"line 3: .*{words}"):
        read_places(path)


@pytest.mark.parametrize("params", [{"margin_km": "1"}, {"commune": "absent"}, {"longitude": "ou"}])
def test_check_that_cannot_be_applied_is_refused_with_the_contract(tmp_path: Path, params: dict[str, object]) -> None:
    with pytest.raises(ContractError, match=RULE):
        told(tmp_path, "1;2;44184", by=contract(**params))


def test_circles_stay_with_the_contract_that_a_run_keeps() -> None:
    kept = Contract.model_validate_json(contract().model_dump_json())
    assert kept.places["44013"] == Place(longitude=-2.09, latitude=47.4, radius_km=5)
