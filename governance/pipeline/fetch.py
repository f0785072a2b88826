"""Ask one source and land what came: an arrival to look at, or a run that brought nothing."""

import hashlib
import logging
import uuid
from datetime import UTC, datetime
from pathlib import Path

from connectors.base import Fetched, FetchRequest, Limits, Validators
from connectors.problems import ConnectorProblem, is_out_of_room
from connectors.registry import find_connector
from governance.contracts.model import Contract
from governance.federation import Source
from governance.intake.landing import land
from governance.pipeline.references import referred_runs, with_references
from governance.pipeline.settle import Arrival, Ask, NothingNew, failed_receipt, unchanged_receipt
from governance.pipeline.words import in_force, our_fault
from governance.platform import Platform
from governance.source_secrets import resolve_secret
from governance.state.cursors import Cursor
from governance.telemetry.trace_context import step

log = logging.getLogger(__name__)


def source_fingerprint(source: Source, contract: Contract) -> str:
    """Return what, besides its bytes, decides what a file becomes: its declaration and its contract."""
    declared = source.model_dump_json(exclude={"schedule", "secret", "max_shrink"})
    return hashlib.sha256((declared + contract.fingerprint).encode()).hexdigest()


def source_origin(source: Source) -> str:
    """Return what decides where a source's bytes come from: its connector and options."""
    return hashlib.sha256(source.model_dump_json(include={"connector", "options"}).encode()).hexdigest()


def fetch(platform: Platform, limits: Limits, incoming: Path, ask: Ask, cursor: Cursor | None) -> Arrival | NothingNew:
    """Ask a source; whatever goes wrong ends in a receipt, because no source may stop another."""
    started, run_id = datetime.now(UTC), uuid.uuid4().hex
    told = {"archipel.member": ask[0].id, "archipel.source": ask[1].id, "archipel.run_id": run_id}
    try:
        with step("fetch", {**told, "archipel.connector": ask[1].connector}):
            return _fetch(platform, limits, incoming, ask, cursor, run_id, started)
    except ConnectorProblem as problem:
        return NothingNew(failed_receipt(ask, run_id, started, problem, cursor))
    except Exception as error:  # kept this wide because a defect in one connector must not take the others' files along
        log.error("%s/%s: %s", ask[0].id, ask[1].id, error, exc_info=not is_out_of_room(error))
        return NothingNew(failed_receipt(ask, run_id, started, our_fault(error), cursor))


def _fetch(
    platform: Platform, limits: Limits, incoming: Path, ask: Ask, cursor: Cursor | None, run_id: str, started: datetime
) -> Arrival | NothingNew:
    _, source = ask
    contract = in_force(platform.contract_of(source), source, started.date())
    fingerprint, origin = source_fingerprint(source, contract), source_origin(source)
    referred = referred_runs(platform, contract, ask[0].id)
    is_as_before = cursor is not None and cursor.fingerprint == with_references(fingerprint, referred)
    known = cursor if is_as_before else None
    earlier = cursor if cursor is not None and cursor.origin == origin else None
    request = FetchRequest(
        options=source.options,
        into=incoming,
        since=_validators(known, earlier),
        previous=_previous(platform, earlier),
        limits=limits,
        secret=resolve_secret(platform.settings, source.secret) if source.secret else None,
    )
    fetched = find_connector(source.connector).fetch(request)
    with step("land"):
        sha256 = known.file_sha256 if known and fetched.not_modified else land(platform.lake, fetched)
    if known is not None and sha256 == known.file_sha256:
        return NothingNew(unchanged_receipt(ask, run_id, started, known), _moved(known, fetched.validators))
    return _arrival(ask, run_id, started, fingerprint, origin, sha256, fetched)


def _arrival(
    ask: Ask, run_id: str, started: datetime, fingerprint: str, origin: str, sha256: str, fetched: Fetched
) -> Arrival:
    return Arrival(
        ask=ask,
        run_id=run_id,
        started_at=started,
        fingerprint=fingerprint,
        origin=origin,
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


def _previous(platform: Platform, earlier: Cursor | None) -> Path | None:
    """The bytes that an incremental source goes on from.

    They are complete whatever became of them, and some protocols give a message once only: so also those of a file
    that was held or rejected, or that was read under another contract.
    """
    if earlier is None:
        return None
    landed = platform.lake.landed(earlier.file_sha256)
    return landed if landed.is_file() else None


def _validators(known: Cursor | None, earlier: Cursor | None) -> Validators:
    """What the source may compare with; under another declaration the same bytes must come again."""
    if known is None:
        return Validators(watermark=earlier.watermark if earlier is not None else None)
    return Validators(
        etag=known.etag,
        last_modified=known.last_modified,
        sha256=known.file_sha256,
        watermark=known.watermark,
    )
