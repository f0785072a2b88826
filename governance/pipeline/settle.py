"""What becomes of one run of one source: its rows, its report, its receipt, its cursor, in that order.

The cursor moves last, so that a run that was cut is done again and never skipped.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.problems import ConnectorProblem
from governance.contracts.model import Contract
from governance.federation import Member, Partner, Source
from governance.intake.model import Examined, Report
from governance.pipeline.accepted_rows import write_accepted
from governance.pipeline.guard import is_suspicious_shrink
from governance.pipeline.locks import hold
from governance.pipeline.run_report import write_run_report
from governance.pipeline.words import failed_words, held_words, outcome_words
from governance.platform import Platform
from governance.state.cursors import AcceptedFile, Cursor, find_accepted, store_accepted, store_cursor
from governance.state.receipts import Outcome, Receipt, store_receipt


@dataclass(frozen=True)
class Arrival:
    """New bytes of one source, landed and not yet looked at. ``size`` is in bytes."""

    run_id: str
    started_at: datetime
    fingerprint: str
    sha256: str
    file_name: str
    size: int
    etag: str | None
    last_modified: str | None


class RowsLost(AssertionError):
    """in = accepted + quarantined + duplicates did not hold: a defect of ours, never of the file."""


def settle_failed(
    platform: Platform,
    ask: tuple[Member | Partner, Source],
    run_id: str,
    started: datetime,
    problem: ConnectorProblem,
) -> Receipt:
    """Write the receipt of a source that could not be fetched; its last good rows stay."""
    return _store(platform, ask, run_id, started, "failed", failed_words(problem), report_status=problem.code)


def settle_unchanged(
    platform: Platform, ask: tuple[Member | Partner, Source], run_id: str, started: datetime, known: Cursor
) -> Receipt:
    """Write the receipt of a source that has nothing new; nothing else is written."""
    words = outcome_words("unchanged", None, known.outcome)
    return _store(platform, ask, run_id, started, "unchanged", words, file_sha256=known.file_sha256)


def settle_examined(
    platform: Platform,
    ask: tuple[Member | Partner, Source],
    arrival: Arrival,
    contract: Contract,
    examined: Examined,
) -> Receipt:
    """Keep or refuse the rows of a file that was examined, and write what is to be known of it."""
    organisation, source = ask
    report = examined.report
    counts = report.rows
    if counts.read != counts.accepted + counts.quarantined + counts.duplicates:
        raise RowsLost(f"{organisation.id}/{source.id}: {counts}")
    write_run_report(platform.lake, arrival.run_id, examined)
    with hold(platform.lake, f"{organisation.id}.{source.id}"):
        before = find_accepted(platform.engine, organisation.id, source.id)
        outcome = _outcome(report, before, source)
        if outcome == "accepted":
            _keep_rows(platform, ask, arrival, contract, examined)
        words = (
            held_words(before.rows, counts.accepted)
            if outcome == "held" and before is not None
            else outcome_words(outcome, report, None)
        )
        receipt = _store(
            platform,
            ask,
            arrival.run_id,
            arrival.started_at,
            outcome,
            words,
            report_status=report.status,
            file_name=arrival.file_name,
            file_sha256=arrival.sha256,
            file_bytes=arrival.size,
            rows_in=counts.read,
            rows_accepted=counts.accepted,
            rows_quarantined=counts.quarantined,
            rows_duplicates=counts.duplicates,
            contract_version=contract.version,
            detected=report.file.model_dump_json(exclude={"sha256"}),
        )
        _move_cursor(platform, ask, arrival, outcome)
    return receipt


def _outcome(report: Report, before: AcceptedFile | None, source: Source) -> Outcome:
    if report.status == "unusable":
        return "rejected"
    if before is not None and is_suspicious_shrink(before.rows, report.rows.accepted, source.max_shrink):
        return "held"
    # A first file without one good row is not a contribution.
    return "accepted" if report.rows.accepted or before is not None else "rejected"


def _keep_rows(
    platform: Platform,
    ask: tuple[Member | Partner, Source],
    arrival: Arrival,
    contract: Contract,
    examined: Examined,
) -> None:
    organisation, source = ask
    content = write_accepted(
        platform.lake,
        contract,
        examined.accepted,
        member_id=organisation.id,
        source_id=source.id,
        file_sha256=arrival.sha256,
        run_id=arrival.run_id,
    )
    store_accepted(
        platform.engine,
        AcceptedFile(
            member_id=organisation.id,
            source_id=source.id,
            dataset=contract.id,
            run_id=arrival.run_id,
            rows=examined.report.rows.accepted,
            content_sha256=content,
        ),
    )


def _move_cursor(platform: Platform, ask: tuple[Member | Partner, Source], arrival: Arrival, outcome: Outcome) -> None:
    organisation, source = ask
    store_cursor(
        platform.engine,
        Cursor(
            member_id=organisation.id,
            source_id=source.id,
            fingerprint=arrival.fingerprint,
            file_sha256=arrival.sha256,
            file_name=arrival.file_name,
            etag=arrival.etag,
            last_modified=arrival.last_modified,
            outcome=outcome,
            run_id=arrival.run_id,
        ),
    )


def _store(
    platform: Platform,
    ask: tuple[Member | Partner, Source],
    run_id: str,
    started: datetime,
    outcome: Outcome,
    words: dict[str, str],
    **facts: str | int | None,
) -> Receipt:
    organisation, source = ask
    receipt = Receipt.model_validate(
        {
            "run_id": run_id,
            "member_id": organisation.id,
            "source_id": source.id,
            "dataset": source.dataset,
            "started_at": started,
            "finished_at": datetime.now(UTC),
            "outcome": outcome,
            **words,
            **facts,
        }
    )
    store_receipt(platform.engine, receipt)
    return receipt
