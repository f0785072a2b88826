"""Where the engines come to the platform: they fetch bundles here and hand in their reports.

Source: Open Policy Agent, management APIs (Bundle, Status and Decision Log service).
"""

import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from governance.decisions.bundle import bundle_path, version_of
from governance.decisions.bundle_names import BUNDLES, BundleName
from governance.decisions.engine_records import BundleState, EngineDecision, EngineRecords
from governance.decisions.opa_server import SERVICE_SECRET
from governance.journal.journal import Journal
from governance.kept_secrets import kept_secret
from governance.settings import Settings
from governance.state.database import open_database
from governance.telemetry.trace_context import trace_id_of

LARGEST_REPORT = 16 * 1024 * 1024
"""Bytes of one report once unpacked."""
_NOT_REACHED = "request failed:"
"""Said of a question that had no answer: whoever reports it reaches us again, or stops. It refused nothing."""
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _BundleReport(_Report):
    active_revision: str | None = None
    last_successful_activation: AwareDatetime
    message: str | None = None
    errors: tuple[Any, ...] = ()


class _StatusReport(_Report):
    labels: Mapping[str, str]
    bundles: Mapping[str, _BundleReport] = Field(default_factory=dict)


class _Revision(_Report):
    revision: str | None = None


class _HttpContext(_Report):
    headers: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)


class _RequestContext(_Report):
    http: _HttpContext = _HttpContext()


class _Event(_Report):
    labels: Mapping[str, str]
    decision_id: str
    timestamp: AwareDatetime
    path: str = ""
    bundles: Mapping[str, _Revision] = Field(default_factory=dict)
    input: Any = None
    result: Any = None
    request_context: _RequestContext = _RequestContext()


_KEPT = ("decision_id", "timestamp", "bundles", "path", "input", "result", "erased", "error", "requested_by")
_EVENTS = TypeAdapter(list[dict[str, Any]])


class ReportRefused(ValueError):  # noqa: N818 - kept because it is named after the fact it states
    """A report is too large or cannot be read."""


class EngineDesk:
    """One installation's desk; safe to share between threads."""

    def __init__(self, settings: Settings, journal: Journal, records: EngineRecords) -> None:
        self._settings = settings
        self._token = kept_secret(settings, SERVICE_SECRET)
        self._journal = journal
        self._records = records
        self.is_closing = False
        self._tags: dict[Path, tuple[tuple[int, int], str]] = {}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The desk of this installation."""
        records = EngineRecords(open_database(settings.database_address))
        return cls(settings, Journal.from_settings(settings), records)

    def knows(self, token: str) -> bool:
        """Whether whoever shows this token is one of our engines, compared in constant time."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def tag(self, name: BundleName) -> str | None:
        """The entity tag of a bundle (RFC 9110, 8.8.3), of its bytes; ``None`` before the first."""
        path = bundle_path(self._settings, name)
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            known = self._tags.get(path)
            if known is None or known[0] != stamp:
                known = (stamp, f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"')
                self._tags[path] = known
        except FileNotFoundError:
            return None
        return known[1]

    def bundle(self, name: BundleName) -> tuple[str, bytes]:
        """Entity tag and bytes of a bundle.

        Raises:
            FileNotFoundError: there is none yet.
        """
        content = bundle_path(self._settings, name).read_bytes()
        return f'"{hashlib.sha256(content).hexdigest()}"', content

    def take_status(self, body: bytes) -> None:
        """Keep what an engine has activated, and write into the journal what changed.

        Raises:
            ReportRefused: the report cannot be read.
        """
        try:
            report = _StatusReport.model_validate_json(body)
        except ValueError as error:
            raise ReportRefused(str(error)) from error
        engine = report.labels.get("engine", "unnamed")[:64]
        for name in BUNDLES:
            told = report.bundles.get(name)
            if told is not None:
                self._take_state(_state_of(engine, name, told))

    def _take_state(self, state: BundleState) -> None:
        """The journal first: what was cut in between is told twice rather than never."""
        before = self._records.state(state.engine, state.bundle)
        if (state.revision, state.fault) != ((before.revision, before.fault) if before else (None, None)):
            told = {"engine": state.engine, "bundle": state.bundle, "revision": state.revision, "fault": state.fault}
            self._journal.append("policy_activation", told)
        if before is None or before.differs(state):
            self._records.put_state(state)

    def take_decisions(self, body: bytes) -> int:
        """Keep the decisions of a report (gzip, a JSON array) and return how many.

        Raises:
            ReportRefused: the report is too large or cannot be read.
        """
        try:
            events = _EVENTS.validate_json(_unpacked(body))
            decisions = [_decision_of(event) for event in events]
        except (ValueError, zlib.error) as error:
            raise ReportRefused(str(error)) from error
        self._records.put_decisions(decisions, timedelta(days=self._settings.decision_log_days))
        return len(decisions)


def _state_of(engine: str, name: str, told: _BundleReport) -> BundleState:
    since = told.last_successful_activation
    faults = [told.message or "", *(json.dumps(error, ensure_ascii=False) for error in told.errors)]
    if faults[0].startswith(_NOT_REACHED):
        faults = []
    return BundleState(
        engine=engine,
        bundle=name,
        revision=told.active_revision or None,
        active_since=since if since > _NEVER else None,
        fault="; ".join(filter(None, faults))[:2000] or None,
        reported_at=datetime.now(UTC),
    )


def _decision_of(event: dict[str, Any]) -> EngineDecision:
    read = _Event.model_validate(event)
    revisions = [read.bundles[name].revision for name in BUNDLES if name in read.bundles]
    is_whole = len(revisions) == len(BUNDLES) and all(revisions)
    result = read.result if isinstance(read.result, dict) else {}
    asked = read.input if isinstance(read.input, dict) else {}
    target = asked.get("target")
    kept = {name: told for name, told in event.items() if name in _KEPT}
    if trace_id := _trace_id_of(read):
        kept["trace_id"] = trace_id
    return EngineDecision(
        decision_id=read.decision_id[:64],
        at=read.timestamp,
        engine=read.labels.get("engine", "unnamed")[:64],
        path=read.path[:160],
        policy_version=version_of(*map(str, revisions)) if is_whole else None,
        target=str(target["dataset"])[:128] if isinstance(target, dict) and "dataset" in target else None,
        allow=result["allow"] if isinstance(result.get("allow"), bool) else None,
        event=json.dumps(kept, ensure_ascii=False),
    )


def _trace_id_of(read: _Event) -> str | None:
    return trace_id_of(next(iter(read.request_context.http.headers.get("traceparent", ())), None))


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    content = unpacker.decompress(body, LARGEST_REPORT + 1)
    if len(content) > LARGEST_REPORT:
        raise ReportRefused(f"more than {LARGEST_REPORT} bytes")
    return content
