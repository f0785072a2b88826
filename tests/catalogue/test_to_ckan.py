"""What CKAN is sent, and what has to be written: pure, so that it is held without a CKAN too."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from governance.catalogue.ckan.differences import canonical, revision
from governance.catalogue.ckan.open_rows import MARK
from governance.catalogue.ckan.to_ckan import (
    OWNED_BY_US,
    OWNED_BY_US_IN_ORGANISATIONS,
    OWNED_BY_US_IN_RESOURCES,
    CkanDataset,
    as_tag,
    ckan_dataset,
    organisation_fields,
)
from governance.settings import PROJECT_ROOT
from tests.catalogue.world import PUBLIC, World

EXTENSION = PROJECT_ROOT / "infra" / "ckan" / "extension" / "archipel_ckan"
NEVER_OURS = {"editorial_note", "tag_string", "name"}


def _schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((EXTENSION / name).read_text(encoding="utf-8"))
    return loaded


def _names(fields: list[dict[str, Any]]) -> set[str]:
    return {field["field_name"] for field in fields}


def _kept(wanted: CkanDataset) -> dict[str, Any]:
    """What CKAN answers once it has what was sent: numbers of its own fields as text, nothing where it is empty."""
    fields = {name: str(value) if isinstance(value, int) else value for name, value in wanted.fields.items() if value}
    resources = [dict(resource) for resource in wanted.resources]
    return {**fields, "tags": [{"name": tag} for tag in wanted.tags], "resources": resources, "state": "active"}


@pytest.fixture
def wanted(world: World) -> CkanDataset:
    catalogue = world.publish().catalogue
    return ckan_dataset(catalogue, catalogue.datasets[0])


def test_every_field_of_ours_is_sent_and_no_other(world: World) -> None:
    catalogue = world.publish().catalogue
    for dataset in catalogue.datasets:
        sent = ckan_dataset(catalogue, dataset)
        assert set(sent.fields) == set(OWNED_BY_US)
        assert all(set(resource) == {*OWNED_BY_US_IN_RESOURCES, "id"} for resource in sent.resources)
    for organisation in catalogue.organisations:
        assert set(organisation_fields(catalogue, organisation)) == set(OWNED_BY_US_IN_ORGANISATIONS)


def test_the_extension_has_a_field_for_each_and_a_place_for_people() -> None:
    schema = _schema("dataset.yaml")
    assert _names(schema["dataset_fields"]) == set(OWNED_BY_US) | NEVER_OURS
    assert _names(schema["resource_fields"]) == set(OWNED_BY_US_IN_RESOURCES) | {MARK}
    assert set(OWNED_BY_US_IN_ORGANISATIONS) <= _names(_schema("organization.yaml")["fields"])


def test_every_field_has_its_name_in_both_languages() -> None:
    schema = _schema("dataset.yaml")
    fields = [*schema["dataset_fields"], *schema["resource_fields"], *_schema("organization.yaml")["fields"]]
    assert [field["field_name"] for field in fields if not all(field["label"].get(key) for key in ("fr", "en"))] == []


def test_what_ckan_has_already_needs_no_write(wanted: CkanDataset) -> None:
    assert revision(wanted, _kept(wanted)).is_empty


@pytest.mark.parametrize("name", [name for name in OWNED_BY_US if name != "archived_on"])
def test_each_field_of_ours_is_set_right_alone(wanted: CkanDataset, name: str) -> None:
    value = wanted.fields[name]
    other: Any = [] if isinstance(value, list) and value else ["x"] if isinstance(value, list) else "autre chose"
    needed = revision(wanted, {**_kept(wanted), name: other})
    assert set(needed.update) == {name}
    assert needed.filter == ((f"-{name}",) if isinstance(value, list) else ())


def test_what_people_write_needs_no_write(wanted: CkanDataset) -> None:
    found = _kept(wanted)
    theirs = {"id": "theirs", "url": "https://agglo.example/guide.pdf", "name": "Guide"}
    found |= {"editorial_note": "Relu.", "maintainer": "Culture", "tags": [*found["tags"], {"name": "coup de coeur"}]}
    found["resources"] = [theirs, *found["resources"]]
    assert revision(wanted, found).is_empty


def test_a_resource_of_ours_that_is_no_longer_wanted_is_dropped(wanted: CkanDataset) -> None:
    found = _kept(wanted)
    old = {"id": "0ld0ld", "uri": f"{PUBLIC}/id/distribution/{wanted.name}/xml"}
    found["resources"] = [*found["resources"], old]
    assert revision(wanted, found).filter == ("-resources__0ld0ld",)


@given(st.text(max_size=150))
def test_any_keyword_becomes_a_tag_that_ckan_accepts(keyword: str) -> None:
    tag = as_tag(keyword)
    assert len(tag) <= 100
    assert all(letter.isalnum() or letter in " -_." for letter in tag)
    assert tag == " ".join(tag.split())
    assert as_tag(tag) == tag


def test_numbers_and_emptiness_compare_as_ckan_keeps_them() -> None:
    assert canonical({"a": 12, "b": "", "c": None, "d": []}) == canonical({"a": "12"})
    assert canonical(["1", 2]) == canonical([1, "2"])
    assert canonical(["1"]) != canonical(["1", "2"])
