"""Somebody hands in a file: it is looked at as a harvest would, then left in its source's box for the next harvest.

Until a harvest took it, it can be taken back. Nothing that was handed in is deleted here: what is taken back is put
aside, in a folder of the box that no harvest reads. What clears boxes is ``prune_boxes``.
"""

import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from connectors import upload
from connectors.base import FetchRequest
from connectors.problems import ConnectorProblem
from governance.contracts.model import Contract
from governance.federation import Source
from governance.intake.examine import examine
from governance.intake.model import ReceivedFile, Report
from governance.lake import sha256_of, written_atomically
from governance.pipeline.failures import StepFailed
from governance.pipeline.guard import is_suspicious_shrink
from governance.pipeline.references import find_references
from governance.pipeline.settle import Ask
from governance.pipeline.words import in_force
from governance.platform import Platform
from governance.state.cursors import find_accepted, find_cursors

PUT_ASIDE = ".taken-back"


class NotHandedIn(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """Nothing can be handed in there, or taken back; the reason is in both languages."""

    def __init__(self, message_fr: str, message_en: str) -> None:
        super().__init__(message_en)
        self.message_fr, self.message_en = message_fr, message_en


@dataclass(frozen=True)
class Box:
    """Where the files of one source are left, by which contract they are read, and which names it takes."""

    ask: Ask
    contract: Contract
    folder: Path
    pattern: str


@dataclass(frozen=True)
class Waiting:
    """The newest file of a box, while no harvest has taken it; since when, in UTC."""

    path: Path
    since: datetime
    sha256: str


@dataclass(frozen=True)
class HandedIn:
    """What became of a file. Rows are accepted rows."""

    report: Report
    left_as: str | None
    """Its name in the box; none where it cannot be used: then nothing was left."""
    rows_before: int
    will_be_held: bool
    """Whether so many rows vanish that the harvest will ask for a person's word."""


def takes_files(connector: str) -> bool:
    """Whether sources of a connector are those that people hand files in for."""
    return connector == upload.__name__.rpartition(".")[2]


def box_of(platform: Platform, source: Source) -> tuple[Path, str] | None:
    """Return the folder of a source's box and which names it takes; none where its files come another way."""
    if not takes_files(source.connector):
        return None
    try:
        options = upload.Options.model_validate(dict(source.options))
    except ValidationError:
        return None
    return upload.box_folder(platform.settings.uploads_dir, options.box), options.pattern


def find_box(platform: Platform, member_id: str, source_id: str, today: date | None = None) -> Box:
    """Return the box of a source.

    Raises:
        NotHandedIn: no such member or source, its files come another way, or its contract is followed no more.
    """
    organisation = platform.federation.organisations.get(member_id)
    if organisation is None:
        known = ", ".join(sorted(platform.federation.organisations))
        raise NotHandedIn(
            f"Personne ne s'appelle « {member_id} ». Connus : {known}.",
            f"Nobody is called {member_id!r}. Known: {known}.",
        )
    source = next((one for one in organisation.sources if one.id == source_id), None)
    takes = ", ".join(one.id for one in organisation.sources if takes_files(one.connector)) or "–"
    if source is None:
        raise NotHandedIn(
            f"{member_id} n'a pas de source « {source_id} ». Celles où l'on dépose un fichier : {takes}.",
            f"{member_id} has no source {source_id!r}. Those that take a file: {takes}.",
        )
    if not takes_files(source.connector):
        raise NotHandedIn(
            f"Les fichiers de {member_id}/{source_id} viennent par « {source.connector} » : ici, on n'en dépose pas. "
            f"Sources où l'on dépose un fichier : {takes}.",
            f"Files of {member_id}/{source_id} come by {source.connector!r}: none is handed in here. "
            f"Sources that take a file: {takes}.",
        )
    try:
        options = upload.Options.model_validate(dict(source.options))
        contract = in_force(platform.contract_of(source), source, today or datetime.now(UTC).date())
    except ValidationError as error:
        why = error.errors(include_input=False)[0]["msg"]
        raise NotHandedIn(
            f"La déclaration de la source est à revoir : {why}.", f"See its declaration: {why}."
        ) from None
    except ConnectorProblem as problem:
        raise NotHandedIn(
            f"{problem.message_fr} {problem.remedy_fr}", f"{problem.message_en} {problem.remedy_en}"
        ) from None
    folder = upload.box_folder(platform.settings.uploads_dir, options.box)
    return Box((organisation, source), contract, folder, options.pattern)


def find_waiting(platform: Platform, box: Box) -> Waiting | None:
    """Return the file that the next harvest takes; none where the newest was taken already."""
    newest = _newest(platform, box)
    key = box.ask[0].id, box.ask[1].id
    cursor = find_cursors(platform.engine, [key]).get(key)
    if newest is None or (cursor is not None and newest.name == cursor.file_name):
        return None
    sha256 = sha256_of(newest)
    if cursor is not None and sha256 == cursor.file_sha256:
        return None
    return Waiting(newest, datetime.fromtimestamp(newest.stat().st_mtime, UTC), sha256)


def hand_in(platform: Platform, box: Box, file: Path, filename: str, who: str) -> HandedIn:
    """Look at a file and leave it in its box, unless it cannot be used; the journal has ``who`` before it lies there.

    The same bytes as those that wait are not left a second time.

    Raises:
        NotHandedIn: the source takes no file of that name.
        OSError, SQLAlchemyError: the disk or the journal refused; nothing was left.
    """
    organisation, source = box.ask
    name = _name_of(filename, datetime.now(UTC))
    if not fnmatchcase(name, box.pattern):
        raise NotHandedIn(
            f"Cette source prend des fichiers dont le nom ressemble à « {box.pattern} » : renommez « {filename} ».",
            f"This source takes files named like {box.pattern!r}: rename {filename!r}.",
        )
    sha256 = sha256_of(file)
    report = _judged(platform, box, _received(box, name, file, filename, sha256))
    key = organisation.id, source.id
    known = find_accepted(platform.engine, [key]).get(key)
    before, after = (known.rows if known else 0), report.rows.accepted
    left_as = None
    if report.status != "unusable":
        left_as = _leave(platform, box, file, name, sha256, who)
    held = left_as is not None and is_suspicious_shrink(before, after, source.max_shrink)
    return HandedIn(report, left_as, before, held)


def look_at_waiting(platform: Platform, box: Box) -> tuple[ReceivedFile, Report] | None:
    """Look once more at the file that waits, as a harvest would; None where none does."""
    waiting = find_waiting(platform, box)
    if waiting is None:
        return None
    name = waiting.path.name
    received = _received(box, name, waiting.path, name, waiting.sha256)
    return received, _judged(platform, box, received)


def name_given(name: str) -> str:
    """Return what a file of a box was called by whoever handed it in, as far as its letters were kept."""
    return re.sub(r"-\d{8}-\d{6}-\d{6}(?=\.|$)", "", name)


def _received(box: Box, key: str, path: Path, filename: str, sha256: str) -> ReceivedFile:
    organisation, source = box.ask
    return ReceivedFile.of(source, key=key, path=path, filename=filename, sha256=sha256, owner=organisation.id)


def _judged(platform: Platform, box: Box, received: ReceivedFile) -> Report:
    references = find_references(platform, box.contract, {box.ask[0].id})
    (examined,) = examine([received], box.contract, references.rows)
    return examined.report


def take_back(platform: Platform, box: Box, who: str) -> str:
    """Put the file aside that waits, and return its name; ``who`` is written into the journal first.

    Raises:
        NotHandedIn: none waits.
    """
    waiting = find_waiting(platform, box)
    if waiting is None:
        raise NotHandedIn(
            "Aucun fichier n'attend : le dernier a déjà été collecté. Pour le remplacer, déposez-en un autre.",
            "No file waits: the last one was harvested already. To replace it, hand in another.",
        )
    _journal(platform, box, "taken_back", waiting.path.name, waiting.sha256, who)
    aside = box.folder / PUT_ASIDE
    aside.mkdir(exist_ok=True)
    waiting.path.rename(aside / waiting.path.name)
    return waiting.path.name


def _leave(platform: Platform, box: Box, file: Path, name: str, sha256: str, who: str) -> str:
    waiting = find_waiting(platform, box)
    if waiting is not None and waiting.sha256 == sha256:
        return waiting.path.name
    newest = _newest(platform, box)
    after = newest.stat().st_mtime_ns + 1 if newest is not None else 0
    with written_atomically(box.folder / name) as draft:
        shutil.copyfile(file, draft)
        # A clock that was set back must not let an older file win.
        at = max(after, draft.stat().st_mtime_ns)
        os.utime(draft, ns=(at, at))
        # Whole on disk and not yet in the box: the journal says of no file that it is there which found no room.
        _journal(platform, box, "handed_in", name, sha256, who)
    return name


def _journal(platform: Platform, box: Box, action: str, name: str, sha256: str, who: str) -> None:
    organisation, source = box.ask
    told = {"action": action, "member": organisation.id, "source": source.id, "file": name, "file_sha256": sha256}
    platform.journal.append("source_change", told, subject=who, target=source.dataset)


def _newest(platform: Platform, box: Box) -> Path | None:
    """The file that a harvest would take, as its connector says; none where there is none that it may read."""
    options = box.ask[1].options
    try:
        found = upload.check(FetchRequest(options=options, into=box.folder, limits=platform.limits))
    except ConnectorProblem:
        return None
    return box.folder / found.filename


def _name_of(filename: str, at: datetime) -> str:
    """A name of its own for each file, that says whose it was and never leads anywhere else."""
    own = PurePosixPath(filename.replace("\\", "/"))
    stem = re.sub(r"[^\w .()-]", "_", own.stem)[:80].strip(" .") or "fichier"
    return f"{stem}-{at:%Y%m%d-%H%M%S-%f}{re.sub(r'[^.a-zA-Z0-9]', '', own.suffix)[:10]}"
