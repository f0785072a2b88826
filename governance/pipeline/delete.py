"""Delete what is kept of a source that is gone, once a person says so: rows, received bytes, reports of rows.

Receipts stay (counts and words), and so does the journal, where it is written first who said so. Versions of the shared
layer that were published earlier stay as they are: they are what readers were given.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from governance.lake import write_atomically
from governance.lineage.names import HARVEST
from governance.lineage.store import LineageStore
from governance.parquet_bytes import to_parquet
from governance.pipeline.failures import StepFailed
from governance.pipeline.locks import accepted_lock, hold
from governance.platform import Platform
from governance.state.cursors import SourceKey, forget_source
from governance.state.receipts import Receipt, receipts_of_bytes, receipts_of_source
from governance.state.standing import end_checks, forget_absences, list_absences


class NothingToDelete(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """The source is still there, or nothing of it is kept."""


@dataclass(frozen=True)
class Deletable:
    """What a deletion would take away; ``rows`` are the last good ones, ``files`` are received files."""

    key: SourceKey
    datasets: tuple[str, ...]
    rows: int
    files: tuple[str, ...]
    batches: tuple[tuple[str, str], ...]
    """(dataset, batch) in which rows of it may lie."""
    runs: tuple[str, ...]
    absent_since: datetime
    archived_at: datetime | None


def find_deletable(platform: Platform, member_id: str, source_id: str) -> Deletable:
    """Return what is kept of a source that is gone.

    Raises:
        NothingToDelete: it is not absent, or nothing of it is kept; the message says which.
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
    shared = {r.file_sha256 for r in receipts_of_bytes(platform.engine, held) if r.run_id not in mine}
    return Deletable(
        key=key,
        datasets=tuple(sorted({receipt.dataset for receipt in receipts})),
        rows=_last_rows(receipts),
        files=tuple(sorted(sha for sha in held - shared if platform.lake.landed(sha).is_file())),
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
            "files": list(found.files), "absent_since": found.absent_since.isoformat(),
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
    # Whatever was made again for somebody to look at may hold these rows; it can be made again without them.
    shutil.rmtree(platform.settings.state_dir / "replays", ignore_errors=True)
    LineageStore(platform.engine).forget_source(f"{HARVEST}.{member_id}.{source_id}")
    with platform.engine.begin() as connection:
        forget_source(connection, found.key)
        forget_absences(connection, [found.key])
        end_checks(connection, [found.key])


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
