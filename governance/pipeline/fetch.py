"""Ask one source and land what came: an arrival to look at, or a run that brought nothing."""

import hashlib
import logging
import uuid
from datetime import UTC, datetime
from pathlib import Path

from connectors.base import Fetched, FetchRequest, Limits, Validators
from connectors.problems import ConnectorProblem
from connectors.registry import find_connector
from governance.contracts.model import Contract
from governance.federation import Source
from governance.intake.landing import land
from governance.pipeline.settle import Arrival, Ask, NothingNew, failed_receipt, unchanged_receipt
from governance.pipeline.words import defect, no_contract
from governance.platform import Platform
from governance.source_secrets import resolve_secret
from governance.state.cursors import Cursor

log = logging.getLogger(__name__)


def source_fingerprint(source: Source, contract: Contract) -> str:
    """Return what, besides its bytes, decides what a file becomes: its declaration and its contract."""
    declared = source.model_dump_json(exclude={"schedule", "secret", "max_shrink"})
    return hashlib.sha256((declared + contract.fingerprint).encode()).hexdigest()


def fetch(platform: Platform, limits: Limits, incoming: Path, ask: Ask, cursor: Cursor | None) -> Arrival | NothingNew:
    """Ask a source; whatever goes wrong ends in a receipt, because no source may stop another."""
    started, run_id = datetime.now(UTC), uuid.uuid4().hex
    try:
        return _fetch(platform, limits, incoming, ask, cursor, run_id, started)
    except ConnectorProblem as problem:
        return NothingNew(failed_receipt(ask, run_id, started, problem))
    except Exception:  # kept this wide because a defect in one connector must not take the others' files along
        log.exception("%s/%s: unexpected", ask[0].id, ask[1].id)
        return NothingNew(failed_receipt(ask, run_id, started, defect()))


def _fetch(
    platform: Platform, limits: Limits, incoming: Path, ask: Ask, cursor: Cursor | None, run_id: str, started: datetime
) -> Arrival | NothingNew:
    _, source = ask
    contract = platform.contracts.get(source.dataset)
    if contract is None:
        raise no_contract(source.dataset)
    fingerprint = source_fingerprint(source, contract)
    known = cursor if cursor is not None and cursor.fingerprint == fingerprint else None
    request = FetchRequest(
        options=source.options,
        into=incoming,
        since=_validators(known),
        previous=_previous(platform, known),
        limits=limits,
        secret=resolve_secret(platform.settings, source.secret) if source.secret else None,
    )
    fetched = find_connector(source.connector).fetch(request)
    sha256 = known.file_sha256 if known and fetched.not_modified else land(platform.lake, fetched)
    if known is not None and sha256 == known.file_sha256:
        return NothingNew(unchanged_receipt(ask, run_id, started, known), _moved(known, fetched.validators))
    return _arrival(ask, run_id, started, fingerprint, sha256, fetched)


def _arrival(ask: Ask, run_id: str, started: datetime, fingerprint: str, sha256: str, fetched: Fetched) -> Arrival:
    return Arrival(
        ask=ask,
        run_id=run_id,
        started_at=started,
        fingerprint=fingerprint,
        sha256=sha256,
        file_name=fetched.filename,
        size=fetched.size or 0,
        validators=fetched.validators,
        gone=fetched.gone,
    )


def _moved(cursor: Cursor, validators: Validators) -> Cursor | None:
    """The cursor where the same bytes came under another tag or date: else they would be fetched each time."""
    told = validators.model_dump(include={"etag", "last_modified", "watermark"}, exclude_none=True)
    moved = cursor.model_copy(update=told)
    return moved if moved != cursor else None


def _previous(platform: Platform, cursor: Cursor | None) -> Path | None:
    """The bytes that an incremental source goes on from; only those of a run whose rows stand."""
    if cursor is None or cursor.outcome != "accepted":
        return None
    landed = platform.lake.landed(cursor.file_sha256)
    return landed if landed.is_file() else None


def _validators(cursor: Cursor | None) -> Validators:
    if cursor is None:
        return Validators()
    return Validators(
        etag=cursor.etag,
        last_modified=cursor.last_modified,
        sha256=cursor.file_sha256,
        watermark=cursor.watermark,
    )
