"""Make a dataset as it was at an instant again, from the bytes that were received, and hold it against what was served.

Received bytes, the contract and declaration that each was read by, the models and the facts about members: all as they
were. The software is the one of now. Which releases read, judged and put together then, and which does now, is said
with the result; whether it is the same is for the hash alone to say.
"""

import hashlib
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from governance.contracts.model import Contract
from governance.deliverables.kept_file import reexamine
from governance.journal.model import Search
from governance.lake import Lake, sha256_of, write_atomically
from governance.pipeline.accepted_rows import Kept, list_current, write_accepted
from governance.pipeline.export import ExportFailed, export
from governance.pipeline.failures import StepFailed
from governance.pipeline.overlaps import write_overlaps
from governance.pipeline.replay_differences import Differences, find_differences
from governance.pipeline.run_reports import write_run_reports
from governance.pipeline.version_record import (
    VersionRecord,
    kept,
    read_record,
    software_of_now,
    version_at,
)
from governance.pipeline.warehouse import Build, build
from governance.platform import Platform
from governance.shared_layer import SharedTable, table_path
from governance.shared_versions import record_path
from governance.state.cursors import AcceptedRows
from governance.state.receipts import find_receipt


class CannotReplay(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """There is nothing to make the dataset of that instant from; the message says what is missing."""


@dataclass(frozen=True)
class Replayed:
    """A dataset made again: its version, both hashes, where it lies, by which releases, what differs if any does."""

    dataset: str
    version: str
    made_at: datetime
    sha256: str
    served_sha256: str
    path: Path
    rows: int
    release: str
    """Which release put it together then."""
    judged_by: tuple[str, ...]
    """Which releases read and judged then, as far as their receipts say."""
    release_now: str
    software_changed: tuple[str, ...]
    """What may change bytes and is other now than when it was put together: ``<what>: <then> → <now>``."""
    differences: Differences | None

    @property
    def is_by_another_release(self) -> bool:
        """Whether any part of the work was done by another release then."""
        return {self.release, *self.judged_by} != {self.release_now}

    @property
    def may_differ_by_release(self) -> bool:
        """Whether a difference may come from that: of two releases, what changes bytes may be the same."""
        return bool(self.software_changed) or not set(self.judged_by) <= {self.release, self.release_now}

    @property
    def is_same(self) -> bool:
        """Whether it is byte for byte what was served."""
        return self.sha256 == self.served_sha256


def replay(platform: Platform, dataset: str, at: datetime, into: Path | None = None) -> Replayed:
    """Make a dataset as readers had it at an instant, in a folder of its own.

    Raises:
        CannotReplay: nothing is known of that instant, or something that it was made of is there no more.
        BuildFailed: the models of then do not run.
    """
    record, table = _find(platform, dataset, at)
    folder = (into or platform.settings.state_dir / "replays" / f"{dataset}-{record.shared.version}").resolve()
    if folder.exists() and any(folder.iterdir()):
        raise CannotReplay(f"{folder} is not empty; name another folder (--to) or remove it")
    _restore(platform, record, dataset, folder)
    path = folder / f"{dataset}.parquet"
    rows = _build(platform, record, table, folder, path)
    sha256 = sha256_of(path)
    served = table_path(platform.lake, table)
    now = software_of_now()
    return Replayed(
        dataset=dataset,
        version=record.shared.version,
        made_at=record.shared.created_at,
        sha256=sha256,
        served_sha256=table.sha256,
        path=path,
        rows=rows,
        release=record.software.release,
        judged_by=_judged_by(platform, record, dataset),
        release_now=now.release,
        software_changed=record.software.changes_to(now),
        differences=None if sha256 == table.sha256 else find_differences(served, path),
    )


def _find(platform: Platform, dataset: str, at: datetime) -> tuple[VersionRecord, SharedTable]:
    """The record of the version that wrote what readers had, and what they had."""
    in_use = version_at(platform.lake, at)
    if in_use is None:
        first = min((r.name for r in platform.lake.records.glob("*.json")), default=None)
        known = f"the first record is of version {first.removesuffix('.json')}" if first else "there is no record yet"
        raise CannotReplay(
            f"nothing is recorded of {at.isoformat()}: {known}; what was shared before cannot be made again"
        )
    table = in_use.shared.tables.get(dataset)
    if table is None:
        raise CannotReplay(f"{dataset} was not shared at {at.isoformat()}; shared: {', '.join(in_use.shared.tables)}")
    version = table.file.split("/")[0]
    found = read_record(platform.lake, version)
    if found is None:
        raise CannotReplay(f"{dataset} of {at.isoformat()} was made by version {version}, before records were kept")
    _require_unaltered(platform, version, found[1])
    return found[0], table


def _require_unaltered(platform: Platform, version: str, sha256: str) -> None:
    entries = platform.journal.search(Search(kind="harmonisation", limit=10_000))
    told = next((entry.fields["record_sha256"] for entry in entries if entry.fields["version"] == version), None)
    if told != sha256:
        path = record_path(platform.lake, version)
        raise CannotReplay(
            f"{path} is not what the journal says was written: it was altered, or the journal is another's"
        )


def _judged_by(platform: Platform, record: VersionRecord, dataset: str) -> tuple[str, ...]:
    mine = [one.run_id for one in record.served if one.dataset in record.made_of[dataset]]
    receipts = [find_receipt(platform.engine, run_id) for run_id in mine]
    return tuple(sorted({receipt.release for receipt in receipts if receipt is not None and receipt.release}))


def _restore(platform: Platform, record: VersionRecord, dataset: str, folder: Path) -> None:
    """Lay out a lake and a dbt project as they were; of accepted rows, those that the dataset is made of."""
    lake = Lake(folder / "lake")
    with zipfile.ZipFile(io.BytesIO(_kept(platform, record.models, "the models"))) as archive:
        archive.extractall(folder / "dbt")
    members = _kept(platform, record.members, "the facts about members")
    write_atomically(lake.root / "reference" / "members.parquet", members)
    for name in record.made_of[dataset]:
        content = _kept(platform, record.contracts[name], f"the contract of {name}")
        contract = Contract.model_validate_json(content)
        served = [one for one in record.served if one.dataset == name]
        _write_rows(platform, lake, served)
        list_current(lake, contract, served, served)
        write_overlaps(lake, contract, served)


def _kept(platform: Platform, sha256: str, what: str) -> bytes:
    try:
        content = kept(platform.lake, sha256)
    except FileNotFoundError:
        raise CannotReplay(f"{what} of then ({sha256}) are there no more") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CannotReplay(f"{what} of then ({sha256}) were altered since")
    return content


def _write_rows(platform: Platform, lake: Lake, served: Iterable[AcceptedRows]) -> None:
    """Judge the received bytes of each run again, by what they were judged by, and write its rows."""
    batches: dict[str, list[tuple[Contract, Kept]]] = defaultdict(list)
    for record in served:
        batches[record.batch_id].append(_rows_of(platform, record))
    for batch_id, parts in batches.items():
        write_accepted(lake, parts[0][0], batch_id, [rows for _, rows in parts])
        write_run_reports(lake, batch_id, parts[0][0], [(rows.run_id, rows.examined) for _, rows in parts])


def _rows_of(platform: Platform, record: AcceptedRows) -> tuple[Contract, Kept]:
    where = f"{record.member_id}/{record.source_id}, run {record.run_id}"
    receipt = find_receipt(platform.engine, record.run_id)
    if receipt is None or receipt.file_sha256 is None:
        raise CannotReplay(f"{where}: its receipt is there no more")
    _require_bytes(platform, receipt.file_sha256, where)
    again = reexamine(platform, receipt)
    if again is None:
        raise CannotReplay(f"{where}: what its file was read by is there no more")
    kept = Kept(record.member_id, record.source_id, receipt.file_sha256, record.run_id, again.examined)
    return again.contract, kept


def _require_bytes(platform: Platform, sha256: str, where: str) -> None:
    path = platform.lake.landed(sha256)
    if not path.is_file():
        raise CannotReplay(f"{where}: the received file {sha256} is there no more; somebody deleted it")
    if sha256_of(path) != sha256:
        raise CannotReplay(f"{where}: the received file {sha256} was altered since")


def _build(platform: Platform, record: VersionRecord, table: SharedTable, folder: Path, path: Path) -> int:
    settings = platform.settings.model_copy(update={"state_dir": folder, "dbt_dir": folder / "dbt"})
    done = build(settings, folder / "lake", [f"+{table.model}"])
    model = next((model for model in done.shared if model.name == table.model), None)
    if model is None or model.name not in done.built:
        raise CannotReplay(f"{record.shared.version}: {table.model} is not built again: {_why(done)}")
    try:
        return export(settings, model, path).rows
    except ExportFailed as failure:
        raise CannotReplay(f"{record.shared.version}: {table.model} is not built again: {failure}") from failure


def _why(done: Build) -> str:
    failures: Sequence[str] = done.failures
    return "; ".join(failures) or "the models of then have no such model"
