"""A catalogue in DCAT-AP (2 and 3): its datasets as records, or the file of one distribution.

Turtle, JSON-LD and RDF/XML are read by rdflib, which never opens an address here: what it would fetch by itself, a
JSON-LD context elsewhere, is refused, and so are the entities of XML. Pages are those of Hydra (``next``,
``nextPage``). A record has DCAT's own names without prefix; of texts in several languages one is taken, of fields that
may repeat a sorted list. Quirks: Turtle often comes without a charset and is UTF-8; nodes without an address have
another name at each answer, so none is written; many catalogues give ``accessURL`` for what is a download.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException
from defusedxml.sax import parseString
from pydantic import Field, model_validator
from rdflib import Graph
from rdflib.exceptions import ParserError
from rdflib.namespace import DCAT, RDF
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node

from connectors.answers import media_type_of
from connectors.api import Api, as_json, unexpected
from connectors.base import Checked, Fetched, FetchRequest, read_options
from connectors.dcat_records import HYDRA, distributions_of, is_named, record_of
from connectors.http_file import Access, WebAddress, secret_headers
from connectors.listings import LISTING, write_listing
from connectors.offers import Offer, check_offer, take_offer
from connectors.problems import SourceRefused
from connectors.records import checked
from connectors.session import Answer, Session
from connectors.words import json_words

_ACCEPT = {"Accept": "text/turtle, application/ld+json;q=0.9, application/rdf+xml;q=0.8"}
_FORMATS = {"text/turtle": "turtle", "application/ld+json": "json-ld", "application/rdf+xml": "xml"}


class Options(Access):
    """What the declaration of a ``dcat`` source says."""

    url: WebAddress = Field(title="Catalogue", description="address of the catalogue, such as .../catalog.ttl")
    dataset: str | None = Field(
        None, title="Jeu de données", description="URI or identifier of one dataset, whose file is taken"
    )
    distribution: str | None = Field(
        None, title="Distribution", description="URI or identifier of one distribution, whose file is taken"
    )
    format: str | None = Field(
        None, title="Format", description="of the distributions of dataset, the one of this format, such as CSV"
    )
    language: str = Field("fr", title="Langue", description="of texts that come in several")

    @model_validator(mode="after")
    def _names_one_way(self) -> "Options":
        if self.dataset is not None and self.distribution is not None:
            raise ValueError("give dataset or distribution, not both")
        return self

    @property
    def wants_file(self) -> bool:
        """Whether one file is asked for, or the records of all datasets."""
        return self.dataset is not None or self.distribution is not None


def _graphs(api: Api) -> Iterator[Graph]:
    graphs: list[Graph] = []
    for answer in api.follow("", None, lambda _: _next(graphs.pop())):
        graphs.append(_parse(answer))
        yield graphs[0]


def _next(graph: Graph) -> str | None:
    links = [str(target) for name in (HYDRA.next, HYDRA.nextPage) for target in graph.objects(None, name)]
    return min(links, default=None)


def _parse(answer: Answer) -> Graph:
    form = _format_of(answer)
    try:
        if form == "json-ld":
            _refuse_remote_contexts(answer, as_json(answer))
        if form == "xml":
            parseString(answer.content, ContentHandler(), forbid_entities=True)
        return Graph().parse(data=answer.content, format=form, publicID=str(answer.url))
    except DefusedXmlException:
        unexpected(answer, "son XML déclare des entités", "its XML declares entities")
    except (BadSyntax, ParserError, SAXException, ValueError, RecursionError, LookupError, AttributeError, TypeError):
        # rdflib's parsers raise what comes to hand on bad input.
        unexpected(answer, f"ce n'est pas du {form} lisible", f"it is no readable {form}")


def _format_of(answer: Answer) -> str:
    """By the media type, or by the first letters where a server has none for it."""
    told = _FORMATS.get(media_type_of(answer.headers) or "")
    start = answer.content.lstrip(b"\xef\xbb\xbf \t\r\n")
    guessed = "json-ld" if start[:1] in (b"{", b"[") else "xml" if start.startswith((b"<?xml", b"<rdf:")) else "turtle"
    return told or guessed


def _refuse_remote_contexts(answer: Answer, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            listed = inner if isinstance(inner, list) else [inner]
            if name in ("@context", "@import") and any(isinstance(one, str) for one in listed):
                unexpected(answer, "son contexte JSON-LD est ailleurs", "its JSON-LD context is elsewhere")
            _refuse_remote_contexts(answer, inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_remote_contexts(answer, inner)


def _datasets(graph: Graph) -> Iterable[Node]:
    return graph.subjects(RDF.type, DCAT.Dataset)


def _offer(api: Api, options: Options) -> Offer:
    found: list[dict[str, Any]] = []
    for graph in _graphs(api):
        for dataset in _datasets(graph):
            is_asked = options.dataset is not None and is_named(graph, dataset, options.dataset)
            for node, distribution in distributions_of(graph, dataset, options.language):
                if is_asked or (options.distribution and is_named(graph, node, options.distribution)):
                    found.append(distribution)
    wanted = (options.format or "").lower()
    for distribution in found:
        address = distribution.get("downloadURL") or distribution.get("accessURL")
        told = f"{distribution.get('format', '')} {distribution.get('mediaType', '')}".lower().replace("/", " ").split()
        if address and (not wanted or wanted in told):
            return Offer(str(address))
    name = options.dataset or options.distribution
    reasons = (f"aucun fichier pour « {name} »", f"no file for {name!r}")
    raise SourceRefused(options.url.partition("?")[0], 404, *reasons)


def _api(session: Session, request: FetchRequest, options: Options) -> Api:
    secrets = secret_headers(options, request.secret)
    return Api(session, options.url, request.limits.max_bytes, secrets, json_words("message", "error"), _ACCEPT)


def check(request: FetchRequest) -> Checked:
    """Say whether the catalogue can be read, and has the file if one is asked for.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options = read_options(Options, request)
    with Session(request.limits) as session:
        api = _api(session, request, options)
        if options.wants_file:
            return check_offer(api, _offer(api, options))
        next(_graphs(api))
    return checked(LISTING)


def fetch(request: FetchRequest) -> Fetched:
    """Take the file of the distribution, or hand over the datasets' records as NDJSON.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    options = read_options(Options, request)
    with Session(request.limits) as session:
        api = _api(session, request, options)
        if options.wants_file:
            return take_offer(api, request, _offer(api, options))
        pages = ([record_of(graph, each, options.language) for each in _datasets(graph)] for graph in _graphs(api))
        return write_listing(request, api, pages)
