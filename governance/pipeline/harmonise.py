"""Harmonise: accepted rows of all members become one dataset each, and the shared layer is switched to them."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from governance.contracts.model import Contract
from governance.lake import sha256_of, write_atomically
from governance.lineage.facts import RestsOn
from governance.lineage.store import LineageStore
from governance.lineage.tell import broken_told, tell_version
from governance.pipeline.accepted_rows import list_current
from governance.pipeline.archive import archive_absent
from governance.pipeline.export import ExportFailed, Former, export
from governance.pipeline.leftovers import sweep
from governance.pipeline.locks import accepted_lock, hold
from governance.pipeline.overlaps import write_overlaps
from governance.pipeline.prune_boxes import prune_boxes
from governance.pipeline.reference import write_reference
from governance.pipeline.verify import OutputRefused, verify_output
from governance.pipeline.version_record import is_held_to, read_record, write_record
from governance.pipeline.warehouse import Build, SharedModel, build, project_fingerprint
from governance.platform import Platform
from governance.shared_layer import SharedTable, SharedVersion, read_current, switch_to, table_path
from governance.state.cursors import AcceptedRows, list_accepted
from governance.telemetry.trace_context import step

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Harmonised:
    """What came of one harmonising: the version in use, and the datasets whose content changed."""

    outcome: Literal["built", "unchanged"]
    version: str
    changed: tuple[str, ...]
    failures: tuple[str, ...] = ()
    """Why a dataset stayed at its last good version, one line each; the others went on."""


def input_fingerprints(platform: Platform) -> dict[str, str]:
    """Return one fingerprint a dataset over its accepted files, and ``_project`` over models and contracts."""
    digests: dict[str, hashlib._Hash] = {dataset: hashlib.sha256() for dataset in platform.contracts}
    for record in list_accepted(platform.engine):
        digests[record.dataset].update(f"{record.member_id} {record.source_id} {record.run_id}\n".encode())
    project = hashlib.sha256(project_fingerprint(platform.settings).encode())
    for contract in platform.contracts.values():
        project.update(contract.fingerprint.encode())
    for organisation in platform.federation.organisations.values():
        project.update(
            f"{organisation.id} {organisation.model_dump_json(exclude={'sources', 'subscriptions'})}".encode()
        )
    return {"_project": project.hexdigest(), **{name: digest.hexdigest() for name, digest in digests.items()}}


def fingerprint_of(inputs: dict[str, str]) -> str:
    """Return one fingerprint over all inputs; equal to the shared version's when nothing is left to do."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def harmonise(platform: Platform) -> Harmonised:
    """Build what changed and switch the shared layer; do nothing when nothing changed.

    A dataset that fails to build, or breaks its own contract, stays at its last good version and is named.

    Raises:
        BuildFailed: dbt could not run at all; the shared layer stays as it was.
    """
    with hold(platform.lake, "warehouse"), step("harmonise"), broken_told(platform, "harmonise") as started_at:
        archive_absent(platform)
        sweep(platform, started_at)
        prune_boxes(platform, started_at)
        inputs = input_fingerprints(platform)
        current = read_current(platform.lake)
        if current is not None and current.inputs == fingerprint_of(inputs):
            return Harmonised("unchanged", current.version, ())
        write_reference(platform.federation, platform.lake)
        known = _built_inputs(platform)
        changed = [name for name in inputs if known.get(name) != inputs[name]]
        served: list[AcceptedRows] = []
        for contract in platform.contracts.values():
            is_changed = "_project" in changed or contract.id in changed
            served += _list_current(platform, contract, is_changed=is_changed)
        everything = current is None or "_project" in changed
        selection = None if everything else [f"source:accepted.{dataset}+" for dataset in changed]
        done = build(platform.settings, platform.lake.root, selection)
        outcome = _switch(platform, current, done, fingerprint_of(inputs), served)
        _tell(platform, outcome, done, served, started_at)
        log.info("harmonised %s: %s", outcome.version, ", ".join(outcome.changed) or "nothing new")
        if not outcome.failures:
            write_atomically(_built_path(platform), json.dumps(inputs).encode())
        return outcome


def _tell(
    platform: Platform, outcome: Harmonised, done: Build, served: Sequence[AcceptedRows], started_at: datetime
) -> None:
    shared = read_current(platform.lake)
    assert shared is not None  # it was switched just now
    made = {
        model.dataset: (
            shared.tables[model.dataset],
            [RestsOn(**one.model_dump()) for one in served if one.dataset in model.sources],
        )
        for model in done.shared
        if model.dataset in outcome.changed
    }
    tell_version(platform, outcome.version, made, started_at)
    LineageStore(platform.engine).prune(platform.settings.lineage_days, datetime.now(UTC))


def _list_current(platform: Platform, contract: Contract, *, is_changed: bool) -> list[AcceptedRows]:
    """Say whose rows of a dataset count, and return that."""
    with hold(platform.lake, accepted_lock(contract.id)):
        kept = list_accepted(platform.engine, contract.id, with_archived=True)
        served = list_accepted(platform.engine, contract.id)
        list_current(platform.lake, contract, served, kept)
        if is_changed:
            write_overlaps(platform.lake, contract, served)
        return served


def _built_path(platform: Platform) -> Path:
    return platform.settings.state_dir / "warehouse" / "built.json"


def _built_inputs(platform: Platform) -> dict[str, str]:
    try:
        return dict(json.loads(_built_path(platform).read_bytes()))
    except FileNotFoundError:
        return {}


def _switch(
    platform: Platform, current: SharedVersion | None, done: Build, inputs: str, served: Sequence[AcceptedRows]
) -> Harmonised:
    now = datetime.now(UTC)
    version = f"{now:%Y%m%dT%H%M%S}-{inputs[:8]}"
    before = current.tables if current else {}
    tables = {model.dataset: before[model.dataset] for model in done.shared if model.dataset in before}
    changed: list[str] = []
    failures = list(done.failures)
    for model in done.shared:
        if model.name not in done.built:
            continue
        try:
            table = _export(platform, model, version, now, before.get(model.dataset))
        except (OutputRefused, ExportFailed) as failure:
            failures.append(f"{model.name}: {failure}")
            continue
        if table is not None:
            tables[model.dataset] = table
            changed.append(model.dataset)
    # An incomplete version never counts as done, so that the next run tries again.
    seal = inputs if not failures else f"{inputs}-incomplete"
    shared = SharedVersion(version=version, created_at=now, inputs=seal, tables=tables)
    write_record(platform, shared, served, {model.dataset: model.sources for model in done.shared})
    switch_to(platform.lake, shared)
    return Harmonised("built", version, tuple(sorted(changed)), tuple(failures))


def _export(
    platform: Platform, model: SharedModel, version: str, now: datetime, before: SharedTable | None
) -> SharedTable | None:
    """Write a dataset's file and hold it to its contract; None where it holds what it held before."""
    relative = f"{version}/{model.name}.parquet"
    path = platform.lake.shared / relative
    contract = platform.contracts[model.dataset]
    exported = export(platform.settings, model, path, _former(platform, contract, before))
    if exported.changed is not None and not exported.changed:
        return None
    sha256 = sha256_of(path)
    if before is not None and before.sha256 == sha256:
        path.unlink()
        return None
    verify_output(contract, path, exported.changed)
    return SharedTable(
        dataset=model.dataset,
        model=model.name,
        file=relative,
        rows=exported.rows,
        sha256=sha256,
        columns=exported.columns,
        rows_by_member=exported.rows_by_member,
        digests_by_member=exported.digests_by_member,
        contract_version=contract.version,
        updated_at=now,
    )


def _former(platform: Platform, contract: Contract, table: SharedTable | None) -> Former | None:
    """The file of before, where its rows need not be checked again: held to this very contract, and unaltered."""
    if table is None:
        return None
    path = table_path(platform.lake, table)
    found = read_record(platform.lake, table.file.partition("/")[0])
    if found is None or not is_held_to(found[0], contract) or not path.is_file() or sha256_of(path) != table.sha256:
        return None
    return Former(path, table.columns, table.digests_by_member)
