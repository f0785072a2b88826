"""What a shared version was made of, written down when it is made, so that it can be made again from landing.

Models, contracts and facts about members are kept by their content; received bytes and the declaration of each run are
kept already. The hash of the record is in the journal, so that nobody can alter it unseen.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version as installed

from pydantic import BaseModel, ConfigDict

from governance.contracts.model import Contract
from governance.lake import Lake, write_atomically
from governance.pipeline.warehouse import project_files
from governance.platform import Platform
from governance.release import commit_of_now, release_name
from governance.settings import PROJECT_ROOT, Settings
from governance.shared_layer import SharedVersion
from governance.shared_versions import record_path, version_used_at
from governance.state.cursors import AcceptedRows

_LIBRARIES = ("polars", "duckdb", "dbt-core", "dbt-duckdb")
_CODE = ("governance/intake", "governance/contracts", "governance/pipeline", "dbt/macros")
"""What decides which rows come out of which bytes."""


class Software(BaseModel):
    """What did the work: hash of our own code, versions of the libraries that may change bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    archipel: str
    commit: str | None = None
    """Where it is known; of two commits, our own code may be the same."""
    code_sha256: str
    libraries: dict[str, str]

    @property
    def release(self) -> str:
        """Version and commit as one word, as receipts have it."""
        return release_name(self.archipel, self.commit)

    def changes_to(self, now: "Software") -> tuple[str, ...]:
        """Return what of it that may change bytes is other now: ``<what>: <then> → <now>``."""
        before = {"archipel": self.archipel, "code": self.code_sha256[:12], **self.libraries}
        after = {"archipel": now.archipel, "code": now.code_sha256[:12], **now.libraries}
        return tuple(
            f"{name}: {before[name]} → {after.get(name)}" for name in before if before[name] != after.get(name)
        )


class VersionRecord(BaseModel):
    """Everything that one shared version was made of. Hashes are of what is kept under ``records/kept``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shared: SharedVersion
    served: tuple[AcceptedRows, ...]
    """Whose rows counted, from which runs."""
    made_of: dict[str, tuple[str, ...]]
    """Shared dataset to the datasets whose accepted rows it is made of."""
    contracts: dict[str, str]
    """Dataset to the hash of its contract."""
    models: str
    """Hash of the dbt project, as a ZIP."""
    members: str
    """Hash of the facts about members, as Parquet."""
    software: Software


def software_of_now() -> Software:
    """Return what would do the work now."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((PROJECT_ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".yaml", ".sql", ".csv"}:
                digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    libraries = {name: installed(name) for name in _LIBRARIES}
    return Software(
        archipel=installed("archipel"),
        commit=commit_of_now(),
        code_sha256=digest.hexdigest(),
        libraries=libraries,
    )


def write_record(
    platform: Platform, shared: SharedVersion, served: Iterable[AcceptedRows], made_of: dict[str, tuple[str, ...]]
) -> None:
    """Write down what a version was made of, first here and then in the journal.

    Raises:
        OSError, SQLAlchemyError: it could not be written; the version must not be used.
    """
    lake = platform.lake
    members = (lake.root / "reference" / "members.parquet").read_bytes()
    record = VersionRecord(
        shared=shared,
        served=tuple(served),
        made_of=made_of,
        contracts={name: _keep(lake, _as_json(contract)) for name, contract in platform.contracts.items()},
        models=_keep(lake, _zipped(platform.settings)),
        members=_keep(lake, members),
        software=software_of_now(),
    )
    content = record.model_dump_json(indent=1).encode()
    write_atomically(record_path(lake, shared.version), content)
    tables = {name: table.sha256 for name, table in shared.tables.items()}
    told = {
        "version": shared.version, "record_sha256": hashlib.sha256(content).hexdigest(), "tables": tables,
        "release": record.software.release,
    }  # fmt: skip
    platform.journal.append("harmonisation", told)


def read_record(lake: Lake, version: str) -> tuple[VersionRecord, str] | None:
    """Return a version's record and its hash, or None for a version of before records were kept."""
    try:
        content = record_path(lake, version).read_bytes()
    except FileNotFoundError:
        return None
    return VersionRecord.model_validate_json(content), hashlib.sha256(content).hexdigest()


def is_held_to(record: VersionRecord, contract: Contract) -> bool:
    """Say whether a version was held to this very contract, by the software of now."""
    held_to = record.contracts.get(contract.id)
    is_this_one = held_to == hashlib.sha256(_as_json(contract)).hexdigest()
    return is_this_one and not record.software.changes_to(software_of_now())


def version_at(lake: Lake, instant: datetime) -> VersionRecord | None:
    """Return the record of the version that readers used at an instant, or None before the first record."""
    used = version_used_at(lake, instant)
    found = read_record(lake, used.version) if used is not None else None
    return found[0] if found is not None else None


def kept(lake: Lake, sha256: str) -> bytes:
    """Return what is kept under a hash.

    Raises:
        FileNotFoundError: it is there no more.
    """
    return (lake.records / "kept" / sha256).read_bytes()


def _keep(lake: Lake, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    path = lake.records / "kept" / sha256
    if not path.is_file():
        write_atomically(path, content)
    return sha256


def _as_json(contract: Contract) -> bytes:
    return json.dumps(contract.model_dump(mode="json"), sort_keys=True, ensure_ascii=False).encode()


def _zipped(settings: Settings) -> bytes:
    """The dbt project as a ZIP whose bytes depend on its files alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in project_files(settings):
            entry = zipfile.ZipInfo(path.relative_to(settings.dbt_dir).as_posix())
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return out.getvalue()
