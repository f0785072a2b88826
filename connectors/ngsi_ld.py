"""Entities of one type of an NGSI-LD context broker (ETSI GS CIM 009, V1.3 to V1.8), in their simplified form.

One record an entity: ``id``, ``type`` and its attributes. Short names need the data model's ``@context``, which is
named in a Link header, so the broker resolves it and we never fetch it. Quirks: pages have no stable order; the total
(``NGSILD-Results-Count``) comes only when asked for; brokers before V1.8 know ``options=keyValues`` and later ones
``format=simplified``. With ``watermark``, an attribute of date and time that only grows, entities are asked for from
its last value on and laid over those of last time; entities deleted at the broker are seen by the total and told.
"""

import re
from datetime import UTC
from typing import Any, Literal

from pydantic import Field

from connectors.api import Api, as_json, as_objects
from connectors.base import Checked, Fetched, FetchRequest, Validators, read_options
from connectors.http_file import Access, WebAddress, secret_headers
from connectors.instants import instant_of, newest
from connectors.paging import offset_pages, whole_number
from connectors.records import checked, write_records
from connectors.session import Answer, Session
from connectors.snapshot import Snapshot, key_at
from connectors.words import json_words


class Options(Access):
    """What the declaration of an ``ngsi_ld`` source says."""

    url: WebAddress = Field(title="Courtier", description="address of the broker, up to ngsi-ld/v1")
    type: str = Field(title="Type", description="short name or URI of the entities' type, such as AirQualityObserved")
    context: WebAddress | None = Field(None, title="Contexte", description="address of the data model's @context")
    tenant: str | None = Field(None, title="Locataire", pattern=r"^\w+$", description="part of the broker to ask")
    q: str | None = Field(None, title="Filtre", description="condition in NGSI-LD's query language")
    form: Literal["options", "format"] = Field(
        "options", title="Forme", description="how the simplified form is asked for: before V1.8, or since"
    )
    watermark: str | None = Field(
        None, title="Repère", pattern=r"^\w+$", description="attribute of date and time that only grows"
    )
    page_size: int = Field(500, title="Taille de page", ge=1, le=1000, description="entities asked for at once")


def _api(session: Session, request: FetchRequest, options: Options) -> Api:
    headers = {}
    if options.context:
        relation = 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
        headers["Link"] = f"<{options.context}>; {relation}"
    if options.tenant:
        headers["NGSILD-Tenant"] = options.tenant
    words = json_words("title", "detail")
    return Api(session, options.url, request.limits.max_bytes, secret_headers(options, request.secret), words, headers)


def _params(options: Options, *conditions: str) -> dict[str, str | int | None]:
    q = ";".join(condition for condition in (options.q, *conditions) if condition)
    form = {"options": "keyValues"} if options.form == "options" else {"format": "simplified"}
    return {"type": options.type, "count": "true", "q": q or None, **form}


def _entities(answer: Answer) -> list[dict[str, Any]]:
    return as_objects(answer, as_json(answer))


def _total(answer: Answer) -> int | None:
    return whole_number(answer.headers.get("NGSILD-Results-Count"))


def _value(entity: dict[str, Any], name: str) -> object:
    value = entity.get(name)
    return value.get("@value") if isinstance(value, dict) else value


def check(request: FetchRequest) -> Checked:
    """Say whether the broker answers for this type, by asking for one entity.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options = read_options(Options, request)
    with Session(request.limits) as session:
        _entities(_api(session, request, options).get("entities", {**_params(options), "limit": 1}))
    return checked(_filename(options))


def fetch(request: FetchRequest) -> Fetched:
    """Take the entities, or those past the watermark, and hand over all as NDJSON.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    options, mark, gone = read_options(Options, request), request.known_watermark, 0
    with Session(request.limits) as session, Snapshot(request.into, key_at("id")) as snapshot:
        api = _api(session, request, options)
        condition, name = "", options.watermark
        if name and mark and request.previous:
            snapshot.put_previous(request.previous)
            condition = f"{name}>={instant_of(mark, 'watermark').astimezone(UTC).isoformat().replace('+00:00', 'Z')}"
        params = _params(options, condition)
        for page in offset_pages(api, "entities", params, options.page_size, _entities, _total):
            for entity in page:
                snapshot.put(entity)
                if name:
                    mark = newest(mark, _value(entity, name), name)
        if condition:
            total = _total(api.get("entities", {**_params(options), "limit": 1}))
            gone = max(0, len(snapshot) - total) if total is not None else 0
        since = Validators(watermark=mark if name else None)
        fetched = write_records(request, snapshot.lines(), api.cost, _filename(options), since=since)
    return fetched.model_copy(update={"gone": gone})


def _filename(options: Options) -> str:
    return f"{re.split('[/#]', options.type)[-1]}.ndjson"
