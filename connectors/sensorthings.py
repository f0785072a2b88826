"""Entities of an OGC SensorThings API 1.1 (18-088), observations above all.

One record an entity, with what ``expand`` brings nested in it; ``@iot.nextLink`` is followed to the end. With
``watermark`` observations are asked for from the last ``phenomenonTime`` or ``resultTime`` on (``ge``, since several
sensors measure at one instant) and laid over those of last time; those deleted at the server are seen by
``@iot.count`` and told. Quirks: a phenomenonTime may be an interval, whose end counts; an observation that arrives late
lies before the watermark: choose ``resultTime`` where sensors send late; some servers name their inner host in
nextLink, which is then refused by the egress guard.
"""

import re
from datetime import UTC
from typing import Any, Literal

from pydantic import Field, model_validator

from connectors.api import Api, as_json, as_object, as_objects
from connectors.base import Checked, Fetched, FetchRequest, Validators, read_options
from connectors.http_file import Access, WebAddress, secret_headers
from connectors.instants import instant_of, newest
from connectors.paging import require_all, whole_number
from connectors.records import checked, write_records
from connectors.session import Answer, Session
from connectors.snapshot import Snapshot
from connectors.words import first_words, json_words

_SAID = first_words(json_words("error.code", "error.message"), json_words("code", "message"), json_words("message"))


class Options(Access):
    """What the declaration of a ``sensorthings`` source says."""

    url: WebAddress = Field(
        title="Service", description="root of the API with its version, such as .../FROST-Server/v1.1"
    )
    entity: str = Field(
        "Observations", title="Entité", description="set to read, such as Observations or Datastreams(7)/Observations"
    )
    expand: str | None = Field(
        None, title="Développer", description="$expand, such as Datastream($select=name,unitOfMeasurement)"
    )
    filter: str | None = Field(None, title="Filtre", description="$filter of the API")
    watermark: Literal["phenomenonTime", "resultTime"] | None = Field(
        None, title="Repère", description="only observations from the last one on are asked for"
    )
    page_size: int = Field(1000, title="Taille de page", ge=1, description="entities asked for at once")

    @model_validator(mode="after")
    def _only_observations_have_times(self) -> "Options":
        if self.watermark and not self.entity.endswith("Observations"):
            raise ValueError("only Observations can be read by watermark")
        return self


def _api(session: Session, request: FetchRequest, options: Options) -> Api:
    return Api(session, options.url, request.limits.max_bytes, secret_headers(options, request.secret), _SAID)


def _params(options: Options, size: int, condition: str = "") -> dict[str, str | int | None]:
    conditions = [f"({options.filter})" if options.filter and condition else options.filter, condition]
    return {
        "$filter": " and ".join(one for one in conditions if one) or None,
        "$orderby": f"{options.watermark} asc,@iot.id asc" if options.watermark else "@iot.id asc",
        "$expand": options.expand,
        "$top": size,
        "$count": "true",
    }


def _page(answer: Answer) -> dict[str, Any]:
    return as_object(answer, as_json(answer))


def _next(answer: Answer) -> str | None:
    return _page(answer).get("@iot.nextLink")


def _key_of(entity: Any) -> str | None:
    key = entity.get("@iot.id")
    return None if key is None else str(key)


def check(request: FetchRequest) -> Checked:
    """Say whether the server has the set, by asking for one entity.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options = read_options(Options, request)
    with Session(request.limits) as session:
        answer = _api(session, request, options).get(options.entity, _params(options, 1))
        as_objects(answer, _page(answer).get("value"), "value")
    return checked(_filename(options))


def fetch(request: FetchRequest) -> Fetched:
    """Take the entities, or the observations past the watermark, and hand over all as NDJSON.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    options, mark, gone = read_options(Options, request), request.known_watermark, 0
    with Session(request.limits) as session, Snapshot(request.into, _key_of) as snapshot:
        api, condition, column = _api(session, request, options), "", options.watermark
        if column and mark and request.previous:
            snapshot.put_previous(request.previous)
            instant = instant_of(mark, "watermark").astimezone(UTC).isoformat().replace("+00:00", "Z")
            condition = f"{column} ge {instant}"
        received, announced = 0, None
        for answer in api.follow(options.entity, _params(options, options.page_size, condition), _next):
            page = _page(answer)
            entities = as_objects(answer, page.get("value"), "value")
            received, announced = received + len(entities), whole_number(page.get("@iot.count", announced))
            for entity in entities:
                snapshot.put(entity)
                if column:
                    mark = newest(mark, entity.get(column), column)
        require_all(answer, received, announced)
        if condition:
            total = whole_number(_page(api.get(options.entity, _params(options, 1))).get("@iot.count"))
            gone = max(0, len(snapshot) - total) if total is not None else 0
        since = Validators(watermark=mark if column else None)
        fetched = write_records(request, snapshot.lines(), api.cost, _filename(options), since=since)
    return fetched.model_copy(update={"gone": gone})


def _filename(options: Options) -> str:
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', options.entity).strip('_')}.ndjson"
