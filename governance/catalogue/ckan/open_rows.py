"""Rows of open datasets as tables of CKAN's DataStore: searchable, previewed, with the contract's dictionary.

They come from the published Parquet file and from nowhere else, so no row gets here that a decision did not open.
The DataStore knows no rule of rows or columns.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from governance.catalogue.ckan.account import CkanAccount
from governance.catalogue.ckan.to_ckan import resource_id
from governance.catalogue.model import PublishedColumn, PublishedDataset
from governance.catalogue.store import DistributionStore

ROWS_A_CALL = 5000
MARK = "datastore_sha256"
"""Field of a resource: checksum of the Parquet file whose rows its table holds."""

_TYPES: dict[type[pl.DataType], str] = {
    pl.Int8: "int8", pl.Int16: "int8", pl.Int32: "int8", pl.Int64: "int8", pl.UInt8: "int8", pl.UInt16: "int8",
    pl.UInt32: "int8", pl.Float32: "numeric", pl.Float64: "numeric", pl.Decimal: "numeric", pl.Boolean: "bool",
    pl.Date: "date", pl.Datetime: "timestamp", pl.Time: "time",
}  # fmt: skip
"""Polars' type to PostgreSQL's; whatever is not here is text."""


class OpenRows:
    """The tables of one publication."""

    def __init__(self, account: CkanAccount, store: DistributionStore) -> None:
        self._account = account
        self._store = store

    def load(self, dataset: PublishedDataset, package: Mapping[str, Any]) -> bool:
        """Fill the table of a dataset's CSV unless it holds these rows already; say whether anything was written.

        The mark comes last: a load that was cut is done again.

        Raises:
            CkanRefused: CKAN does not answer or refuses the rows.
        """
        source = next(file for file in dataset.distributions if file.format == "parquet")
        table = _table(package)
        if table is None or table.get(MARK) == source.sha256:
            return False
        self._drop(table)
        frame = _as_json(pl.read_parquet(self._store.path(source)))
        self._fill(
            str(table["id"]), fields_of(dataset.columns, pl.read_parquet_schema(self._store.path(source))), frame
        )
        if not table.get(MARK):
            self._preview(str(table["id"]))
        self._mark(package, str(table["id"]), source.sha256)
        return True

    def empty(self, package: Mapping[str, Any]) -> None:
        """Remove a dataset's table.

        Raises:
            CkanRefused: CKAN does not answer.
        """
        table = _table(package)
        if table is not None and table.get(MARK):
            self._drop(table)
            self._mark(package, str(table["id"]), "")

    def _drop(self, table: Mapping[str, Any]) -> None:
        if table.get("datastore_active"):
            self._account.write("datastore_delete", {"resource_id": table["id"], "force": True})

    def _fill(self, table_id: str, fields: list[dict[str, Any]], frame: pl.DataFrame) -> None:
        # Forced because the resource's file lies with us; CKAN takes such a table for somebody else's.
        common = {"resource_id": table_id, "force": True, "calculate_record_count": True}
        chunks = _chunks(frame)
        self._account.write("datastore_create", {**common, "fields": fields, "records": next(chunks, [])})
        for rows in chunks:
            self._account.write("datastore_upsert", {**common, "method": "insert", "records": rows})

    def _preview(self, table_id: str) -> None:
        if not self._account.call("resource_view_list", {"id": table_id}):
            view = {"resource_id": table_id, "view_type": "datatables_view", "title": "Tableau"}
            self._account.write("resource_view_create", view)

    def _mark(self, package: Mapping[str, Any], table_id: str, sha256: str) -> None:
        """Alone in its write, so that it can be told from what people read and never stands in their way."""
        values = {"match": {"id": package["id"]}, f"update__resources__{table_id}": {MARK: sha256}}
        self._account.write("package_revise", values)


def _table(package: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the resource whose rows are to be searched: the CSV."""
    wanted = resource_id(str(package["name"]), "csv")
    return next((each for each in package.get("resources") or [] if each["id"] == wanted), None)


def fields_of(columns: tuple[PublishedColumn, ...], schema: Mapping[str, pl.DataType]) -> list[dict[str, Any]]:
    """Return the table's columns: type, and the dictionary that CKAN shows."""
    return [
        {
            "id": column.name,
            "type": _TYPES.get(schema[column.name].base_type(), "text"),
            "info": {"label": column.title, "notes": column.description},
        }
        for column in columns
    ]


def _as_json(frame: pl.DataFrame) -> pl.DataFrame:
    """Dates, instants and decimals as text, which PostgreSQL reads without loss; what is no number is nothing."""
    as_text = (pl.col(pl.Date), pl.col(pl.Datetime), pl.col(pl.Time), pl.col(pl.Decimal))
    numbers = pl.col(pl.Float32, pl.Float64).fill_nan(None)
    return frame.with_columns(*(column.cast(pl.String) for column in as_text)).with_columns(numbers)


def _chunks(frame: pl.DataFrame) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, frame.height, ROWS_A_CALL):
        yield frame.slice(start, ROWS_A_CALL).to_dicts()
