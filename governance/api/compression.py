"""How an answer is compressed on the way: by ``Accept-Encoding`` (RFC 9110, 12.5.3), gzip or Zstandard (RFC 8878).

A request for a range of bytes gets the bytes themselves: whoever continues a download counts in the file's own bytes.
"""

import gzip
import shutil
from pathlib import Path
from typing import IO, Literal, cast

from backports import zstd
from starlette.datastructures import Headers

from governance.api.formats import Format, weight_of

Encoding = Literal["zstd", "gzip"]
ENCODINGS: tuple[Encoding, ...] = ("zstd", "gzip")
_GZIP_LEVEL = 6


def encoding_of(headers: Headers, file_format: Format) -> Encoding | None:
    """Return the encoding that the caller prefers, Zstandard where two are equal; None for the bytes themselves."""
    if not file_format.is_compressible or "range" in headers:
        return None
    weights: dict[str, float] = {}
    for part in headers.get("accept-encoding", "").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights[name] = weight_of(parameters)
    others = weights.get("*", 0.0)
    best = max(ENCODINGS, key=lambda one: weights.get(one, others))
    return best if weights.get(best, others) > 0 else None


def compress(content: bytes, encoding: Encoding | None) -> bytes:
    """Return a page's bytes, compressed as asked."""
    if encoding is None:
        return content
    return gzip.compress(content, _GZIP_LEVEL, mtime=0) if encoding == "gzip" else zstd.compress(content)


def compress_file(source: Path, target: Path, encoding: Encoding) -> None:
    """Write a compressed copy of a file.

    Raises:
        OSError: the disk refused.
    """
    with source.open("rb") as read, target.open("wb") as out:
        if encoding == "gzip":
            # Without a name or a time in it, so that the same rows are the same bytes.
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, out, mtime=0) as packed:
                shutil.copyfileobj(read, packed, 1 << 20)
        else:
            with zstd.ZstdFile(out, "wb") as squeezed:
                shutil.copyfileobj(read, cast(IO[bytes], squeezed), 1 << 20)
