"""Rows of other datasets that a member's rows refer to: those of the same member, accepted before.

Datasets are checked in the order of their references. Datasets that refer to each other in a circle have no such order:
their references are told as not checked, and so is one to a dataset of which the member has no accepted row.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from governance.contracts.keys import foreign_keys_of
from governance.contracts.model import Contract
from governance.intake.row_keys import OWNER
from governance.lake import Lake
from governance.platform import Platform
from governance.state.cursors import AcceptedRows, list_accepted

Runs = Mapping[str, tuple[str, ...]]
"""Dataset to the runs of one member whose rows of it are referred to."""


@dataclass(frozen=True)
class References:
    """What files of one contract may refer to: rows by dataset, each with its ``OWNER``; and their runs by member."""

    rows: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    runs: Mapping[str, Runs] = field(default_factory=dict)

    def runs_of(self, member_id: str) -> Runs:
        """Return the runs that a member's file is held against; nothing where it refers to none."""
        return self.runs.get(member_id, {})


def find_references(platform: Platform, contract: Contract, members: Collection[str]) -> References:
    """Return what files of these members may refer to; costs nothing where the contract refers to no other dataset."""
    rows: dict[str, pl.DataFrame] = {}
    runs: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for dataset in platform.order.referred_to(contract):
        records = _records(platform, dataset, members)
        if not records:
            continue
        rows[dataset] = _rows(platform.lake, dataset, records, _fields(contract, dataset))
        for record in records:
            runs[record.member_id][dataset] = (*runs[record.member_id].get(dataset, ()), record.run_id)
    return References(rows, dict(runs))


def referred_runs(platform: Platform, contract: Contract, member_id: str) -> Runs:
    """Return the runs that a file of a member would be held against now."""
    found: dict[str, tuple[str, ...]] = {}
    for dataset in platform.order.referred_to(contract):
        records = _records(platform, dataset, {member_id})
        if records:
            found[dataset] = tuple(record.run_id for record in records)
    return found


def with_references(fingerprint: str, runs: Runs) -> str:
    """Return what decides what a file becomes, where rows that it refers to are part of that."""
    return (
        hashlib.sha256((fingerprint + json.dumps(runs, sort_keys=True)).encode()).hexdigest() if runs else fingerprint
    )


def _records(platform: Platform, dataset: str, members: Collection[str]) -> list[AcceptedRows]:
    return [one for one in list_accepted(platform.engine, dataset) if one.member_id in members and one.rows]


def _fields(contract: Contract, dataset: str) -> list[str]:
    return sorted({name for key in foreign_keys_of(contract) if key.resource == dataset for name in key.fields})


def _rows(lake: Lake, dataset: str, records: Collection[AcceptedRows], fields: Collection[str]) -> pl.DataFrame:
    """The columns referred to, of some runs; a batch of an older contract may lack one, which then is empty."""
    runs = [record.run_id for record in records]
    files = [lake.accepted_batch(dataset, batch) for batch in sorted({record.batch_id for record in records})]
    parts = [pl.scan_parquet(path).filter(pl.col("run_id").is_in(runs)) for path in files]
    together = pl.concat(parts, how="diagonal_relaxed")
    there = [name for name in fields if name in together.collect_schema()]
    return together.select(pl.col("member_id").alias(OWNER), *there).unique().collect()
