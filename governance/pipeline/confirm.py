"""A person says that rows which vanished are really gone: the file that waited is taken, and the journal knows."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.base import Validators
from governance.contracts.model import Contract
from governance.pipeline.failures import StepFailed
from governance.pipeline.fetch import source_fingerprint
from governance.pipeline.harvest import settle_arrivals
from governance.pipeline.settle import Arrival, Ask
from governance.platform import Platform
from governance.state.cursors import Cursor, find_accepted, find_cursors
from governance.state.receipts import Receipt, find_receipt


class NothingHeld(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """No file of that source waits for a word."""


@dataclass(frozen=True)
class Held:
    """A file that waits: what stands, and what would stand instead. Rows are accepted rows."""

    ask: Ask
    cursor: Cursor
    receipt: Receipt
    rows_before: int

    @property
    def rows_after(self) -> int:
        """Rows that would stand after a confirmation."""
        return self.receipt.rows_accepted or 0


def find_held(platform: Platform, member_id: str, source_id: str) -> Held:
    """Return the file of a source that waits.

    Raises:
        NothingHeld: there is no such member or source, or nothing of it waits; the message says which.
    """
    ask = _ask_of(platform, member_id, source_id)
    key = (member_id, source_id)
    cursor = find_cursors(platform.engine, [key]).get(key)
    before = find_accepted(platform.engine, [key]).get(key)
    receipt = find_receipt(platform.engine, cursor.run_id) if cursor is not None else None
    if cursor is None or receipt is None or before is None or cursor.outcome != "held":
        raise NothingHeld(f"nothing of {member_id}/{source_id} waits for a confirmation")
    return Held(ask, cursor, receipt, before.rows)


def confirm_held(platform: Platform, held: Held, who: str) -> Receipt:
    """Take a held file although rows vanished; ``who`` is written into the journal before anything changes.

    Raises:
        SQLAlchemyError: the journal could not be written; nothing changed.
    """
    organisation, source = held.ask
    contract = platform.contract_of(source)
    assert contract is not None  # the held file was read by it
    platform.journal.append(
        "confirmation",
        {
            "member": organisation.id,
            "source": source.id,
            "held_run": held.receipt.run_id,
            "file_sha256": held.receipt.file_sha256,
            "rows_before": held.rows_before,
            "rows_after": held.rows_after,
        },
        subject=who,
        target=source.dataset,
    )
    (receipt,) = settle_arrivals(platform, contract, [_arrival(held, contract)])
    return receipt


def _ask_of(platform: Platform, member_id: str, source_id: str) -> Ask:
    organisation = platform.federation.organisations.get(member_id)
    if organisation is None:
        raise NothingHeld(
            f"nobody is called {member_id!r}; known: {', '.join(sorted(platform.federation.organisations))}"
        )
    source = next((source for source in organisation.sources if source.id == source_id), None)
    if source is None:
        known = ", ".join(source.id for source in organisation.sources) or "none"
        raise NothingHeld(f"{member_id} has no source {source_id!r}; known: {known}")
    return organisation, source


def _arrival(held: Held, contract: Contract) -> Arrival:
    """The same bytes as a new run, so that the receipt of the one that waited stays as it was."""
    receipt = held.receipt
    return Arrival(
        ask=held.ask,
        run_id=uuid.uuid4().hex,
        started_at=datetime.now(UTC),
        fingerprint=source_fingerprint(held.ask[1], contract),
        origin=held.cursor.origin,
        sha256=receipt.file_sha256 or "",
        file_name=receipt.file_name or "",
        size=receipt.file_bytes or 0,
        validators=Validators(
            etag=held.cursor.etag, last_modified=held.cursor.last_modified, watermark=held.cursor.watermark
        ),
        is_confirmed=True,
    )
