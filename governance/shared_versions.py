"""Earlier versions of the shared layer, by their name or by the instant they were in use; they stay as they were.

What each version holds is in its record, which the pipeline writes before the version is used.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from governance.contracts.model import Contract
from governance.lake import Lake
from governance.shared_layer import SharedVersion, read_current

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class _Record(BaseModel):
    """The part of a version's record that readers need."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shared: SharedVersion
    contracts: Mapping[str, str] = {}
    """Dataset to the hash under which its contract is kept."""


def record_path(lake: Lake, version: str) -> Path:
    """Path of a version's record."""
    return lake.records / f"{version}.json"


def find_version(lake: Lake, version: str) -> SharedVersion | None:
    """Return a version by its name, or None where there is or was none of that name."""
    current = read_current(lake)
    if current is not None and current.version == version:
        return current
    if not _NAME.fullmatch(version) or not record_path(lake, version).is_file():
        return None
    return _read(record_path(lake, version)).shared


def contract_of_version(lake: Lake, version: str, dataset: str) -> Contract | None:
    """Return the contract that a version's dataset was made with, or None where it is not known any more."""
    if not _NAME.fullmatch(version) or not record_path(lake, version).is_file():
        return None
    kept = _read(record_path(lake, version)).contracts.get(dataset)
    path = lake.records / "kept" / (kept or "none")
    return Contract.model_validate_json(path.read_bytes()) if path.is_file() else None


def version_used_at(lake: Lake, instant: datetime) -> SharedVersion | None:
    """Return the version that readers used at an instant, or None before the first record."""
    # A version's name begins with its second: only the newest are read, however many there are.
    latest = f"{instant.astimezone(UTC):%Y%m%dT%H%M%S}"
    paths = sorted((p for p in lake.records.glob("*.json") if p.name[: len(latest)] <= latest), reverse=True)
    for _, of_one_second in groupby(paths, key=lambda path: path.name[: len(latest)]):
        before = [known for path in of_one_second if (known := _read(path).shared).created_at <= instant]
        if before:
            return max(before, key=lambda known: known.created_at)
    return None


@lru_cache(maxsize=64)
def _read(path: Path) -> _Record:
    """Read once: a record never changes."""
    return _Record.model_validate_json(path.read_bytes())
