"""How many of the 405 points of the European metadata quality assessment (MQA) our catalogue would earn.

An estimate of ours after the published method of data.europa.eu, so that a change that costs points is seen;
the portal's own score is the one that counts. Points of a metric are shared out over datasets or distributions.
Counted against us where we are not sure: Parquet is taken for neither open nor machine-readable, and only
licences of the EU table count as known. Run: ``python -m bench.mqa [FOLDER] [--json]``.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rdflib import DCAT, DCTERMS, RDF, Graph, URIRef
from rdflib.term import Node

from governance.catalogue.vocabulary import AUTHORITY, IANA
from governance.settings import load_settings

_SURE_FORMATS = {AUTHORITY[f"file-type/{name}"] for name in ("CSV", "JSON", "GEOJSON")}
Check = Callable[[Node], bool]


@dataclass(frozen=True)
class Metric:
    """One metric: what it may earn and what it earned."""

    dimension: str
    name: str
    points: int
    earned: float


def _share(nodes: Iterable[Node], holds: Check) -> float:
    found = [holds(node) for node in nodes]
    return sum(found) / len(found) if found else 0.0


def score(graph: Graph, is_reachable: Callable[[str], bool], is_compliant: bool) -> list[Metric]:
    """Return the metrics of a catalogue's graph.

    Args:
        is_reachable: whether an address answers.
        is_compliant: whether the DCAT-AP shapes find no violation, which is for another tool to say.
    """
    datasets = list(graph.subjects(RDF.type, DCAT.Dataset))
    files = list(graph.subjects(RDF.type, DCAT.Distribution))

    def has(predicate: URIRef) -> Check:
        return lambda node: graph.value(node, predicate) is not None

    def within(predicate: URIRef, *namespaces: str) -> Check:
        return lambda node: str(graph.value(node, predicate) or "").startswith(namespaces)

    def answers(predicate: URIRef) -> Check:
        return lambda node: is_reachable(str(graph.value(node, predicate) or ""))

    def is_sure(node: Node) -> bool:
        return graph.value(node, DCTERMS["format"]) in _SURE_FORMATS

    rows: list[tuple[str, str, int, list[Node], Check]] = [
        ("findability", "keyword", 30, datasets, has(DCAT.keyword)),
        ("findability", "category", 30, datasets, has(DCAT.theme)),
        ("findability", "geo search", 20, datasets, has(DCTERMS.spatial)),
        ("findability", "time search", 20, datasets, has(DCTERMS.temporal)),
        ("accessibility", "accessURL answers", 50, files, answers(DCAT.accessURL)),
        ("accessibility", "downloadURL", 20, files, has(DCAT.downloadURL)),
        ("accessibility", "downloadURL answers", 30, files, answers(DCAT.downloadURL)),
        ("interoperability", "format", 20, files, has(DCTERMS["format"])),
        ("interoperability", "media type", 10, files, has(DCAT.mediaType)),
        ("interoperability", "known vocabulary", 10, files, within(DCAT.mediaType, str(IANA))),
        ("interoperability", "non-proprietary", 20, files, is_sure),
        ("interoperability", "machine-readable", 20, files, is_sure),
        ("interoperability", "DCAT-AP compliance", 30, datasets, lambda _node: is_compliant),
        ("reusability", "licence", 20, files, has(DCTERMS.license)),
        ("reusability", "known licence", 10, files, within(DCTERMS.license, f"{AUTHORITY}licence/")),
        ("reusability", "access restrictions", 10, datasets, has(DCTERMS.accessRights)),
        ("reusability", "known access restrictions", 5, datasets, within(DCTERMS.accessRights, str(AUTHORITY))),
        ("reusability", "contact point", 20, datasets, has(DCAT.contactPoint)),
        ("reusability", "publisher", 10, datasets, has(DCTERMS.publisher)),
        ("contextuality", "rights", 5, files, has(DCTERMS.rights)),
        ("contextuality", "byte size", 5, files, has(DCAT.byteSize)),
        ("contextuality", "issued", 5, datasets, has(DCTERMS.issued)),
        ("contextuality", "modified", 5, datasets, has(DCTERMS.modified)),
    ]
    return [Metric(dim, name, points, points * _share(nodes, holds)) for dim, name, points, nodes, holds in rows]


def score_folder(folder: Path, is_compliant: bool) -> list[Metric]:
    """Return the metrics of a published folder; an address counts as reachable when its file is there."""
    graph = Graph().parse(folder / "catalog.ttl")
    return score(graph, lambda url: (folder / url.partition("/catalogue/")[2]).is_file(), is_compliant)


def main() -> None:
    """Print the estimate for one folder, by default the installation's catalogue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=load_settings().state_dir / "catalogue" / "current")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    metrics = score_folder(asked.folder, is_compliant=True)
    total = {"points": sum(m.points for m in metrics), "earned": round(sum(m.earned for m in metrics), 1)}
    if asked.json:
        print(json.dumps({**total, "metrics": [asdict(metric) for metric in metrics]}, indent=1))
        return
    for metric in metrics:
        print(f"{metric.dimension:17} {metric.name:27} {metric.earned:6.1f} / {metric.points}")
    print(f"{'':17} {'in all':27} {total['earned']:6.1f} / {total['points']}  (compliance is tested apart)")


if __name__ == "__main__":
    main()
