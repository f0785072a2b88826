"""The graph: the same in both notations, the same bytes each time, and within the profile's shapes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, Graph, URIRef
from rdflib.compare import isomorphic

from governance.catalogue.model import CatalogueError
from governance.catalogue.notation import NotOfThisNotation, join_turtle
from governance.catalogue.pages import write_pages
from governance.catalogue.vocabulary import DCATAP, LABELS, theme_uri
from governance.settings import PROJECT_ROOT
from tests.catalogue.shapes import shapes_of
from tests.catalogue.world import PUBLIC, World


def _served(world: World, name: str) -> Graph:
    return Graph().parse(world.served / name)


def test_turtle_and_json_ld_say_the_same(world: World) -> None:
    world.publish()
    turtle, json_ld = _served(world, "catalog.ttl"), _served(world, "catalog.jsonld")
    assert len(turtle) > 200
    assert isomorphic(turtle, json_ld)


def test_no_node_is_blank_and_every_identifier_of_ours_is_stable(world: World) -> None:
    world.publish()
    graph = _served(world, "catalog.ttl")
    subjects = {str(subject) for subject in graph.subjects()}
    assert f"{PUBLIC}/id/dataset/equipements--besne" in subjects
    assert all(isinstance(subject, URIRef) for subject in graph.subjects())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("page", "shapes"),
    [
        ("catalog.ttl", ("3.0.1/shapes.ttl",)),
        ("catalog.ttl", ("3.0.1/shapes.ttl", "3.0.1/range.ttl")),
        ("catalog.jsonld", ("3.0.1/shapes.ttl", "3.0.1/range.ttl")),
        ("organisations/besne.ttl", ("3.0.1/shapes.ttl", "3.0.1/range.ttl")),
        ("datasets/equipements.ttl", ("3.0.1/shapes.ttl",)),
        ("catalog-2.1.1.ttl", ("2.1.1/dcat-ap_2.1.1_shacl_shapes.ttl",)),
    ],
)
def test_shapes_of_the_profile_find_no_violation(world: World, page: str, shapes: tuple[str, ...]) -> None:
    world.publish()
    conforms, _, report = validate(_served(world, page), shacl_graph=shapes_of(*shapes), allow_warnings=False)
    assert conforms, report


@pytest.mark.shared
def test_shapes_find_a_violation_in_a_spoiled_graph(world: World) -> None:
    world.publish()
    graph = _served(world, "catalog.ttl")
    graph.remove((URIRef(f"{PUBLIC}/id/dataset/equipements"), DCTERMS.title, None))
    conforms, _, _ = validate(graph, shacl_graph=shapes_of("3.0.1/shapes.ttl"))
    assert not conforms


def test_slices_are_parts_of_the_harmonised_dataset_under_their_own_name(world: World) -> None:
    world.publish()
    graph = _served(world, "catalog.ttl")
    whole = URIRef(f"{PUBLIC}/id/dataset/equipements")
    part = URIRef(f"{PUBLIC}/id/dataset/equipements--donges")
    assert (part, DCTERMS.isPartOf, whole) in graph
    assert (whole, DCTERMS.hasPart, part) in graph
    assert graph.value(part, DCTERMS.publisher) == URIRef(f"{PUBLIC}/id/organisation/donges")
    assert graph.value(part, DCTERMS.spatial) == URIRef("http://id.insee.fr/geo/commune/44052")
    assert len(list(graph.subjects(RDF.type, DCAT.Distribution))) == 9


def test_high_value_category_comes_with_the_act_on_dataset_and_files(world: World) -> None:
    world.publish()
    graph = _served(world, "catalog.ttl")
    act = URIRef("http://data.europa.eu/eli/reg_impl/2023/138/oj")
    bearing = set(graph.subjects(DCATAP.applicableLegislation, act))
    assert len(bearing) == 3 + 9
    assert len(list(graph.subject_objects(DCATAP.hvdCategory))) == 3


def test_theme_outside_the_eu_table_is_refused() -> None:
    with pytest.raises(CatalogueError, match="XXXX"):
        theme_uri("XXXX")
    assert all(french and english for french, english in LABELS.values())


def _pages(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_bytes_do_not_depend_on_the_order_of_hashing(world: World, tmp_path: Path) -> None:
    catalogue = world.publish().catalogue
    (tmp_path / "catalogue.json").write_text(catalogue.model_dump_json())
    program = (
        "import sys; from pathlib import Path; "
        "from governance.catalogue.model import Catalogue; "
        "from governance.catalogue.pages import write_pages; "
        "write_pages(Path(sys.argv[2]), Catalogue.model_validate_json(open(sys.argv[1]).read()), None)"
    )
    here = tmp_path / "here"
    here.mkdir()
    write_pages(here, catalogue, None)
    assert len(_pages(here)) == 3 + 4 * 3 + 2 * len(catalogue.organisations) + 2 + 2
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "catalogue.json"), str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=PROJECT_ROOT,
            check=True,
        )
        assert _pages(folder) == _pages(here)


def test_the_whole_says_all_that_each_dataset_says(world: World) -> None:
    world.publish()
    whole = _served(world, "catalog.ttl")
    for name in ("equipements", "equipements--besne", "equipements--donges"):
        assert not _served(world, f"datasets/{name}.ttl") - whole


def test_text_of_another_hand_is_not_joined() -> None:
    with pytest.raises(NotOfThisNotation):
        list(join_turtle([b"<a> <b> <c> .\n"]))
