"""A dataset of an Opendatasoft portal, whole or what is new in it; or what it says of all (Explore API v2.1).

The portal's own export is taken: it has no limit of rows, where ``/records`` ends at 10,000. ``metas.default`` says
when the data was last processed, so an unchanged dataset costs one short question. With ``watermark`` and ``key`` only
rows from the last value on are asked for (``>=``, for rows that share the instant) and laid over those of last time;
rows deleted at the portal are seen by ``records_count`` and told. Quirks: exports give times in the portal's zone
unless told UTC; a federated dataset has no ``data_processed``; the quota answers 429, mostly without ``Retry-After``.
The catalogue comes by pages of a hundred, as the records that ``dcat`` gives; the portal pages no further than 10,000.
The secret, if there is one, is an API key.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator

from connectors.api import Api, as_json, as_object, as_objects
from connectors.base import Checked, Fetched, FetchRequest, Validators, read_options
from connectors.http_file import KeyAccess, WebAddress
from connectors.instants import instant_of, newest
from connectors.listings import LISTING, Record, write_listing
from connectors.ods_records import record_of
from connectors.offers import Offer, check_offer, state_mark, take_offer, untouched
from connectors.paging import offset_pages, whole_number
from connectors.problems import BadOptions
from connectors.records import checked, json_lines, write_records
from connectors.session import Answer, Session
from connectors.snapshot import Snapshot
from connectors.words import first_words, json_words

_PAGE = 100
_SAID = first_words(json_words("error_code", "message"), json_words("error"))


class Options(KeyAccess):
    """What the declaration of an ``ods`` source says."""

    url: WebAddress = Field(title="Portail", description="address of the portal, such as https://data.example.org")
    dataset: str | None = Field(
        None, title="Jeu de données", pattern=r"^[\w@-]+$", description="its identifier on the portal"
    )
    catalogue: bool = Field(
        False, title="Catalogue", description="instead of a dataset: what the portal says of each of its datasets"
    )
    format: Literal["csv", "parquet", "geojson", "jsonl"] = Field(
        "csv", title="Format", description="of the export; an incremental source is always handed over as jsonl"
    )
    where: str | None = Field(None, title="Filtre", description="condition of the portal's language (ODSQL)")
    watermark: str | None = Field(
        None, title="Repère", pattern=r"^\w+$", description="column of date and time that only grows; needs key"
    )
    key: tuple[str, ...] = Field((), title="Clé", description="columns that tell one row from another")

    @model_validator(mode="after")
    def _names_one_way(self) -> "Options":
        if (self.dataset is None) != self.catalogue:
            raise ValueError("give either dataset or catalogue: true")
        if self.catalogue and self.watermark:
            raise ValueError("watermark goes with dataset")
        return self

    @model_validator(mode="after")
    def _has_a_key(self) -> "Options":
        if bool(self.watermark) != bool(self.key):
            raise ValueError("watermark and key go together")
        return self


@contextmanager
def _opened(request: FetchRequest) -> Iterator[tuple[Api, Options]]:
    options = read_options(Options, request)
    key = options.key_to_send(request.secret)
    secrets = {"Authorization": SecretStr(f"Apikey {key.get_secret_value()}")} if key else {}
    with Session(request.limits) as session:
        base = f"{options.url.rstrip('/')}/api/explore/v2.1/catalog/datasets"
        whole = f"{base}/{quote(options.dataset, safe='')}" if options.dataset else base
        yield Api(session, whole, request.limits.max_bytes, secrets, _SAID), options


def _pages(api: Api, options: Options) -> Iterator[list[Record]]:
    def listed(answer: Answer) -> list[Record]:
        return as_objects(answer, as_object(answer, as_json(answer)).get("results"), "results")

    def total(answer: Answer) -> int | None:
        return whole_number(as_object(answer, as_json(answer)).get("total_count"))

    for page in offset_pages(api, "", {"where": options.where, "order_by": "dataset_id"}, _PAGE, listed, total):
        yield [record_of(described, options.url.rstrip("/")) for described in page]


@contextmanager
def _asked(request: FetchRequest) -> Iterator[tuple[Api, Options, dict[str, Any]]]:
    with _opened(request) as (api, options):
        described = api.get_object("")
        metas = described.get("metas")
        yield api, options, (metas.get("default") if isinstance(metas, dict) else None) or {}


def _offer(api: Api, options: Options, metas: dict[str, Any], where: str | None = None) -> Offer:
    # Without the date of the data, that of its description would let a change pass unseen.
    state = f"{metas['data_processed']} {metas.get('modified')}" if metas.get("data_processed") else ""
    kind = "jsonl" if options.watermark else options.format
    name = f"{options.dataset}.{'ndjson' if kind == 'jsonl' else kind}"
    query = {"timezone": "UTC", "where": where or options.where, "order_by": options.watermark}
    return Offer(api.order(f"exports/{kind}", query).url, state, name)


def check(request: FetchRequest) -> Checked:
    """Say whether the portal exports the dataset.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    if read_options(Options, request).catalogue:
        with _opened(request) as (api, options):
            next(_pages(api, options))
            return checked(LISTING)
    with _asked(request) as (api, options, metas):
        found = check_offer(api, _offer(api, options, metas))
    return checked(found.filename) if options.watermark else found


def fetch(request: FetchRequest) -> Fetched:
    """Take the export, or what is new and lay it over ``request.previous``, or all datasets' records.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    if read_options(Options, request).catalogue:
        with _opened(request) as (api, options):
            return write_listing(request, api, _pages(api, options))
    with _asked(request) as (api, options, metas):
        if options.watermark:
            return _fetch_new(api, request, options, metas)
        return take_offer(api, request, _offer(api, options, metas))


def _fetch_new(api: Api, request: FetchRequest, options: Options, metas: dict[str, Any]) -> Fetched:
    """Only the rows from the watermark on, unless the portal says that nothing was processed since."""
    since, column = request.known_watermark, str(options.watermark)
    conditions = [f"({options.where})"] if options.where else []
    offer = _offer(api, options, metas)
    if since is not None:
        if offer.state and request.since.etag == state_mark(offer):
            return untouched(api, offer, request.since)
        conditions.append(f"{column} >= date'{instant_of(since, column).isoformat()}'")
    asked = _offer(api, options, metas, " and ".join(conditions) or None)
    name = f"{options.dataset}.ndjson"
    path = api.download(asked.url, request.into)
    with Snapshot(request.into, partial(_key_of, options.key)) as snapshot:
        mark = since
        try:
            if since is not None and request.previous is not None:
                snapshot.put_previous(request.previous)
            for row in json_lines(path, name):
                if not snapshot.put(row):
                    raise BadOptions("key", f"two rows have {', '.join(options.key)} in common")
                mark = newest(mark, row.get(column), column)
        finally:
            path.unlink()
        validators = Validators(etag=state_mark(offer), watermark=mark)
        fetched = write_records(request, snapshot.lines(), api.cost, name, since=validators)
        whole, count = not options.where, metas.get("records_count")
        gone = max(0, len(snapshot) - count) if whole and isinstance(count, int) else 0
        return fetched.model_copy(update={"gone": gone})


def _key_of(columns: tuple[str, ...], row: Mapping[str, Any]) -> str:
    """A row without a value in its key has one all the same, else it would be added anew each time."""
    return json.dumps([row.get(column) for column in columns], ensure_ascii=False)
