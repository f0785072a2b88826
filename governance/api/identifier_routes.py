"""Where the identifiers of the catalogue lead: each is a thing, not a document, so it answers with what describes it.

Follows Linked Data practice (W3C, Cool URIs for the Semantic Web): 303 See Other, to a page for people or to the graph
for programs.
"""

from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import RedirectResponse, Response

from governance.api.callers import CallerGate
from governance.api.gate import Gate
from governance.api.gone import refuse_withdrawn
from governance.api.problems import ProblemError, language_of
from governance.api.words import reason

router = APIRouter(include_in_schema=False)
_GRAPHS = {"text/turtle": ".ttl", "application/ld+json": ".jsonld"}
"""How the graphs' names end, by the media type that is asked for."""
_DATASET_KINDS = ("dataset", "record", "offer", "metric")


async def _wanted_graph(accept: Annotated[str, Header()] = "") -> str | None:
    return next((ending for kind, ending in _GRAPHS.items() if kind in accept), None)


async def _language(accept_language: Annotated[str | None, Header()] = None) -> str:
    return language_of(accept_language)


Graph = Annotated[str | None, Depends(_wanted_graph)]
ReaderLanguage = Annotated[str, Depends(_language)]


@router.get("/id/catalogue")
def follow_catalogue_id(graph: Graph, language: ReaderLanguage) -> Response:
    """The federation's catalogue."""
    return _see(f"/catalogue/catalog{graph}" if graph else f"/{language}/")


@router.get("/id/{kind}/{name:path}")
def follow_id(
    gate: CallerGate, kind: str, name: Annotated[str, Path(max_length=200)], graph: Graph, language: ReaderLanguage
) -> Response:
    """A dataset, one commune's part of it, an organisation, a feed, a distribution."""
    catalogue = gate.platform.settings.state_dir / "catalogue"
    if kind in ("distribution", *_DATASET_KINDS):
        refuse_withdrawn(catalogue, name.partition("/")[0])
    page = _page_of(gate, kind, name, language)
    if page is None:
        raise ProblemError(404, reason("page_not_found"))
    is_file = kind == "distribution"
    return _see(page if is_file or graph is None else _graph_of(catalogue / "current", kind, name) + graph)


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=303, headers={"Vary": "Accept, Accept-Language"})


def _graph_of(published: FilePath, kind: str, name: str) -> str:
    """The graph about a thing alone where one is published, else the whole; its ending left out."""
    folder = "datasets" if kind in _DATASET_KINDS else "organisations"
    alone = name.isascii() and "/" not in name and kind not in ("feed", "ogc", "metric")
    is_there = alone and (published / folder / f"{name}.ttl").is_file()
    return f"/catalogue/{folder}/{name}" if is_there else "/catalogue/catalog"


def _page_of(gate: Gate, kind: str, name: str, language: str) -> str | None:
    """The page about a thing, or None where there is no such thing."""
    platform = gate.platform
    if kind in ("organisation", "catalogue"):
        return f"/{language}/members/{name}" if name in platform.federation.organisations else None
    if kind == "metric":
        return f"/{language}/about" if name.isidentifier() else None
    whole, _, part = name.partition("/")[0].partition("--")
    if whole not in platform.contracts or (part and part not in platform.federation.organisations):
        return None
    if kind == "feed":
        return f"/v1/feeds/{whole}/description"
    if kind == "ogc":
        return f"/v1/ogc/collections/{whole}"
    if kind == "distribution":
        return _file_of(platform.settings.state_dir / "catalogue" / "current" / "files", name)
    return f"/{language}/datasets/{whole}" if kind in _DATASET_KINDS else None


def _file_of(folder: FilePath, name: str) -> str | None:
    """The file of ``<dataset>/<format>`` as it is published now; its name holds a hash of its content."""
    dataset, _, file_format = name.partition("/")
    if not file_format.isalnum():
        return None
    found = sorted(path.name for path in folder.glob(f"{dataset}.*.{file_format}"))
    return f"/catalogue/files/{found[-1]}" if found else None
