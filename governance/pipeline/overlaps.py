"""Rows that are given twice: by two sources of one member, by two members, or in one file. Both are told, neither wins.

The same key, or the same whole row where the contract has no key. Every accepted row of a dataset that counts is looked
at together, each time the dataset is harmonised anew. Within one file the intake told the clerk already; here the row
that was kept is found, so that readers are told too.
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
IN_FILE = "conflict-in-file"
"""Told to readers of a row of which the same file holds another version, which stayed in quarantine."""
_PLACE = {"member_id": pl.String, "source_id": pl.String, "run_id": pl.String, "line_number": pl.Int64}
_ROW = {"batch_id": pl.String, "batch_row": pl.UInt32}
"""Which row of which file of accepted rows: a line may hold several rows."""
_SCHEMA = {**_PLACE, **_ROW, "group": pl.UInt32, "content": pl.UInt32, "overlap": pl.String}


def write_overlaps(lake: Lake, contract: Contract, served: Sequence[AcceptedRows]) -> None:
    """Find which rows are given twice among those that count, and keep where each stands.

    The caller holds the dataset's lock.
    """
    write_if_changed(lake.overlaps(contract.id), to_parquet(find_overlaps(lake, contract, served)))


def find_overlaps(lake: Lake, contract: Contract, served: Sequence[AcceptedRows]) -> pl.DataFrame:
    """Return a row a place (``_SCHEMA``): places of one ``group`` give the same row, of one ``content`` word for word.

    ``overlap`` is what readers are told of the row: the gravest of what holds. A key that is not filled in whole says
    nothing. A place of no group is a row that another line of its file contradicts.
    """
    batches = sorted({record.batch_id for record in served})
    if not batches:
        return pl.DataFrame(schema=_SCHEMA)
    runs = [record.run_id for record in served]
    # Batches may be of different versions of the contract.
    rows = pl.concat([_accepted(lake, contract, batch, runs) for batch in batches], how="diagonal_relaxed")
    between = _given_twice(rows, contract) if len(served) > 1 else pl.DataFrame(schema=_SCHEMA)
    within = _contradicted(lake, rows, batches, runs)
    left = within.join(between, on=list(_ROW), how="anti").with_columns(pl.lit(IN_FILE).alias("overlap"))
    both = within.select(*_ROW, pl.lit(IN_FILE).alias("in_file"))
    # A contradiction within the file is graver than a copy elsewhere, and less grave than a contradiction elsewhere.
    is_copy = pl.col("overlap").str.starts_with("duplicate")
    merged = between.join(both, on=list(_ROW), how="left").with_columns(
        pl.when(is_copy & pl.col("in_file").is_not_null()).then("in_file").otherwise("overlap").alias("overlap")
    )
    together = pl.concat([merged.select(*_SCHEMA), left.select(*_SCHEMA)])
    return together.sort(*_PLACE, "batch_row")


def _accepted(lake: Lake, contract: Contract, batch_id: str, runs: Sequence[str]) -> pl.LazyFrame:
    rows = pl.scan_parquet(lake.accepted_batch(contract.id, batch_id), row_index_name="batch_row")
    return rows.filter(pl.col("run_id").is_in(runs)).with_columns(pl.lit(batch_id).alias("batch_id"))


def _contradicted(lake: Lake, rows: pl.LazyFrame, batches: Sequence[str], runs: Sequence[str]) -> pl.DataFrame:
    """Return the rows that were kept of those whose key a later line of the file has with other content."""
    told = [path for path in map(lake.errors_of, batches) if path.is_file()]
    if not told:
        return pl.DataFrame(schema=_SCHEMA)
    errors = pl.concat([pl.scan_parquet(path).select("run_id", "rule", "detail") for path in told])
    of_keys = errors.filter((pl.col("rule") == "primary-key") & pl.col("run_id").is_in(runs))
    line = pl.col("detail").str.extract(r"(\d+)").cast(pl.Int64).alias("line_number")
    places = of_keys.select("run_id", line).unique().collect()
    if places.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    found = rows.select(*_PLACE, *_ROW).join(places.lazy(), on=["run_id", "line_number"], how="semi").collect()
    # Of several rows on one line (JSON without line ends) nobody can say which it was.
    alone = found.filter(pl.len().over("run_id", "line_number") == 1)
    return alone.with_columns(pl.lit(None).cast(_SCHEMA[name]).alias(name) for name in ("group", "content", "overlap"))


def _given_twice(rows: pl.LazyFrame, contract: Contract) -> pl.DataFrame:
    """Return the rows that more than one file gives (``_SCHEMA``)."""
    names = [column.name for column in contract.columns if column.name in rows.collect_schema()]
    key = [name for name in contract.primary_key if name in names] or names
    if contract.primary_key:
        rows = rows.filter(pl.all_horizontal(pl.col(key).is_not_null()))
    twice = rows.group_by(key).len().filter(pl.col("len") > 1).select(key).collect(engine="streaming")
    if twice.is_empty():  # looked at by its keys alone: no row need be read whole
        return pl.DataFrame(schema=_SCHEMA)
    found = rows.join(twice.lazy(), on=key, how="semi", nulls_equal=True).collect(engine="streaming").sort(list(_PLACE))
    grouped = found.select(
        *_PLACE,
        *_ROW,
        pl.struct(key).rank("dense").cast(pl.UInt32).alias("group"),
        pl.struct(names).rank("dense").cast(pl.UInt32).alias("content"),
    )
    return grouped.with_columns(_gravest().alias("overlap"))


def _gravest() -> pl.Expr:
    """What holds between a row and the others of its group: a contradiction before a copy, of another member first."""

    def count(*alike: str) -> pl.Expr:
        return pl.len().cast(pl.Int64).over("group", *alike)

    mine, own_source = ("member_id",), ("member_id", "source_id")
    conflicts_of_others = count() - count(*mine) - count("content") + count(*mine, "content")
    conflicts_of_mine = count(*mine) - count(*own_source) - count(*mine, "content") + count(*own_source, "content")
    copies_of_others = count("content") - count(*mine, "content")
    copies_of_mine = count(*mine, "content") - count(*own_source, "content")
    by_gravity: tuple[tuple[pl.Expr, Rule], ...] = (
        (conflicts_of_others, "conflict-between-members"),
        (conflicts_of_mine, "conflict-between-sources"),
        (copies_of_others, "duplicate-between-members"),
        (copies_of_mine, "duplicate-between-sources"),
    )
    return pl.coalesce(pl.when(number > 0).then(pl.lit(rule)) for number, rule in by_gravity)


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
