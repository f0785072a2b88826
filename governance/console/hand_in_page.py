"""Hand in a file for a source: what is wrong is said at once, and until it is harvested it can be taken back."""

from datetime import UTC, datetime
from typing import Literal

from governance.api.feeds import Words
from governance.api.gate import Gate
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.received_form import MAX_BYTES, ReceivedForm
from governance.console.refused import Refused, refused_of
from governance.console.row_report import WITHOUT_COPY
from governance.console.shown import Shown
from governance.console.why import FormFault
from governance.contracts.model import Contract
from governance.deliverables.corrected_copy import Language, NoCopy, write_corrected_copy
from governance.deliverables.kept_file import table_of
from governance.deliverables.mends import Mend, first_mends
from governance.deliverables.sight import Sight, sight_of_own
from governance.intake.model import FileFacts, RowCounts
from governance.pipeline.declared import next_due
from governance.pipeline.hand_in import (
    Box,
    HandedIn,
    NotHandedIn,
    Waiting,
    find_box,
    find_waiting,
    hand_in,
    look_at_waiting,
    name_given,
    take_back,
)
from governance.platform import Platform

TOO_LARGE = Words(
    fr=f"Ce fichier dépasse {MAX_BYTES >> 20} Mio. Demandez à la fédération de le prendre autrement.",
    en=f"This file is above {MAX_BYTES >> 20} MiB. Ask the federation to take it another way.",
)


class FileThatWaits(Shown):
    """A file that the next harvest takes."""

    name: str
    name_given: str
    """As whoever handed it in called it."""
    since: datetime


class Answer(Shown):
    """What became of the file handed in just now."""

    file: FileFacts
    status: Literal["valid", "invalid", "unusable"]
    rows: RowCounts
    rows_before: int
    will_be_held: bool
    is_left: bool
    mends: tuple[Mend, ...]
    """The three most useful."""
    refused: Refused


class HandInPage(Shown):
    """The form, what waits, and the answer once a file was handed in."""

    member_id: str
    member_name: str
    source_id: str
    dataset: str
    dataset_title: Words
    schedule: str
    next_harvest: datetime
    """When the next harvest is due, by the schedule."""
    max_mib: int = MAX_BYTES >> 20
    faults: tuple[FormFault, ...] = ()
    waiting: FileThatWaits | None = None
    answer: Answer | None = None
    taken_back: str | None = None
    """The file that was taken back just now."""


def box_of(platform: Platform, member_id: str, source_id: str) -> Box:
    """Return the box of a source that takes files.

    Raises:
        ProblemError: 404, there is none.
    """
    try:
        return find_box(platform, member_id, source_id)
    except NotHandedIn as refused:
        raise ProblemError(404, reason("page_not_found")) from refused


def hand_in_page(gate: Gate, box: Box, *faults: FormFault) -> HandInPage:
    """Return the form and what waits."""
    organisation, source = box.ask
    waiting, contract = find_waiting(gate.platform, box), box.contract
    return HandInPage(
        member_id=organisation.id,
        member_name=organisation.name,
        source_id=source.id,
        dataset=source.dataset,
        dataset_title=Words(fr=contract.title, en=contract.title_en or contract.title),
        schedule=source.schedule or organisation.schedule,
        next_harvest=next_due(organisation, source, datetime.now(UTC)),
        faults=faults,
        waiting=_waiting(waiting) if waiting else None,
    )


def _waiting(found: Waiting) -> FileThatWaits:
    return FileThatWaits(name=found.path.name, name_given=name_given(found.path.name), since=found.since)


def corrected_waiting(gate: Gate, box: Box, language: Language) -> bytes:
    """Return the workbook of the file that waits, its wrong cells marked, as on the page of a run.

    Raises:
        ProblemError: 404, no file waits, or no copy can be made of it here.
    """
    found = look_at_waiting(gate.platform, box)
    kept = table_of(box.contract, box.ask[1], found[0]) if found is not None else None
    if found is None or kept is None:
        raise ProblemError(404, reason("copy_without_table"))
    try:
        return write_corrected_copy(kept, found[1].errors, _own_sight(box.contract), language)
    except NoCopy as refusal:
        raise ProblemError(404, reason(WITHOUT_COPY[refusal.code], run=found[0].filename)) from None


def _own_sight(contract: Contract) -> Sight:
    """What those see who hand a file in: all but cells of personal data."""
    return sight_of_own(contract, Sight(frozenset(), is_whole=False))


def answered(gate: Gate, box: Box, form: ReceivedForm, who: str) -> HandInPage:
    """Take a file in, or take back what waits; return the page with what became of it."""
    try:
        if "take_back" in form.fields:
            name = take_back(gate.platform, box, who)
            return hand_in_page(gate, box).model_copy(update={"taken_back": name})
        faults = tuple(form.file_faults(TOO_LARGE))
        if faults:
            return hand_in_page(gate, box, *faults)
        assert form.file is not None  # else there was a fault
        with form.kept_for_now() as path:
            done = hand_in(gate.platform, box, path, form.file.filename or "", who)
    except NotHandedIn as refused:
        return hand_in_page(gate, box, FormFault(field="file", message=_words(refused)))
    return hand_in_page(gate, box).model_copy(update={"answer": _answer(done, box.contract)})


def _words(refused: NotHandedIn) -> Words:
    return Words(fr=refused.message_fr, en=refused.message_en)


def _answer(done: HandedIn, contract: Contract) -> Answer:
    report, sight = done.report, _own_sight(contract)
    errors = [sight.seen(error) for error in report.errors]
    return Answer(
        file=report.file,
        status=report.status,
        rows=report.rows,
        rows_before=done.rows_before,
        will_be_held=done.will_be_held,
        is_left=done.left_as is not None,
        mends=first_mends(errors) if done.left_as is not None else (),
        refused=refused_of(errors),
    )
