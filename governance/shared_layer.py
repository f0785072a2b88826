"""The shared layer: immutable Parquet versions, and the pointer that says which one readers use.

Readers never open the file that dbt writes; they read ``shared/current.json`` and the Parquet files that
it names. A version's folder is never changed after the pointer has named it.
"""

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from governance.lake import Lake, write_atomically


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SharedTable(_Frozen):
    """One dataset of one version."""

    dataset: str
    model: str
    file: str
    """Path of the Parquet file, relative to the shared folder."""
    rows: int
    sha256: str
    columns: tuple[tuple[str, str], ...]
    """(name, DuckDB type), in the order of the file."""
    rows_by_member: dict[str, int]
    digests_by_member: dict[str, str] = {}
    """What tells whether a member's rows changed, whatever became of the others'."""
    contract_version: str
    updated_at: datetime
    """When this dataset's content last changed, which may be an earlier version."""


class SharedVersion(_Frozen):
    """What readers may use now."""

    version: str
    created_at: datetime
    inputs: str
    """Fingerprint of the accepted files and models that this version was built from."""
    tables: dict[str, SharedTable]
    """Keyed by dataset id."""


def pointer(lake: Lake) -> Path:
    """Path of the file that names the current version."""
    return lake.shared / "current.json"


def read_current(lake: Lake) -> SharedVersion | None:
    """Return the version in use, or None before the first one."""
    path = pointer(lake)
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_ino)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, _number: int) -> SharedVersion:
    """Read once for each pointer that was put in place: every request for rows asks which version is in use."""
    return SharedVersion.model_validate_json(path.read_bytes())


def table_path(lake: Lake, table: SharedTable) -> Path:
    """Path of one dataset's Parquet file."""
    return lake.shared / table.file


def switch_to(lake: Lake, version: SharedVersion) -> None:
    """Make a version the current one, in one step for all readers."""
    write_atomically(pointer(lake), version.model_dump_json(indent=1).encode())
