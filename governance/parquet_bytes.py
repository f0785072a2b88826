"""A frame as the bytes of a Parquet file, to be written in one step like any other content of the lake.

Apart from ``governance.lake``, which also what knows no frame imports.
"""

from collections.abc import Mapping
from io import BytesIO

import polars as pl


def to_parquet(frame: pl.DataFrame, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return a Parquet file; ``metadata`` is what its footer says besides."""
    out = BytesIO()
    frame.write_parquet(out, metadata=dict(metadata) if metadata else None)
    return out.getvalue()
