"""What lies somewhere is published as GeoJSON too, and its map is a service of the catalogue."""

import json

import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, Graph, URIRef

from governance.catalogue.ckan.to_ckan import ckan_dataset
from governance.catalogue.vocabulary import AUTHORITY, OGC_FEATURES
from governance.contracts.model import Column
from tests.catalogue import world as small
from tests.catalogue.shapes import THREE, TWO, shapes_of
from tests.catalogue.world import DAY_TWO, PUBLIC, World

NAME = "lieux"
ROWS: dict[str, list[tuple[object, ...]]] = {
    NAME: [("besne", "Kiosque", -2.09, 47.4), ("donges", 'Halle "neuve"', -2.075, 47.33), ("donges", "?", None, None)]
}


@pytest.fixture
def placed(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world with one more open dataset, whose rows have a place."""
    columns = (Column(name="nom"), Column(name="longitude", type="number"), Column(name="latitude", type="number"))
    contract = small._contract(NAME, "open", columns, theme="REGI", keywords=("lieux",))
    monkeypatch.setitem(small.CONTRACTS, NAME, contract)
    world.federation = small.build_federation()
    besne = world.federation.members["besne"]
    source = besne.sources[0].model_copy(update={"id": NAME, "dataset": NAME})
    for member in ("besne", "donges"):
        old = world.federation.members[member]
        world.federation.members[member] = old.model_copy(update={"sources": (*old.sources, source)})  # type: ignore[index]
    world.share({**small.ROWS, **ROWS})
    return world


def _features(world: World, pattern: str) -> list[dict[str, object]]:
    (path,) = (world.served / "files").glob(pattern)
    told = json.loads(path.read_text("utf-8"))
    assert told["type"] == "FeatureCollection"
    features: list[dict[str, object]] = told["features"]
    return features


def test_rows_with_a_place_are_features_and_a_row_without_one_is_kept(placed: World) -> None:
    placed.publish()
    whole = _features(placed, "lieux.*.geojson")
    assert [feature["geometry"] for feature in whole] == [
        {"type": "Point", "coordinates": [-2.09, 47.4]}, {"type": "Point", "coordinates": [-2.075, 47.33]}, None,
    ]  # fmt: skip
    part = _features(placed, "lieux--donges.*.geojson")
    assert [feature["properties"]["nom"] for feature in part] == ['Halle "neuve"', "?"]  # type: ignore[index]
    assert {feature["id"] for feature in part} < {feature["id"] for feature in whole}


def test_a_dataset_without_a_place_has_no_such_file(placed: World) -> None:
    placed.publish()
    assert {path.name.partition(".")[0] for path in (placed.served / "files").glob("*.geojson")} == {
        "lieux", "lieux--besne", "lieux--donges",
    }  # fmt: skip


def test_second_publication_writes_nothing(placed: World) -> None:
    placed.publish()
    before = placed.snapshot()
    assert not placed.publish(DAY_TWO).result.changed
    assert placed.snapshot() == before


def test_files_from_before_gain_their_geojson_and_keep_their_dates(
    placed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from governance.catalogue import openings

    with monkeypatch.context() as earlier:
        earlier.setattr(openings, "geometry_of", lambda *_: None)
        first = {each.id: each for each in placed.publish().catalogue.datasets}
    assert [file.format for file in first[NAME].distributions] == ["csv", "json", "parquet"]
    second = {each.id: each for each in placed.publish(DAY_TWO).catalogue.datasets}
    assert [file.format for file in second[NAME].distributions] == ["csv", "json", "parquet", "geojson"]
    assert (second[NAME].issued, second[NAME].modified) == (first[NAME].issued, first[NAME].modified)
    assert second["equipements"] == first["equipements"]


def test_catalogue_names_file_and_map_and_stays_within_the_shapes(placed: World) -> None:
    placed.publish()
    graph = Graph().parse(placed.served / "catalog.ttl")
    file = URIRef(f"{PUBLIC}/id/distribution/{NAME}/geojson")
    assert graph.value(file, DCTERMS["format"]) == AUTHORITY["file-type/GEOJSON"]
    service = URIRef(f"{PUBLIC}/id/ogc/{NAME}")
    assert graph.value(service, DCAT.endpointURL) == URIRef(f"{PUBLIC}/v1/ogc/collections/{NAME}")
    assert graph.value(service, DCTERMS.conformsTo) == OGC_FEATURES
    assert {str(each).rsplit("/", 1)[-1] for each in graph.objects(service, DCAT.servesDataset)} == {
        NAME, f"{NAME}--besne", f"{NAME}--donges",
    }  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("catalog.ttl", THREE),
        ("pages/1.ttl", THREE),
        ("catalog-2.1.1.ttl", TWO),
    ],
)
def test_shapes_find_no_violation(placed: World, page: str, names: tuple[str, ...]) -> None:
    shapes = shapes_of(*names)
    placed.publish()
    conforms, _, report = validate(Graph().parse(placed.served / page), shacl_graph=shapes, allow_warnings=False)
    assert conforms, report


def test_ckan_gets_the_file_and_the_map(placed: World) -> None:
    catalogue = placed.publish().catalogue
    dataset = next(each for each in catalogue.datasets if each.id == f"{NAME}--donges")
    resources = ckan_dataset(catalogue, dataset).resources
    assert [(each["format"], each["access_service_uri"].rsplit("/", 2)[-2]) for each in resources] == [
        ("CSV", "feed"), ("JSON", "feed"), ("Parquet", "feed"), ("GeoJSON", "feed"), ("API", "feed"), ("API", "ogc"),
    ]  # fmt: skip
    assert len({each["id"] for each in resources}) == 6
