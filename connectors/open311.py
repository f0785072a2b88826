"""Citizens' reports of a city: service requests of Open311 GeoReport v2, without what may name the person.

GeoReport has no choice of fields, so an answer is read in memory and only the declared ``fields`` are ever written; by
default that is what and where, not the description, the pictures or any field beyond the specification. Windows of at
most 90 days are asked for from ``from_day`` on, since a server gives no more at once, and never more than 1,000
requests: a window as full as that is cut in two. Once read, only the last ``refresh_days`` are asked for again, to see
reports that were closed meanwhile, and laid over those of last time; reports of those days that are no longer there
are told. Quirks: XML is the one form that the specification demands; a jurisdiction must be named where a server has
several; errors are a list of code and description.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import Field

from connectors.api import Api, as_json, as_objects, unexpected
from connectors.base import Checked, Fetched, FetchRequest, Validators, read_options
from connectors.http_file import Access, WebAddress, secret_headers
from connectors.instants import instant_of, newest
from connectors.records import checked, write_records
from connectors.session import Answer, Session
from connectors.snapshot import Snapshot, key_at
from connectors.words import first_words, json_words, xml_words

_WINDOW = timedelta(days=90)
_SHORTEST = timedelta(hours=1)
_FULL = 1000
_NAME = "requests.ndjson"
_ID, _WHEN = "service_request_id", "requested_datetime"
_SAID = first_words(json_words("code", "description"), xml_words("code", "description"))
_DECLARED = (
    "service_request_id",
    "status",
    "service_name",
    "service_code",
    "agency_responsible",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "zipcode",
    "lat",
    "long",
)
Window = tuple[datetime, datetime]


class Options(Access):
    """What the declaration of an ``open311`` source says."""

    url: WebAddress = Field(
        title="Service", description="address of the API, up to its version, such as .../open311/v2"
    )
    jurisdiction_id: str | None = Field(None, title="Territoire", description="where a server has several")
    format: Literal["json", "xml"] = Field("json", title="Format", description="every server knows xml, most json")
    service_codes: tuple[str, ...] = Field((), title="Services", description="codes of the services; by default all")
    from_day: date = Field(title="Depuis", description="day of the first request to take, such as 2024-01-01")
    refresh_days: int = Field(90, title="Jours relus", ge=1, description="days that are read again each time")
    fields: tuple[str, ...] = Field(
        _DECLARED, title="Champs", description="fields to keep; a personal one is kept only when it is named here"
    )


def _windows(first: datetime, last: datetime) -> Iterator[Window]:
    while first < last:
        yield first, min(first + _WINDOW, last)
        first += _WINDOW


def _requests(api: Api, options: Options, window: Window) -> Iterator[dict[str, Any]]:
    """The requests of a window, which is cut in two when it is as full as an answer may be."""
    first, last = window
    params = {
        "jurisdiction_id": options.jurisdiction_id,
        "service_code": ",".join(options.service_codes) or None,
        "start_date": _written(first),
        "end_date": _written(last),
    }
    answer = api.get(f"requests.{options.format}", params)
    found = _listed(answer, options, "service_requests")
    if len(found) < _FULL:
        yield from found
        return
    if last - first < _SHORTEST:
        unexpected(answer, f"plus de {_FULL} demandes en une heure", f"over {_FULL} requests within an hour")
    middle = first + (last - first) / 2
    yield from _requests(api, options, (first, middle))
    yield from _requests(api, options, (middle, last))


def _listed(answer: Answer, options: Options, what: str) -> list[dict[str, Any]]:
    """The records of an answer; in XML each is a child of ``what`` and its fields are elements."""
    if options.format == "json":
        return as_objects(answer, as_json(answer))
    try:
        root = fromstring(answer.content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        unexpected(answer, "ce n'est pas du XML lisible", "it is no readable XML")
    if root.tag != what:
        unexpected(answer, f"« {root.tag} » au lieu de « {what} »", f"{root.tag!r} instead of {what!r}")
    return [{field.tag: (field.text or "").strip() or None for field in record} for record in root]


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _api(session: Session, request: FetchRequest, options: Options) -> Api:
    accept = {"Accept": f"application/{options.format}, text/{options.format};q=0.9"}
    secrets = secret_headers(options, request.secret)
    return Api(session, options.url, request.limits.max_bytes, secrets, _SAID, accept)


def check(request: FetchRequest) -> Checked:
    """Say whether the server lists its services, and has those that are declared.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options = read_options(Options, request)
    with Session(request.limits) as session:
        api = _api(session, request, options)
        answer = api.get(f"services.{options.format}", {"jurisdiction_id": options.jurisdiction_id})
        known = {str(service.get("service_code")) for service in _listed(answer, options, "services")}
        for code in options.service_codes:
            if code not in known:
                unexpected(answer, f"aucun service « {code} »", f"no service {code!r}")
    return checked(_NAME)


def fetch(request: FetchRequest) -> Fetched:
    """Take the requests, or those of the last days, and hand over all as NDJSON.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    options, mark = read_options(Options, request), request.known_watermark
    first = datetime(options.from_day.year, options.from_day.month, options.from_day.day, tzinfo=UTC)
    kept = {*options.fields, _ID, _WHEN}
    with Session(request.limits) as session, Snapshot(request.into, key_at(_ID)) as snapshot:
        api = _api(session, request, options)
        if mark and request.previous:
            snapshot.put_previous(request.previous)
            first = max(first, instant_of(mark, "from_day") - timedelta(days=options.refresh_days))
        for window in _windows(first, datetime.now(UTC)):
            for found in _requests(api, options, window):
                record = {name: value for name, value in found.items() if name in kept}
                snapshot.put(record)
                mark = newest(mark, record.get(_WHEN), "from_day")
        gone = sum(1 for record in snapshot.untouched() if _is_since(record, first))
        fetched = write_records(request, snapshot.lines(), api.cost, _NAME, since=Validators(watermark=mark))
    return fetched.model_copy(update={"gone": gone})


def _is_since(record: dict[str, Any], first: datetime) -> bool:
    when = record.get(_WHEN)
    return when is not None and instant_of(when, "from_day") >= first
