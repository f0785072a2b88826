"""Rows that two files give: of two sources of one member, or of two members. Both are told, and neither wins.

The same key, or the same whole row where the contract has no key. Within one file the intake judges it; here every
accepted row of a dataset that counts is looked at together, each time the dataset is harmonised anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import polars as pl

from governance.contracts.model import Contract
from governance.intake.findings import SCHEMA
from governance.lake import Lake, write_if_changed
from governance.parquet_bytes import to_parquet
from governance.state.cursors import AcceptedRows

Rule = Literal[
    "duplicate-between-sources", "conflict-between-sources", "duplicate-between-members", "conflict-between-members"
]
BETWEEN: tuple[Rule, ...] = (
    "duplicate-between-sources", "conflict-between-sources", "duplicate-between-members", "conflict-between-members"
)  # fmt: skip
"""duplicate: with the same content; conflict: the same key with other content."""
PLACES_TOLD = 3
"""Other places that one message names."""
_PLACE = {"member_id": pl.String, "source_id": pl.String, "run_id": pl.String, "line_number": pl.Int64}
_SCHEMA = {**_PLACE, "group": pl.UInt32, "content": pl.UInt32}


def write_overlaps(lake: Lake, contract: Contract, served: Sequence[AcceptedRows]) -> None:
    """Find which rows are given twice among those that count, and keep where each stands.

    The caller holds the dataset's lock.
    """
    write_if_changed(lake.overlaps(contract.id), to_parquet(find_overlaps(lake, contract, served)))


def find_overlaps(lake: Lake, contract: Contract, served: Sequence[AcceptedRows]) -> pl.DataFrame:
    """Return a row a place (``_SCHEMA``): places of one ``group`` give the same row, of one ``content`` word for word.

    A key that is not filled in whole says nothing.
    """
    files = [lake.accepted_batch(contract.id, batch) for batch in sorted({record.batch_id for record in served})]
    if len(served) < 2 or not files:
        return pl.DataFrame(schema=_SCHEMA)
    runs = [record.run_id for record in served]
    parts = [pl.scan_parquet(path).filter(pl.col("run_id").is_in(runs)) for path in files]
    # Batches may be of different versions of the contract.
    rows = pl.concat(parts, how="diagonal_relaxed")
    names = [column.name for column in contract.columns if column.name in rows.collect_schema()]
    key = [name for name in contract.primary_key if name in names] or names
    if contract.primary_key:
        rows = rows.filter(pl.all_horizontal(pl.col(key).is_not_null()))
    twice = rows.group_by(key).len().filter(pl.col("len") > 1).select(key).collect(engine="streaming")
    if twice.is_empty():  # looked at by its keys alone: no row need be read whole
        return pl.DataFrame(schema=_SCHEMA)
    found = rows.join(twice.lazy(), on=key, how="semi", nulls_equal=True).collect(engine="streaming").sort(list(_PLACE))
    return found.select(
        *_PLACE,
        pl.struct(key).rank("dense").cast(pl.UInt32).alias("group"),
        pl.struct(names).rank("dense").cast(pl.UInt32).alias("content"),
    )


def overlaps_of_run(lake: Lake, contract: Contract, run_id: str) -> pl.DataFrame:
    """Return what is to be told of a run's rows, as errors (``findings.SCHEMA``); none once the run does not count."""
    path = lake.overlaps(contract.id)
    if not path.is_file():
        return pl.DataFrame(schema=SCHEMA)
    known = pl.scan_parquet(path)
    mine = known.filter(pl.col("run_id") == run_id)
    near = known.join(mine.select("group").unique(), on="group", how="semi").collect()
    places: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for place in near.iter_rows(named=True):
        places[place["group"]].append(place)
    told = [
        _error(contract, own, rule, others)
        for own in near.filter(pl.col("run_id") == run_id).iter_rows(named=True)
        for rule, others in _by_rule(own, places[own["group"]]).items()
    ]
    return pl.DataFrame(told, schema=SCHEMA, orient="row")


def count_overlaps(lake: Lake, contract: Contract, run_id: str) -> dict[str, int]:
    """Return how many of a run's rows each rule concerns."""
    counted = overlaps_of_run(lake, contract, run_id).group_by("rule").len()
    return {rule: int(count) for rule, count in counted.sort("rule").iter_rows()}


def _by_rule(own: Mapping[str, Any], group: Iterable[Mapping[str, Any]]) -> dict[Rule, list[Mapping[str, Any]]]:
    """The other places of a row, by what they are to it."""
    found: dict[Rule, list[Mapping[str, Any]]] = defaultdict(list)
    for other in group:
        if (other["member_id"], other["source_id"]) == (own["member_id"], own["source_id"]):
            continue
        is_same = other["content"] == own["content"]
        if other["member_id"] == own["member_id"]:
            found["duplicate-between-sources" if is_same else "conflict-between-sources"].append(other)
        else:
            found["duplicate-between-members" if is_same else "conflict-between-members"].append(other)
    return found


def _error(contract: Contract, own: Mapping[str, Any], rule: str, others: Sequence[Mapping[str, Any]]) -> list[object]:
    named = [f"{other['member_id']}/{other['source_id']}, l. {other['line_number']}" for other in others[:PLACES_TOLD]]
    detail = " ; ".join(named) + (" ; …" if len(others) > PLACES_TOLD else "")
    column = contract.primary_key[0] if contract.primary_key else None
    return [own["line_number"], None, column, None, rule, detail, None, False]
