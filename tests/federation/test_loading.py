"""A wrong declaration is refused with the file, the field and the reason; a right one is read as it was meant."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from governance.federation import DeclarationError, Formats, load_federation, load_organisation

MEMBER: dict[str, Any] = {
    "id": "besne",
    "name": "Besné",
    "kind": "commune",
    "siren": "214400137",
    "insee_code": "44013",
    "cog_year": 2026,
    "population": 3359,
    "sources": [{"dataset": "equipements", "connector": "http_file"}],
}


def _write(folder: Path, declaration: Any, name: str = "besne", kind: str = "members") -> Path:
    path = folder / kind / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(declaration if isinstance(declaration, str) else yaml.safe_dump(declaration))
    return path


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in MEMBER.items() if name != key}


@pytest.mark.parametrize(
    ("declaration", "field"),
    [
        ({**MEMBER, "populaton": 1}, "populaton"),
        ({**MEMBER, "siren": "214400138"}, "check digit"),
        ({**MEMBER, "siret": "2144001370001"}, "14 digits"),
        ({**MEMBER, "siret": 21440013700010}, "siret"),
        ({**MEMBER, "siret": "21440052500013"}, "does not begin with the siren"),
        ({**MEMBER, "siret": "21440013700012"}, "check digit"),
        ({**MEMBER, "insee_code": "4413"}, "insee_code"),
        ({**MEMBER, "population": 0}, "population"),
        (_without("insee_code"), "insee_code"),
        (_without("name"), "name"),
        ({**MEMBER, "id": "autre"}, "differs from the file's name"),
        ({**MEMBER, "sources": MEMBER["sources"] * 2}, r"repeat: \['equipements', 'equipements'\]"),
        ({**MEMBER, "sources": [{"dataset": "equipements", "connecter": "http_file"}]}, r"sources\.0\.connecte?o?r"),
        ("id: [besne", "not valid YAML"),
        ("", "whole file"),
    ],
)
def test_wrong_declaration_is_refused_with_its_file_and_field(tmp_path: Path, declaration: Any, field: str) -> None:
    path = _write(tmp_path, declaration)
    with pytest.raises(DeclarationError, match=field) as caught:
        load_organisation(path)
    assert str(path) in str(caught.value)


def test_example_may_have_any_siren_and_a_real_member_may_not(tmp_path: Path) -> None:
    invented = {**MEMBER, "siren": "123456789"}
    assert load_organisation(_write(tmp_path, {**invented, "example": True})).siren == "123456789"
    with pytest.raises(DeclarationError):
        load_organisation(_write(tmp_path, invented))


def test_a_siret_of_ones_own_may_be_declared(tmp_path: Path) -> None:
    assert load_organisation(_write(tmp_path, {**MEMBER, "siret": "21440013700011"})).siret == "21440013700011"


def test_source_without_an_id_bears_its_dataset_s(tmp_path: Path) -> None:
    assert [source.id for source in load_organisation(_write(tmp_path, MEMBER)).sources] == ["equipements"]


def test_two_sources_of_one_dataset_need_an_id_each(tmp_path: Path) -> None:
    sources = [{**MEMBER["sources"][0], "id": id_} for id_ in ("equipements-nord", "equipements-sud")]
    found = load_organisation(_write(tmp_path, {**MEMBER, "sources": sources})).sources
    assert [source.id for source in found] == ["equipements-nord", "equipements-sud"]


@pytest.mark.parametrize("keys", ["true: [O]\nfalse: [N]", '"true": [O]\n"false": [N]', "True: [O]\nFALSE: [N]"])
def test_words_for_booleans_need_no_quotes_around_their_key(keys: str) -> None:
    formats = Formats.model_validate(yaml.safe_load(keys))
    assert (formats.true, formats.false) == (("O",), ("N",))


def test_variables_are_replaced_and_other_braces_are_left(tmp_path: Path) -> None:
    source = {**MEMBER["sources"][0], "options": {"url": "{sites}/a.csv", "note": "{other}"}}
    path = _write(tmp_path, {**MEMBER, "sources": [source]})
    options = load_organisation(path, {"sites": "https://sites.example"}).sources[0].options
    assert dict(options) == {"url": "https://sites.example/a.csv", "note": "{other}"}


def test_declaration_cannot_be_changed_once_read(tmp_path: Path) -> None:
    member = load_organisation(_write(tmp_path, MEMBER))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(member, "name", "Autre")  # noqa: B010 - kept: the type checker refuses the plain form too


def test_folder_without_a_head_is_no_federation(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="federation.yaml"):
        load_federation(tmp_path)
