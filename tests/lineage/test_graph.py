"""The graph answers both questions: where a number comes from, and what stops if a source stops."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from governance.api.gate import Gate
from governance.commands.lineage import NothingOfThatName
from governance.commands.main import app
from governance.console.layers import BOX_HEIGHT, BOX_WIDTH, lay_out
from governance.console.lineage_page import MOST_IN_A_COLUMN, drawn, lineage_list, lineage_page
from governance.decisions.opa import OpaDecisionPoint
from governance.lineage.answers import Answer, Lineage
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.harmonise import harmonise
from governance.pipeline.publish import publish
from tests.pipeline.conftest import World, make_world, place


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two communes' car-sharing places, harvested, harmonised, published."""
    world = make_world(tmp_path_factory.mktemp("world"))
    world.write("donges", place(1), place(2), place(3))
    world.write("trignac", place(4, "44210"))
    world.harvest()
    harmonise(world.platform)
    with with_policy_engine(world.platform.settings) as settings:
        publish(replace(world.platform, settings=settings, pdp=OpaDecisionPoint.from_settings(settings)))
    yield world


def _answer(world: World, kind: str, name: str, *, sees_all: bool = True) -> Answer:
    lineage = Lineage(world.platform, sees_all=sees_all)
    node = lineage.graph.find(kind, name)
    assert node is not None
    return lineage.answer(node)


@pytest.mark.services
def test_a_dataset_comes_from_files_by_runs_under_a_contract(published: World) -> None:
    answer = _answer(published, "dataset", "lieux_covoiturage")
    assert {(o.member_id, o.rows, o.file_name) for o in answer.origins} == {
        ("donges", 3, "lieux.csv"),
        ("trignac", 1, "lieux.csv"),
    }
    assert all(o.run_id and o.file_sha256 and o.contract_version and o.received_at for o in answer.origins)
    assert [step.name for step in answer.steps] == ["stg_lieux_covoiturage__lieu"]
    assert answer.version and answer.policy_version and answer.engine_decisions


@pytest.mark.services
def test_a_number_stays_with_the_run_that_gave_it_until_a_newer_one_is_served(published: World) -> None:
    before = _answer(published, "dataset", "lieux_covoiturage")
    published.write("trignac", place(4, "44210"), place(5, "44210"))
    newer = published.harvest()["trignac"]
    served = {origin.member_id: origin for origin in _answer(published, "dataset", "lieux_covoiturage").origins}
    assert served["trignac"] in before.origins and served["trignac"].run_id != newer.run_id
    by_source = _answer(published, "source", "trignac/lieux_covoiturage")
    assert [origin.run_id for origin in by_source.origins] == [newer.run_id]


@pytest.mark.services
def test_a_slice_comes_from_its_member_alone(published: World) -> None:
    answer = _answer(published, "entry", "lieux_covoiturage--donges")
    assert [origin.member_id for origin in answer.origins] == ["donges"]


@pytest.mark.services
def test_what_stops_if_a_source_stops_is_told_with_how_much(published: World) -> None:
    answer = _answer(published, "source", "donges/lieux_covoiturage")
    told = {touched.node.key: touched for touched in answer.touched}
    assert told["dataset:lieux_covoiturage"].effect == "loses_rows"
    assert told["dataset:lieux_covoiturage"].rows == 3
    assert told["entry:lieux_covoiturage--donges"].effect == "stops"
    assert "entry:lieux_covoiturage--trignac" not in told
    assert told["feed:lieux_covoiturage"].effect == "loses_rows"


@pytest.mark.services
def test_a_computed_dataset_is_followed_through_its_models(published: World) -> None:
    before = Lineage(published.platform, sees_all=True)
    node = before.graph.find("dataset", "subventions_par_habitant")
    assert node is not None
    names = [one.name for one in before.graph.upstream(node) if one.kind == "model"]
    assert names[-1] == "grants_per_inhabitant" and "stg_subventions__subvention" in names
    accepted = before.graph.find("accepted", "subventions")
    assert accepted in before.graph.upstream(node)


@pytest.mark.services
def test_agreements_and_rows_of_what_is_not_open_are_told_to_officers_alone(published: World) -> None:
    for kind, name in (("feed", "consommation_energie"), ("dataset", "consommation_energie")):
        everything = _answer(published, kind, name)
        assert any(touched.node.kind == "agreement" for touched in everything.touched)
        public = _answer(published, kind, name, sees_all=False)
        assert all(touched.node.kind != "agreement" for touched in public.touched)
        assert all(not origin.is_told and origin.rows is None for origin in public.origins)


@pytest.mark.services
def test_a_line_of_a_file_is_found_by_its_hash(published: World) -> None:
    gate = Gate.of(published.platform)
    (origin,) = [o for o in _answer(published, "dataset", "lieux_covoiturage").origins if o.member_id == "donges"]
    found = lineage_list(gate, {"file": origin.file_sha256 or "", "line": "2"}, sees_all=True)
    assert [one.run_id for one in found.found] == [origin.run_id]
    assert lineage_list(gate, {"file": "12"}, sees_all=True).fault == "file"
    assert lineage_list(gate, {"file": "0" * 64, "line": "two"}, sees_all=True).fault == "line"
    assert lineage_list(gate, {"file": "0" * 64}, sees_all=True).found == ()


@pytest.mark.services
def test_the_drawing_holds_every_box_once_and_each_stands_apart(published: World) -> None:
    page = lineage_page(Gate.of(published.platform), "datasets", "lieux_covoiturage", sees_all=True)
    assert len(page.boxes) == len(page.answer.nodes)
    places = [(box.x, box.y) for box in page.boxes]
    for x, y in places:
        assert 0 <= x <= page.drawing.width - BOX_WIDTH and 0 <= y <= page.drawing.height - BOX_HEIGHT
        near = [(a, b) for a, b in places if abs(a - x) < BOX_WIDTH and abs(b - y) < BOX_HEIGHT]
        assert near == [(x, y)]
    assert [box.is_asked for box in page.boxes].count(True) == 1


def test_lines_do_not_cross_where_an_order_exists() -> None:
    layers = {"a1": 0, "a2": 0, "a3": 0, "b1": 1, "b2": 1, "b3": 1}
    drawing = lay_out(layers, [("a1", "b3"), ("a2", "b2"), ("a3", "b1")])
    y = {box.key: box.y for box in drawing.boxes}
    assert y["a1"] == y["b3"] and y["a2"] == y["b2"] and y["a3"] == y["b1"]


@pytest.mark.services
def test_a_crowd_is_drawn_as_one_box_that_says_how_many(published: World) -> None:
    answer = _answer(published, "dataset", "lieux_covoiturage")
    (source, *_) = [node for node in answer.nodes if node.kind == "source"]
    crowd = [source.model_copy(update={"name": f"m{n}/lieux"}) for n in range(MOST_IN_A_COLUMN + 1)]
    others = [node for node in answer.nodes if node.kind != "source"]
    edges = [(node.key, "accepted:lieux_covoiturage") for node in crowd]
    _, boxes = drawn(answer.model_copy(update={"nodes": (*crowd, *others), "edges": tuple(edges)}))
    assert [box.text_fr for box in boxes if box.kind == "source"] == [str(len(crowd))]
    assert len(boxes) == 1 + len(others)


@pytest.mark.services
def test_the_command_says_the_same_in_words_and_as_json(published: World) -> None:
    settings = published.platform.settings
    where = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    runner = CliRunner()
    told = runner.invoke(app, ["lineage", "donges/lieux_covoiturage", *where])
    assert told.exit_code == 0, told.output
    assert "lieux.csv" in told.output and "perd 3 lignes sur" in told.output
    answered = runner.invoke(app, ["lineage", "lieux_covoiturage", "--json", *where])
    assert {o["member_id"] for o in json.loads(answered.output)["origins"]} == {"donges", "trignac"}
    unknown = runner.invoke(app, ["lineage", "nothing", *where])
    assert isinstance(unknown.exception, NothingOfThatName) and "lieux_covoiturage" in str(unknown.exception)
