"""Delete what is kept of a source that is gone, once a person says so: rows, received bytes, reports of rows.

What was handed in for it goes too, taken back or never taken; bytes and files that another source has as well stay.
Receipts stay (counts and words), and so does the journal, where it is written first who said so. Versions of the shared
layer that were published earlier stay as they are: they are what readers were given.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from governance.federation import Source
from governance.lake import write_atomically
from governance.lineage.names import HARVEST
from governance.lineage.store import LineageStore
from governance.parquet_bytes import to_parquet
from governance.pipeline.failures import StepFailed
from governance.pipeline.hand_in import PUT_ASIDE, NotHandedIn, box_of, find_box, find_waiting, takes_files
from governance.pipeline.locks import accepted_lock, hold
from governance.pipeline.run_reports import find_read_by
from governance.platform import Platform
from governance.state.cursors import SourceKey, forget_source
from governance.state.receipts import Receipt, receipts_of_bytes, receipts_of_source
from governance.state.standing import end_checks, forget_absences, list_absences


class NothingToDelete(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """The source is still there, or nothing of it is kept."""


@dataclass(frozen=True)
class Deletable:
    """What a deletion would take away; ``rows`` are the last good ones, ``files`` the hashes of received files."""

    key: SourceKey
    datasets: tuple[str, ...]
    rows: int
    files: tuple[str, ...]
    handed_in: tuple[Path, ...]
    """Files in its box, those that were taken back among them."""
    shared: tuple[str, ...]
    """What another source has as well, and so stays: hashes of received files, paths of files in a box."""
    batches: tuple[tuple[str, str], ...]
    """(dataset, batch) in which rows of it may lie."""
    runs: tuple[str, ...]
    absent_since: datetime
    archived_at: datetime | None


def find_deletable(platform: Platform, member_id: str, source_id: str) -> Deletable:
    """Return what is kept of a source that is gone.

    Raises:
        NothingToDelete: it is not absent, a file waits in its box, or nothing of it is kept; the message says which.
    """
    key = (member_id, source_id)
    absence = next((one for one in list_absences(platform.engine) if one.key == key), None)
    receipts = receipts_of_source(platform.engine, *key)
    if not receipts:
        raise NothingToDelete(f"nothing is kept of {member_id}/{source_id}: no run of it is known")
    if absence is None:
        raise NothingToDelete(
            f"{member_id}/{source_id} is not absent: the next run would bring it back. Withdraw its file, or take it "
            "out of the declaration and run 'archipel harmonise'; then delete it."
        )
    mine = {receipt.run_id for receipt in receipts}
    held = {receipt.file_sha256 for receipt in receipts if receipt.file_sha256}
    landed = {sha256 for sha256 in held if platform.lake.landed(sha256).is_file()}
    others = {r.file_sha256 for r in receipts_of_bytes(platform.engine, landed) if r.run_id not in mine}
    handed_in = set(_handed_in(platform, key, receipts))
    of_others = {path for path in handed_in if _is_read_by_another(platform, key, path)}
    return Deletable(
        key=key,
        datasets=tuple(sorted({receipt.dataset for receipt in receipts})),
        rows=_last_rows(receipts),
        files=tuple(sorted(landed - others)),
        handed_in=tuple(sorted(handed_in - of_others)),
        shared=(*sorted(landed & others), *sorted(map(str, of_others))),
        batches=tuple(sorted({(r.dataset, r.batch_id) for r in receipts if r.batch_id})),
        runs=tuple(sorted(mine)),
        absent_since=absence.since,
        archived_at=absence.archived_at,
    )


def delete_source(platform: Platform, found: Deletable, who: str) -> None:
    """Take away what is kept; ``who`` is in the journal before anything is touched. Cut short, it can be done again.

    Raises:
        SQLAlchemyError: the journal could not be written; nothing changed.
    """
    member_id, source_id = found.key
    platform.journal.append(
        "source_change",
        {
            "action": "deleted", "member": member_id, "source": source_id, "rows": found.rows,
            "files": list(found.files), "handed_in": [path.name for path in found.handed_in],
            "absent_since": found.absent_since.isoformat(),
        },
        subject=who,
        target=found.datasets[0],
    )  # fmt: skip
    for dataset, batch_id in found.batches:
        with hold(platform.lake, accepted_lock(dataset)):
            _without_runs(platform.lake.accepted_batch(dataset, batch_id), found.runs)
        for path in platform.lake.quarantine(batch_id).glob("*.parquet"):
            _without_runs(path, found.runs)
        for run_id in found.runs:
            (platform.lake.quarantine(batch_id) / f"changes-{run_id}.json").unlink(missing_ok=True)
    for sha256 in found.files:
        platform.lake.landed(sha256).unlink(missing_ok=True)
    _empty_boxes(platform.settings.uploads_dir, found.handed_in)
    # Whatever was made again for somebody to look at may hold these rows; it can be made again without them.
    shutil.rmtree(platform.settings.state_dir / "replays", ignore_errors=True)
    LineageStore(platform.engine).forget_source(f"{HARVEST}.{member_id}.{source_id}")
    with platform.engine.begin() as connection:
        forget_source(connection, found.key)
        forget_absences(connection, [found.key])
        end_checks(connection, [found.key])


def _handed_in(platform: Platform, key: SourceKey, receipts: Iterable[Receipt]) -> Iterator[Path]:
    """Give what lies in the boxes that the source was ever read from: it may be declared otherwise now, or no more."""
    declared = [source for who, source in platform.federation.sources() if (who.id, source.id) == key]
    for source in declared:
        _require_nothing_waits(platform, key, source)
    then = [read_by.source for receipt in receipts if (read_by := find_read_by(platform.lake, receipt))]
    for box in {box_of(platform, source) for source in (*declared, *then) if source is not None}:
        if box is not None:
            folder, pattern = box
            places = (*folder.glob("*"), *(folder / PUT_ASIDE).glob("*"))
            yield from (path for path in places if path.is_file() and fnmatchcase(path.name, pattern))


def _require_nothing_waits(platform: Platform, key: SourceKey, source: Source) -> None:
    if not takes_files(source.connector):
        return
    try:
        waiting = find_waiting(platform, find_box(platform, *key))
    except NotHandedIn:  # of a contract that is followed no more, no harvest takes anything
        return
    if waiting is not None:
        raise NothingToDelete(
            f"a file waits in the box of {'/'.join(key)}: the next run would bring the source back. Take it back "
            f"('archipel upload {' '.join(key)} --take-back'), then delete it."
        )


def _is_read_by_another(platform: Platform, key: SourceKey, path: Path) -> bool:
    folder = path.parent.parent if path.parent.name == PUT_ASIDE else path.parent
    boxes = [box_of(platform, source) for who, source in platform.federation.sources() if (who.id, source.id) != key]
    return any(box is not None and box[0] == folder and fnmatchcase(path.name, box[1]) for box in boxes)


def _empty_boxes(uploads: Path, files: Iterable[Path]) -> None:
    """Take files away, and the folders below ``uploads`` that are empty then."""
    for path in files:
        path.unlink(missing_ok=True)
        for folder in path.parents[: len(path.relative_to(uploads).parts) - 1]:
            with suppress(OSError):  # something else lies there
                folder.rmdir()


def _last_rows(receipts: Iterable[Receipt]) -> int:
    accepted = [receipt for receipt in receipts if receipt.outcome == "accepted"]
    return (accepted[-1].rows_accepted or 0) if accepted else 0


def _without_runs(path: Path, runs: Iterable[str]) -> None:
    """Write a file of a batch anew without the rows of some runs; the batch's other sources keep theirs."""
    if not path.is_file():
        return
    frame = pl.read_parquet(path)
    left = frame.filter(~pl.col("run_id").is_in(list(runs)))
    if left.height < frame.height:
        described = {name: text for name, text in pl.read_parquet_metadata(path).items() if name != "ARROW:schema"}
        write_atomically(path, to_parquet(left, described))
