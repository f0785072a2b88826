"""One resource of a CKAN portal: by its id, or the newest of a dataset that fits a format or a name.

The action API (v3, ``resource_show`` and ``package_show``) is asked through ckanapi, whose session is ours here, so
that it opens nothing by itself. Quirks: an error may come as 200 with ``success: false``; ``last_modified`` and
``hash`` can be believed for uploaded files only, whoever links to a file elsewhere may change it without telling the
portal; a resource may have no file and live in the DataStore alone, of which a CSV is dumped; a private dataset
answers 403 or 404. The secret, if there is one, is an API token, sent to the portal only.
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
from connectors.http_file import KeyAccess, WebAddress
from connectors.offers import Offer, check_offer, take_offer
from connectors.problems import SourceRefused, UnexpectedAnswer
from connectors.session import Session
from connectors.words import json_words, plain


class Options(KeyAccess):
    """What the declaration of a ``ckan`` source says."""

    url: WebAddress = Field(title="Portail", description="address of the portal, such as https://data.example.org")
    resource: str | None = Field(None, title="Ressource", description="id of one resource; or give dataset")
    dataset: str | None = Field(None, title="Jeu de données", description="name or id; its newest resource that fits")
    format: str | None = Field(None, title="Format", description="only resources of this format, such as CSV")
    name: str = Field("*", title="Nom", description="pattern that the resource's name must fit, such as subventions*")

    @model_validator(mode="after")
    def _names_one_way(self) -> "Options":
        if (self.resource is None) == (self.dataset is None):
            raise ValueError("give either resource or dataset")
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


@contextmanager
def _found(request: FetchRequest) -> Iterator[tuple[Api, Offer]]:
    options = read_options(Options, request)
    key = options.key_to_send(request.secret)
    with Session(request.limits) as session:
        api = Api(
            session,
            options.url,
            request.limits.max_bytes,
            {"Authorization": key} if key else {},
            json_words("error.message", "error.name"),
        )
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
    with _found(request) as (api, offer):
        return check_offer(api, offer)


def fetch(request: FetchRequest) -> Fetched:
    """Take the resource's file unless it is what ``request.since`` says we have.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    with _found(request) as (api, offer):
        return take_offer(api, request, offer)
