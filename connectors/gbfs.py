"""Stations of shared bicycles or cars, what they are and how they stand: GBFS 2.x and 3.x, from ``gbfs.json`` on.

One record a station: its ``station_information`` and its ``station_status`` joined by ``station_id``; a station that is
in one of the two only is there with what is known of it. A feed says when it was written (``last_updated``) and how
long it holds (``ttl``); until then it is not asked for again, as the specification demands. Quirks: 2.x groups feeds by
language and writes instants as POSIX seconds, 3.x has one list, texts in several languages, and RFC 3339.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from connectors.api import Api, as_json, as_object, as_objects, unexpected
from connectors.base import Checked, Fetched, FetchRequest, Validators, read_options
from connectors.egress import shown
from connectors.http_file import Access, WebAddress, secret_headers
from connectors.problems import SourceRefused, UnexpectedAnswer
from connectors.records import NDJSON, checked, write_records
from connectors.session import Answer, Session
from connectors.snapshot import Snapshot, key_at
from connectors.words import json_words

_NAME = "stations.ndjson"
_FEEDS = ("station_information", "station_status")


class Options(Access):
    """What the declaration of a ``gbfs`` source says."""

    url: WebAddress = Field(title="Découverte", description="address of gbfs.json")
    language: str | None = Field(
        None, title="Langue", description="2.x only: language of the feeds; by default fr, or else the first"
    )


def _feeds(answer: Answer, language: str | None) -> dict[str, str]:
    """Addresses of the feeds by name."""
    data = as_object(answer, as_object(answer, as_json(answer)).get("data"), "data")
    if "feeds" not in data:
        wanted = language or ("fr" if "fr" in data else next(iter(data), ""))
        if wanted not in data:
            known = ", ".join(data)
            unexpected(answer, f"aucune langue « {wanted} » parmi {known}", f"no language {wanted!r} among {known}")
        data = as_object(answer, data[wanted], wanted)
    return {str(feed.get("name")): str(feed.get("url")) for feed in as_objects(answer, data.get("feeds"), "feeds")}


def _required(api: Api, options: Options) -> tuple[str, str]:
    answer = api.get("")
    feeds = _feeds(answer, options.language)
    for name in _FEEDS:
        if name not in feeds:
            raise SourceRefused(shown(answer.url), 404, f"aucun flux « {name} »", f"no feed {name!r}")
    return feeds[_FEEDS[0]], feeds[_FEEDS[1]]


def _stations(answer: Answer) -> list[dict[str, Any]]:
    data = as_object(answer, as_object(answer, as_json(answer)).get("data"), "data")
    stations = as_objects(answer, data.get("stations"), "stations")
    if not all(key_at("station_id")(station) for station in stations):
        unexpected(answer, "une station n'a pas de « station_id »", "a station has no 'station_id'")
    return stations


def _holds_until(answer: Answer) -> datetime:
    feed = as_object(answer, as_json(answer))
    written, seconds = feed.get("last_updated"), feed.get("ttl", 0)
    try:
        if isinstance(written, int | float):
            return datetime.fromtimestamp(written, UTC) + timedelta(seconds=seconds)
        return datetime.fromisoformat(str(written)).astimezone(UTC) + timedelta(seconds=seconds)
    except (ValueError, TypeError, OverflowError, OSError):
        where = shown(answer.url)
        raise UnexpectedAnswer(
            where, "« last_updated » ou « ttl » illisible", "'last_updated' or 'ttl' unreadable"
        ) from None


def _still_holds(since: Validators) -> bool:
    if not since.sha256 or not since.etag:
        return False
    now = datetime.now(UTC)
    # A clock far ahead at the source must not silence it for ever.
    return now < datetime.fromisoformat(since.etag) < now + timedelta(days=1)


def check(request: FetchRequest) -> Checked:
    """Say whether the system has both feeds.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    options = read_options(Options, request)
    with Session(request.limits) as session:
        _required(_api(session, request, options), options)
    return checked(_NAME)


def fetch(request: FetchRequest) -> Fetched:
    """Take both feeds unless what we have still holds, and hand over the stations as NDJSON.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    options, since = read_options(Options, request), request.since
    if _still_holds(since):
        return Fetched(
            not_modified=True,
            path=None,
            sha256=since.sha256,
            size=None,
            filename=_NAME,
            media_type=NDJSON.media_type,
            validators=since,
        )
    with Session(request.limits) as session, Snapshot(request.into, key_at("station_id")) as snapshot:
        api = _api(session, request, options)
        information, status = (api.get(url) for url in _required(api, options))
        states = {str(state["station_id"]): state for state in _stations(status)}
        for station in _stations(information):
            snapshot.put({**station, **states.pop(str(station["station_id"]), {})})
        for state in states.values():
            snapshot.put(state)
        until = Validators(etag=_holds_until(status).isoformat())
        return write_records(request, snapshot.lines(), api.cost, _NAME, since=until)


def _api(session: Session, request: FetchRequest, options: Options) -> Api:
    words = json_words("error", "message")
    return Api(session, options.url, request.limits.max_bytes, secret_headers(options, request.secret), words)
