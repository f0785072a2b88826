"""One resource of a CKAN portal, by its id or the newest of a dataset that fits; or what it says of all its datasets.

The action API (v3, ``resource_show`` and ``package_show``) is asked through ckanapi, whose session is ours here, so
that it opens nothing by itself. Quirks: an error may come as 200 with ``success: false``; ``last_modified`` and
``hash`` can be believed for uploaded files only, whoever links to a file elsewhere may change it without telling the
portal; a resource may have no file and live in the DataStore alone, of which a CSV is dumped; a private dataset
answers 403 or 404. The catalogue is ``package_search`` in pages, as the records that ``dcat`` gives. The secret, if
there is one, is an API token, sent to the portal only.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from ckanapi import RemoteCKAN
from ckanapi.errors import CKANAPIError, ServerIncompatibleError
from pydantic import Field, model_validator

from connectors.api import Api
from connectors.base import Checked, Fetched, FetchRequest, read_options
from connectors.ckan_records import record_of
from connectors.http_file import KeyAccess, WebAddress
from connectors.listings import LISTING, Record, write_listing
from connectors.offers import Offer, check_offer, take_offer
from connectors.paging import whole_number
from connectors.problems import SourceRefused, SourceUnavailable, UnexpectedAnswer
from connectors.records import checked
from connectors.session import Session
from connectors.words import json_words, plain

_PAGE = 200


class Options(KeyAccess):
    """What the declaration of a ``ckan`` source says."""

    url: WebAddress = Field(title="Portail", description="address of the portal, such as https://data.example.org")
    resource: str | None = Field(None, title="Ressource", description="id of one resource; or give dataset")
    dataset: str | None = Field(None, title="Jeu de données", description="name or id; its newest resource that fits")
    format: str | None = Field(None, title="Format", description="only resources of this format, such as CSV")
    name: str = Field("*", title="Nom", description="pattern that the resource's name must fit, such as subventions*")
    catalogue: bool = Field(
        False, title="Catalogue", description="instead of a file: what the portal says of each of its datasets"
    )
    search: str | None = Field(
        None, title="Recherche", description="with catalogue: filter of CKAN's search, such as organization:voirie"
    )

    @model_validator(mode="after")
    def _names_one_way(self) -> "Options":
        if [self.resource is not None, self.dataset is not None, self.catalogue].count(True) != 1:
            raise ValueError("give either resource or dataset, or catalogue: true")
        if self.search is not None and not self.catalogue:
            raise ValueError("search goes with catalogue: true")
        return self


@dataclass(frozen=True)
class _Reply:
    """As much of an answer of ``requests`` as ckanapi looks at."""

    status_code: int
    text: str


class _Asking:
    """As much of a session of ``requests`` as ckanapi uses; its headers and time-out are not, ours hold."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, url: str, params: Mapping[str, str], **_: Any) -> _Reply:
        answer = self._api.get(url, params)
        return _Reply(answer.status, answer.content.decode("utf-8", "replace"))


def _ask(api: Api, action: str, **given: str) -> dict[str, Any]:
    portal = RemoteCKAN(api.base, get_only=True, session=_Asking(api))
    where = f"{api.base}/api/action/{action}"
    try:
        result = portal.call_action(action, given)
    except (CKANAPIError, ServerIncompatibleError) as error:
        # 200 with success: false, or what is no answer of CKAN; other statuses were told by the session.
        said = plain(str(error))
        raise UnexpectedAnswer(where, f"« {said} »", repr(said)) from None
    if not isinstance(result, dict):
        raise UnexpectedAnswer(where, "« result » n'est pas un objet", "'result' is not an object")
    return result


def _resource(api: Api, options: Options) -> dict[str, Any]:
    if options.resource is not None:
        return _ask(api, "resource_show", id=options.resource)
    listed = _ask(api, "package_show", id=options.dataset or "").get("resources") or []
    wanted = (options.format or "").lower()
    fitting = [
        resource
        for resource in listed
        if wanted in ("", str(resource.get("format") or "").lower())
        and fnmatchcase(str(resource.get("name") or ""), options.name)
    ]
    if not fitting:
        words = f"{options.name} {options.format or ''}".strip()
        reasons = (f"aucune ressource « {words} » parmi {len(listed)}", f"no resource {words!r} among {len(listed)}")
        raise SourceRefused(f"{api.base}/dataset/{options.dataset}", 404, *reasons)
    return max(fitting, key=lambda resource: str(resource.get("last_modified") or resource.get("created") or ""))


def _pages(api: Api, search: str | None) -> Iterator[list[Record]]:
    """Yield the descriptions of all public datasets, page by page.

    Raises:
        SourceUnavailable: fewer came than were announced: the portal moved meanwhile.
    """
    received, filters = 0, {"fq": search} if search else {}
    while True:
        told = _ask(api, "package_search", q="*:*", rows=str(_PAGE), start=str(received), sort="name asc", **filters)
        packages = [each for each in told.get("results") or [] if isinstance(each, dict)]
        yield [record_of(package, api.base) for package in packages]
        received, announced = received + len(packages), whole_number(told.get("count")) or 0
        if received >= announced:
            return
        if not packages:
            reasons = (
                f"{received} jeux reçus sur {announced} annoncés",
                f"{received} datasets of {announced} announced",
            )
            raise SourceUnavailable(api.base, *reasons)


@contextmanager
def _opened(request: FetchRequest) -> Iterator[tuple[Api, Options]]:
    options = read_options(Options, request)
    key = options.key_to_send(request.secret)
    secrets = {"Authorization": key} if key else {}
    with Session(request.limits) as session:
        words = json_words("error.message", "error.name")
        yield Api(session, options.url, request.limits.max_bytes, secrets, words), options


@contextmanager
def _found(request: FetchRequest) -> Iterator[tuple[Api, Offer]]:
    with _opened(request) as (api, options):
        resource = _resource(api, options)
        url, kind = str(resource.get("url") or ""), resource.get("url_type")
        if resource.get("datastore_active") and (kind == "datastore" or not url):
            name = str(resource["id"])
            yield api, Offer(f"{api.base}/datastore/dump/{quote(name, safe='')}", filename=f"{name}.csv")
            return
        if not url:
            raise SourceRefused(
                f"{api.base}/dataset", 404, "la ressource n'a pas de fichier", "the resource has no file"
            )
        believed = [resource.get("hash"), resource.get("last_modified")] if kind == "upload" else []
        state = " ".join(str(value) for value in believed if value)
        yield api, Offer(url, state)


def check(request: FetchRequest) -> Checked:
    """Say which file would be taken.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    if read_options(Options, request).catalogue:
        with _opened(request) as (api, options):
            next(_pages(api, options.search))
            return checked(LISTING)
    with _found(request) as (api, offer):
        return check_offer(api, offer)


def fetch(request: FetchRequest) -> Fetched:
    """Take the resource's file, or all datasets' records, unless it is what ``request.since`` says we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    if read_options(Options, request).catalogue:
        with _opened(request) as (api, options):
            return write_listing(request, api, _pages(api, options.search))
    with _found(request) as (api, offer):
        return take_offer(api, request, offer)
