"""One resource of data.gouv.fr, or of another udata portal, by its id or of a dataset; or what it says of many.

API v2 of udata, since v1 gives a dataset whole, its thousands of resources included. Quirks: ``latest`` is an address
that stays when the file moves, so it is the one taken; ``checksum`` exists for hosted files and for those the portal's
crawler has read, and is believed for hosted ones (``filetype: file``) only; a dataset that was withdrawn answers 410;
several resources may bear one schema, the newest is taken. The catalogue is a search, as the records that ``dcat``
gives, without resources: v2 gives those dataset by dataset. The secret, if there is one, is an API key.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from pydantic import Field, model_validator

from connectors.api import Api, as_json, as_object, as_objects
from connectors.base import Checked, Fetched, FetchRequest, read_options
from connectors.datagouv_records import record_of
from connectors.http_file import KeyAccess, WebAddress
from connectors.listings import LISTING, Record, write_listing
from connectors.offers import Offer, check_offer, take_offer
from connectors.problems import SourceRefused
from connectors.records import checked
from connectors.session import Answer, Session
from connectors.words import json_words


class Options(KeyAccess):
    """What the declaration of a ``datagouv`` source says."""

    url: WebAddress = Field("https://www.data.gouv.fr", title="Portail", description="address of the portal")
    resource: str | None = Field(None, title="Ressource", description="id of one resource; or give dataset")
    dataset: str | None = Field(None, title="Jeu de données", description="slug or id; its newest resource that fits")
    schema_name: str | None = Field(
        None, title="Schéma", description="only resources that declare this schema, such as scdl/subventions"
    )
    format: str | None = Field(None, title="Format", description="only resources of this format, such as csv")
    name: str = Field("*", title="Nom", description="pattern that the resource's title must fit, such as subventions*")

    catalogue: bool = Field(
        False, title="Catalogue", description="instead of a file: what the portal says of the datasets of the search"
    )
    search: Mapping[str, str] = Field(
        default_factory=dict,
        title="Recherche",
        description="with catalogue: filters of the portal's search, such as geozone: fr:epci:244400644",
    )

    @model_validator(mode="after")
    def _names_one_way(self) -> "Options":
        if [self.resource is not None, self.dataset is not None, self.catalogue].count(True) != 1:
            raise ValueError("give either resource or dataset, or catalogue: true")
        if bool(self.search) != self.catalogue:
            raise ValueError("search goes with catalogue: true, and catalogue: true with search")
        return self


def _fits(resource: dict[str, Any], options: Options) -> bool:
    schema = resource.get("schema")
    declared = schema.get("name") if isinstance(schema, dict) else None
    return (
        options.schema_name in (None, declared)
        and (options.format or "").lower() in ("", str(resource.get("format") or "").lower())
        and fnmatchcase(str(resource.get("title") or ""), options.name)
    )


def _next_page(answer: Answer) -> str | None:
    return as_object(answer, as_json(answer)).get("next_page")


def _resource(api: Api, options: Options) -> dict[str, Any]:
    if options.resource is not None:
        answer = api.get(f"datasets/resources/{quote(options.resource, safe='')}/")
        return as_object(answer, as_object(answer, as_json(answer)).get("resource"), "resource")
    newest: dict[str, Any] | None = None
    path = f"datasets/{quote(str(options.dataset), safe='')}/resources/"
    for answer in api.follow(path, {"page": 1, "page_size": 50}, _next_page):
        listed = as_objects(answer, as_object(answer, as_json(answer)).get("data"), "data")
        newest = max(
            (one for one in (newest, *listed) if one and (one is newest or _fits(one, options))),
            key=lambda one: str(one.get("last_modified") or ""),
            default=None,
        )
    if newest is None:
        wanted = " ".join(part for part in (options.schema_name, options.format, options.name) if part)
        where = f"{options.url.rstrip('/')}/datasets/{options.dataset}"
        raise SourceRefused(where, 404, f"aucune ressource « {wanted} »", f"no resource {wanted!r}")
    return newest


def _pages(api: Api, options: Options) -> Iterator[list[Record]]:
    for answer in api.follow("datasets/search/", {**options.search, "page": 1, "page_size": 100}, _next_page):
        listed = as_objects(answer, as_object(answer, as_json(answer)).get("data"), "data")
        yield [record_of(described) for described in listed]


@contextmanager
def _opened(request: FetchRequest) -> Iterator[tuple[Api, Options]]:
    options = read_options(Options, request)
    key = options.key_to_send(request.secret)
    with Session(request.limits) as session:
        base = f"{options.url.rstrip('/')}/api/2"
        secrets = {"X-API-KEY": key} if key else {}
        yield Api(session, base, request.limits.max_bytes, secrets, json_words("message")), options


@contextmanager
def _found(request: FetchRequest) -> Iterator[tuple[Api, Offer]]:
    with _opened(request) as (api, options):
        resource = _resource(api, options)
        checksum = resource.get("checksum")
        is_hosted = resource.get("filetype") == "file" and isinstance(checksum, dict)
        state = f"{checksum.get('type')} {checksum.get('value')}" if is_hosted and isinstance(checksum, dict) else ""
        yield api, Offer(str(resource.get("latest") or resource.get("url") or ""), state)


def check(request: FetchRequest) -> Checked:
    """Say which file would be taken.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    if read_options(Options, request).catalogue:
        with _opened(request) as (api, options):
            next(_pages(api, options))
            return checked(LISTING)
    with _found(request) as (api, offer):
        return check_offer(api, offer)


def fetch(request: FetchRequest) -> Fetched:
    """Take the resource's file, or the datasets' records, unless it is what ``request.since`` says we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    if read_options(Options, request).catalogue:
        with _opened(request) as (api, options):
            return write_listing(request, api, _pages(api, options))
    with _found(request) as (api, offer):
        return take_offer(api, request, offer)
