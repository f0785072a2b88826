"""The estimate of the European metadata quality assessment: what it counts, and the floor we do not go below."""

from rdflib import DCAT, Graph

from bench.mqa import score, score_folder
from tests.catalogue.world import World


def test_metrics_add_up_to_405_points(world: World) -> None:
    world.publish()
    assert sum(metric.points for metric in score_folder(world.served, is_compliant=True)) == 405


def test_open_datasets_earn_at_least_380_points(world: World) -> None:
    world.publish()
    metrics = score_folder(world.served, is_compliant=True)
    short = {metric.name for metric in metrics if metric.earned < metric.points}
    assert sum(metric.earned for metric in metrics) >= 380
    assert short == {"known licence", "non-proprietary", "machine-readable"}


def test_missing_keywords_cost_their_points(world: World) -> None:
    world.publish()
    graph = Graph().parse(world.served / "catalog.ttl")
    full = sum(metric.earned for metric in score(graph, lambda _url: True, is_compliant=True))
    graph.remove((None, DCAT.keyword, None))
    assert sum(metric.earned for metric in score(graph, lambda _url: True, is_compliant=True)) == full - 30
