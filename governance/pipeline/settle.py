"""What becomes of the runs of sources: their rows, their reports, their receipts, their cursors, in that order.

Runs of one contract are settled together: one file of rows, one of errors, one transaction. Files come first and the
transaction last, so that a batch that was cut is done again and never half believed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.base import Validators
from connectors.problems import ConnectorProblem, SourceRefused
from governance.contracts.model import Contract
from governance.federation import Member, Partner, Source
from governance.intake.model import Examined, Report
from governance.lineage.tell import tell_receipts
from governance.notifications.occasions import keep_receipts
from governance.pipeline.accepted_rows import Kept, write_accepted
from governance.pipeline.archive import journal_returns
from governance.pipeline.guard import is_suspicious_shrink
from governance.pipeline.locks import accepted_lock, hold
from governance.pipeline.references import References, Runs, with_references
from governance.pipeline.run_reports import write_run_reports
from governance.pipeline.words import failed_words, held_words, outcome_words
from governance.platform import Platform
from governance.release import release_of_now
from governance.state.cursors import AcceptedRows, Cursor, find_accepted, store_accepted, store_cursors
from governance.state.receipts import Outcome, Receipt, state_after
from governance.state.standing import Absence, end_checks, forget_absences, note_absences

ABSENT = "source_absent"
"""``report_status`` of a run that was told that the file is not there."""
Ask = tuple[Member | Partner, Source]
"""A source with whose it is."""


@dataclass(frozen=True)
class Arrival:
    """New bytes of one source, landed and not yet looked at. ``size`` is in bytes."""

    ask: Ask
    run_id: str
    started_at: datetime
    fingerprint: str
    origin: str
    sha256: str
    file_name: str
    size: int
    validators: Validators
    gone: int = 0
    """Rows handed over that the source no longer has."""
    is_confirmed: bool = False
    """A person said that rows which vanished are really gone."""

    @property
    def key(self) -> tuple[str, str]:
        """Ids of the organisation and of its source."""
        return self.ask[0].id, self.ask[1].id


@dataclass(frozen=True)
class NothingNew:
    """A run that brought no bytes to look at, and its source's cursor where what tells of a change moved."""

    receipt: Receipt
    cursor: Cursor | None = None


class RowsLost(AssertionError):
    """in = accepted + quarantined + duplicates did not hold: a defect of ours, never of the file."""


@dataclass(frozen=True)
class _Settled:
    """One run's end: what is written of it."""

    arrival: Arrival
    examined: Examined
    outcome: Outcome
    receipt: Receipt


def failed_receipt(
    ask: Ask, run_id: str, started: datetime, problem: ConnectorProblem, known: Cursor | None
) -> Receipt:
    """Return the receipt of a source that could not be fetched; its last good rows stay."""
    is_absent = isinstance(problem, SourceRefused) and problem.is_absent
    facts = {"report_status": ABSENT if is_absent else problem.code, **_standing_of(known)}
    return _receipt(ask, run_id, started, "failed", failed_words(problem), **facts)


def unchanged_receipt(ask: Ask, run_id: str, started: datetime, known: Cursor) -> Receipt:
    """Return the receipt of a source that has nothing new; nothing else is written of it."""
    words = outcome_words("unchanged", None, known.outcome)
    return _receipt(ask, run_id, started, "unchanged", words, file_sha256=known.file_sha256, **_standing_of(known))


def _standing_of(known: Cursor | None) -> dict[str, str]:
    """How the last file stands, for the receipt of a run that read none."""
    return {"state": known.state, "contract_version": known.contract_version} if known is not None else {}


def settle_without_rows(platform: Platform, runs: Sequence[NothingNew]) -> list[Receipt]:
    """Keep the receipts of runs that brought nothing."""
    receipts = [run.receipt for run in runs]
    absent = [
        Absence(member_id=r.member_id, source_id=r.source_id, reason="gone", since=r.finished_at)
        for r in receipts
        if r.report_status == ABSENT
    ]
    keys = [(receipt.member_id, receipt.source_id) for receipt in receipts]
    back = [(receipt.member_id, receipt.source_id) for receipt in receipts if receipt.outcome == "unchanged"]
    journal_returns(platform, back)
    with platform.engine.begin() as connection:
        keep_receipts(connection, platform.federation, receipts)
        store_cursors(connection, [run.cursor for run in runs if run.cursor is not None])
        note_absences(connection, absent)
        forget_absences(connection, back)
        end_checks(connection, keys)
    tell_receipts(platform, receipts)
    return receipts


def settle(
    platform: Platform,
    contract: Contract,
    runs: Sequence[tuple[Arrival, Examined]],
    references: References = References(),
) -> list[Receipt]:
    """Keep or refuse the rows of files that were examined together, and write what is to be known of each.

    ``references`` is what they were held against besides their contract.

    Raises:
        RowsLost: the counts of a file do not add up; nothing of the batch is kept.
    """
    batch_id = uuid.uuid4().hex
    with hold(platform.lake, accepted_lock(contract.id)):
        before = find_accepted(platform.engine, [arrival.key for arrival, _ in runs])
        settled = [_settle_one(batch_id, contract, *run, before.get(run[0].key)) for run in runs]
        declared = {one.arrival.run_id: one.arrival.ask[1] for one in settled}
        runs_examined = [(one.arrival.run_id, one.examined) for one in settled]
        write_run_reports(platform.lake, batch_id, contract, runs_examined, declared, _referred(settled, references))
        kept = [one for one in settled if one.outcome == "accepted"]
        if kept:
            write_accepted(platform.lake, contract, batch_id, [_kept(one) for one in kept])
        keys = [arrival.key for arrival, _ in runs]
        # A confirmation looks at bytes that are here already: it says nothing of whether the source is there.
        back = [arrival.key for arrival, _ in runs if not arrival.is_confirmed]
        journal_returns(platform, back)
        with platform.engine.begin() as connection:
            keep_receipts(connection, platform.federation, [one.receipt for one in settled])
            store_accepted(connection, [_record(contract, batch_id, one) for one in kept])
            store_cursors(connection, [_cursor(one, references) for one in settled])
            forget_absences(connection, back)
            end_checks(connection, keys)
    receipts = [one.receipt for one in settled]
    tell_receipts(platform, receipts)
    return receipts


def _settle_one(
    batch_id: str, contract: Contract, arrival: Arrival, examined: Examined, before: AcceptedRows | None
) -> _Settled:
    counts = examined.report.rows
    if counts.read != counts.accepted + counts.quarantined + counts.duplicates:
        raise RowsLost(f"{arrival.key}: {counts}")
    outcome = _outcome(examined.report, before, arrival)
    words = (
        held_words(*arrival.key, before.rows, counts.accepted)
        if outcome == "held" and before is not None
        else outcome_words(outcome, examined.report, None)
    )
    receipt = _receipt(
        arrival.ask,
        arrival.run_id,
        arrival.started_at,
        outcome,
        words,
        batch_id=batch_id,
        state=state_after(outcome, counts.quarantined),
        report_status=examined.report.status,
        file_name=arrival.file_name,
        file_sha256=arrival.sha256,
        file_bytes=arrival.size,
        rows_in=counts.read,
        rows_accepted=counts.accepted,
        rows_quarantined=counts.quarantined,
        rows_duplicates=counts.duplicates,
        rows_gone=arrival.gone or None,
        contract_version=contract.version,
        detected=examined.report.file.model_dump_json(exclude={"name", "sha256"}),
    )
    return _Settled(arrival, examined, outcome, receipt)


def _outcome(report: Report, before: AcceptedRows | None, arrival: Arrival) -> Outcome:
    if report.status == "unusable":
        return "rejected"
    shrink = arrival.ask[1].max_shrink
    if before is not None and is_suspicious_shrink(before.rows, report.rows.accepted, shrink):
        return "accepted" if arrival.is_confirmed else "held"
    # A first file without one good row is not a contribution.
    return "accepted" if report.rows.accepted or before is not None else "rejected"


def _kept(settled: _Settled) -> Kept:
    member_id, source_id = settled.arrival.key
    return Kept(member_id, source_id, settled.arrival.sha256, settled.arrival.run_id, settled.examined)


def _record(contract: Contract, batch_id: str, settled: _Settled) -> AcceptedRows:
    member_id, source_id = settled.arrival.key
    return AcceptedRows(
        member_id=member_id,
        source_id=source_id,
        dataset=contract.id,
        run_id=settled.arrival.run_id,
        batch_id=batch_id,
        rows=settled.examined.report.rows.accepted,
    )


def _referred(settled: Sequence[_Settled], references: References) -> dict[str, Runs]:
    """The runs that each run's rows were held against, where there are any."""
    found = {one.arrival.run_id: references.runs_of(one.arrival.key[0]) for one in settled}
    return {run_id: runs for run_id, runs in found.items() if runs}


def _cursor(settled: _Settled, references: References) -> Cursor:
    arrival = settled.arrival
    member_id, source_id = arrival.key
    return Cursor(
        member_id=member_id,
        source_id=source_id,
        fingerprint=with_references(arrival.fingerprint, references.runs_of(member_id)),
        origin=arrival.origin,
        file_sha256=arrival.sha256,
        file_name=arrival.file_name,
        etag=arrival.validators.etag,
        last_modified=arrival.validators.last_modified,
        watermark=arrival.validators.watermark,
        outcome=settled.outcome,
        state=settled.receipt.state,
        contract_version=settled.receipt.contract_version or "",
        run_id=arrival.run_id,
    )


def _receipt(
    ask: Ask, run_id: str, started: datetime, outcome: Outcome, words: dict[str, str], **facts: str | int | None
) -> Receipt:
    organisation, source = ask
    return Receipt.model_validate(
        {
            "run_id": run_id,
            "member_id": organisation.id,
            "source_id": source.id,
            "dataset": source.dataset,
            "started_at": started,
            "finished_at": datetime.now(UTC),
            "outcome": outcome,
            "release": release_of_now(),
            **words,
            **facts,
        }
    )
