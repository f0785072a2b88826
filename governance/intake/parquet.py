"""Parquet to a table of text: types become text as everywhere else, so that one contract judges all files alike."""

from pathlib import Path

import polars as pl

from governance.intake.limits import check_shape
from governance.intake.native_panic import panic_kept_from_screen
from governance.intake.table import LINE, Fault, TextTable, UnreadableError, without_empty_texts

START = b"PAR1"


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        aware = dtype.time_zone is not None
        written = value.dt.convert_time_zone("UTC") if aware else value
        return written.dt.to_string("%Y-%m-%dT%H:%M:%S%.f" + ("Z" if aware else ""))
    if isinstance(dtype, pl.List | pl.Array | pl.Struct):
        inner = pl.struct(value.alias("v")).struct.json_encode()
        return pl.when(value.is_not_null()).then(inner.str.strip_prefix('{"v":').str.strip_suffix("}"))
    if dtype == pl.Binary:
        return value.bin.encode("hex")
    return value.cast(pl.String)


def read_parquet(path: Path) -> TextTable:
    """Read a Parquet file; ``line_number`` is the number of the record, from 1.

    Raises:
        UnreadableError: damaged, no row, or more than a table may have.
    """
    try:
        with panic_kept_from_screen():
            frame = pl.scan_parquet(path)
            schema = frame.collect_schema()
            rows = int(frame.select(pl.len()).collect().item())
            check_shape(rows, len(schema))
            texts = frame.select(_as_text(name, dtype) for name, dtype in schema.items()).collect()
    except pl.exceptions.PanicException:  # its words are about the reader, and tell nobody anything of the file
        raise UnreadableError("not-a-table", "Parquet") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableError("not-a-table", f"Parquet: {str(error).splitlines()[0][:120]}") from None
    if rows == 0:
        raise UnreadableError("no-rows")
    named = without_empty_texts(texts).rename({name: str(place) for place, name in enumerate(texts.columns)})
    lines = pl.int_range(1, rows + 1, dtype=pl.Int64, eager=True).alias(LINE)
    fault = Fault("numbered-by-record")
    return TextTable(
        tuple(schema), named.hstack([lines]), 1, sheet="", faults=(fault,), format="parquet", numbered="record"
    )
