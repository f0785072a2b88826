"""The steps as DAG tasks call them: ids and counts in, ids and counts out, failures as exceptions."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connectors.problems import NoRoom, SourceUnavailable, is_out_of_room
from governance.journal.journal import Journal
from governance.notifications.send import send_waiting
from governance.pipeline.archive import archive_absent
from governance.pipeline.external import ask_external
from governance.pipeline.failures import (
    JournalBroken,
    NoRoomLeft,
    SourceDidNotAnswer,
    SourceRefused,
    StepHadFailures,
)
from governance.pipeline.harmonise import Harmonised, harmonise
from governance.pipeline.harvest import harvest
from governance.pipeline.publish import publish
from governance.platform import open_platform
from governance.settings import load_settings
from governance.telemetry.set_up import as_task, the_one
from governance.telemetry.trace_context import current_traceparent


@contextmanager
def _task(name: str, set_off_by: str | None = None) -> Iterator[None]:
    """Work as a task does; a full disk is said in words.

    Raises:
        NoRoomLeft: trying again later is sensible.
    """
    try:
        with as_task(name, set_off_by):
            yield
    except Exception as error:
        if is_out_of_room(error):
            raise NoRoomLeft from None
        raise


def harvest_step(member_id: str, source_id: str) -> dict[str, str | int | None]:
    """Run one source: ``{run_id, outcome, accepted, quarantined, traceparent}``.

    Raises:
        SourceDidNotAnswer: trying again later is sensible.
        NoRoomLeft: likewise, once there is room.
        SourceRefused: it is not.
    """
    platform = open_platform(load_settings())
    organisation = platform.federation.organisations[member_id]
    source = next(source for source in organisation.sources if source.id == source_id)
    with _task("harvest task"):
        (receipt,) = harvest(platform, [(organisation, source)])
        traceparent = current_traceparent()
    if receipt.outcome == "failed":
        if receipt.report_status == NoRoom.code:
            raise NoRoomLeft
        failure = SourceDidNotAnswer if receipt.report_status == SourceUnavailable.code else SourceRefused
        raise failure(f"{member_id}/{source_id}: {receipt.message_en} {receipt.remedy_en}")
    return {
        "run_id": receipt.run_id,
        "outcome": receipt.outcome,
        "accepted": receipt.rows_accepted,
        "quarantined": receipt.rows_quarantined,
        "traceparent": traceparent,
    }


def harmonise_step(set_off_by: Sequence[str] = ()) -> tuple[Harmonised, str | None]:
    """Build what changed and switch the shared layer; what failed is named. With the ``traceparent`` it was done under.

    ``set_off_by`` are the ``traceparent`` of what set it off.
    """
    with _task("harmonise task", the_one(set_off_by)):
        return harmonise(open_platform(load_settings())), current_traceparent()


def require_complete(failures: list[str]) -> None:
    """Fail where a dataset stayed at its last good version, so that a person sees it.

    Raises:
        StepHadFailures: naming each and why.
    """
    if failures:
        raise StepHadFailures("; ".join(failures))


def verify_step() -> int:
    """Verify the whole journal and note what came of it, for the figures and the page of health: how many entries.

    Raises:
        JournalBroken: an entry was altered, removed or reordered; nothing is mended.
    """
    with _task("verify task"):
        journal = Journal.from_settings(load_settings())
        length, found = journal.length(), journal.verify()
    if found is not None:
        raise JournalBroken(f"Journal rompu : {found.message_fr}. The journal is broken: {found.message_en}.")
    return length


def archive_step() -> list[str]:
    """Archive sources that were absent for too long: ``<member>/<source>`` of each."""
    return [f"{one.member_id}/{one.source_id}" for one in archive_absent(open_platform(load_settings()))]


def notify_step() -> dict[str, int]:
    """Send the notices that are due: how many were sent, wait on, were given up or withdrawn."""
    with _task("notify task"):
        deliveries = send_waiting(open_platform(load_settings()))
    return dict(Counter(delivery.state for delivery in deliveries))


def external_step() -> dict[str, int]:
    """Ask the catalogues of others that are due: how many answered, and how many did not. None stops a publication."""
    with _task("external task"):
        asked = ask_external(open_platform(load_settings()))
    return dict(Counter("silent" if one.problem_fr else "answered" for one in asked))


def publish_step(set_off_by: Sequence[str] = ()) -> dict[str, int]:
    """Make the catalogue equal to the decisions: counts of what was created, updated, archived, left.

    ``set_off_by`` are the ``traceparent`` of what set it off.
    """
    with _task("publish task", the_one(set_off_by)):
        return publish(open_platform(load_settings())).counts()
