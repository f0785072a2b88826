"""Harvest: ask each source, land its bytes, check its rows, keep the last good ones, write a receipt.

Sources that share a contract are checked in one pass, however many they are. One source that fails, is
held or sends rubbish gets its receipt and never stops another.
"""

import hashlib
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from connectors.base import Fetched, FetchRequest, Validators
from connectors.problems import ConnectorProblem
from connectors.registry import find_connector
from governance.contracts.model import Contract
from governance.federation import Member, Partner, Source
from governance.intake.examine import examine
from governance.intake.landing import land
from governance.intake.model import ReceivedFile
from governance.pipeline.settle import Arrival, settle_examined, settle_failed, settle_unchanged
from governance.platform import Platform
from governance.state.cursors import Cursor, find_cursor
from governance.state.receipts import Receipt

AT_ONCE = 8
"""Sources asked at the same time."""

Ask = tuple[Member | Partner, Source]
"""A source with whose it is."""


@dataclass(frozen=True)
class _Came:
    """New bytes of one source, landed."""

    ask: Ask
    arrival: Arrival


def harvest(platform: Platform, asks: Sequence[Ask], say: Callable[[Receipt], None] = lambda _: None) -> list[Receipt]:
    """Run sources and return their receipts, in the order in which they were settled.

    ``say`` is called with each receipt as soon as it is known, for progress.
    """
    receipts: list[Receipt] = []

    def keep(receipt: Receipt) -> None:
        receipts.append(receipt)
        say(receipt)

    by_contract: dict[str, list[_Came]] = defaultdict(list)
    # Threads because fetching is waiting: a town hall that is slow or down must not delay the nine others.
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as pool:
        for came in pool.map(partial(_fetch_one, platform), asks):
            if isinstance(came, Receipt):
                keep(came)
            else:
                by_contract[came.ask[1].dataset].append(came)
    for dataset, arrivals in by_contract.items():
        for receipt in _examine_all(platform, platform.contracts[dataset], arrivals):
            keep(receipt)
    return receipts


def source_fingerprint(source: Source, contract: Contract) -> str:
    """Return what, besides its bytes, decides what a file becomes: its declaration and its contract."""
    declared = source.model_dump_json(exclude={"schedule", "secret", "max_shrink"})
    return hashlib.sha256((declared + contract.fingerprint).encode()).hexdigest()


def _fetch_one(platform: Platform, ask: Ask) -> _Came | Receipt:
    organisation, source = ask
    started = datetime.now(UTC)
    run_id = uuid.uuid4().hex
    contract = platform.contracts.get(source.dataset)
    if contract is None:
        return settle_failed(platform, ask, run_id, started, _no_contract(source))
    cursor = find_cursor(platform.engine, organisation.id, source.id)
    fingerprint = source_fingerprint(source, contract)
    known = cursor if cursor is not None and cursor.fingerprint == fingerprint else None
    incoming = platform.lake.root / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=incoming) as folder:
        request = FetchRequest(
            options=source.options, into=Path(folder), since=_validators(known), limits=platform.limits
        )
        try:
            fetched = find_connector(source.connector).fetch(request)
            sha256 = known.file_sha256 if known and fetched.not_modified else land(platform.lake, fetched)
        except ConnectorProblem as problem:
            return settle_failed(platform, ask, run_id, started, problem)
    if known is not None and sha256 == known.file_sha256:
        return settle_unchanged(platform, ask, run_id, started, known)
    return _Came(ask, _arrival(run_id, started, fingerprint, sha256, fetched))


def _arrival(run_id: str, started: datetime, fingerprint: str, sha256: str, fetched: Fetched) -> Arrival:
    return Arrival(
        run_id=run_id,
        started_at=started,
        fingerprint=fingerprint,
        sha256=sha256,
        file_name=fetched.filename,
        size=fetched.size or 0,
        etag=fetched.validators.etag,
        last_modified=fetched.validators.last_modified,
    )


def _validators(cursor: Cursor | None) -> Validators:
    if cursor is None:
        return Validators()
    return Validators(etag=cursor.etag, last_modified=cursor.last_modified, sha256=cursor.file_sha256)


def _no_contract(source: Source) -> ConnectorProblem:
    return ConnectorProblem(
        f"Le jeu de données « {source.dataset} » n'a pas de contrat.",
        f"The dataset {source.dataset!r} has no contract.",
        f"Écrivez contracts/{source.dataset}.yaml, ou corrigez le nom du jeu de données dans la source.",
        f"Write contracts/{source.dataset}.yaml, or mend the dataset's name in the source.",
    )


def _examine_all(platform: Platform, contract: Contract, arrivals: list[_Came]) -> Iterable[Receipt]:
    by_key = {came.arrival.run_id: came for came in arrivals}
    files = [_received(platform, came) for came in arrivals]
    for examined in examine(files, contract):
        came = by_key[examined.key]
        yield settle_examined(platform, came.ask, came.arrival, contract, examined)


def _received(platform: Platform, came: _Came) -> ReceivedFile:
    _, source = came.ask
    return ReceivedFile(
        key=came.arrival.run_id,
        path=platform.lake.landed(came.arrival.sha256),
        filename=came.arrival.file_name,
        sha256=came.arrival.sha256,
        reading=source.read,
        columns=source.columns,
        constants=source.constants,
        formats=source.formats,
        column_formats=source.column_formats,
    )
