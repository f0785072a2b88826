"""What changed in a source between a run and the good one before it: rows added, removed and changed, by their key.

Both files are read anew from where they landed, by the contract and the declaration of each, so that a harvest pays
nothing for it; what was found is kept beside the run's report, since a run never changes.
"""

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from governance.deliverables.kept_file import reexamine
from governance.intake.table import LINE
from governance.lake import write_atomically
from governance.platform import Platform
from governance.state.receipts import Receipt, find_last_accepted

MAX_BYTES = 64 * 1024 * 1024
"""Received bytes of either file; above it nobody should wait for a comparison that a page asks for."""


class Changes(BaseModel):
    """Counts of valid rows against the last good file; ``key`` is empty where whole rows are compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since_run: str
    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    same: int


def find_changes(platform: Platform, receipt: Receipt) -> Changes | None:
    """Return what a run changed, or for one that waits would change; None where there is nothing to compare."""
    if receipt.outcome not in ("accepted", "held") or receipt.batch_id is None:
        return None
    before = find_last_accepted(platform.engine, receipt)
    if before is None or max(before.file_bytes or 0, receipt.file_bytes or 0) > MAX_BYTES:
        return None
    path = platform.lake.quarantine(receipt.batch_id) / f"changes-{receipt.run_id}.json"
    try:
        return Changes.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        found = _compare(platform, before, receipt)
    if found is not None:
        write_atomically(path, found.model_dump_json().encode())
    return found


def _compare(platform: Platform, before: Receipt, after: Receipt) -> Changes | None:
    old, new = reexamine(platform, before), reexamine(platform, after)
    if old is None or new is None:
        return None
    key = [name for name in new.contract.primary_key if name in old.examined.accepted.columns]
    counts = compare_rows(old.examined.accepted.drop(LINE), new.examined.accepted.drop(LINE), key)
    added, removed, changed, same = counts
    return Changes(since_run=before.run_id, key=tuple(key), added=added, removed=removed, changed=changed, same=same)


def compare_rows(old: pl.DataFrame, new: pl.DataFrame, key: list[str]) -> tuple[int, int, int, int]:
    """Return how many rows were added, removed, changed and stayed; without a key a changed row is both first.

    Columns that only one side has count as changed where they are filled in.
    """
    names = sorted({*old.columns, *new.columns})
    whole = [_digested(frame, names, key) for frame in (old, new)]
    by = key or ["digest"]
    kept = whole[1].join(whole[0], on=by, how="inner", nulls_equal=True, suffix="_before")
    same = kept.height if not key else kept.filter(pl.col("digest") == pl.col("digest_before")).height
    return new.height - kept.height, old.height - kept.height, kept.height - same, same


def _digested(frame: pl.DataFrame, names: list[str], key: list[str]) -> pl.DataFrame:
    """One row a row: its key and its content as text; rows are distinct, exact repeats having been left out."""
    cells = [pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, pl.String) for name in names]
    content = pl.concat_list(cells).alias("digest") if names else pl.lit(None).alias("digest")
    return frame.select(*key, content)
