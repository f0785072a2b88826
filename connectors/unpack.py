"""Undoing ``Content-Encoding`` in bounded steps, so that a small answer cannot swell to fill memory or disk.

httpx would decode by itself, but whole pieces at a time and layer upon layer; here one layer of gzip is all there is.
"""

import zlib
from collections.abc import Iterator

from connectors.problems import SourceRefused, SourceUnavailable

PIECE_BYTES = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS


def unpack(pieces: Iterator[bytes], encoding: str, where: str) -> Iterator[bytes]:
    """Yield the body's bytes, at most ``PIECE_BYTES`` at a time when it was compressed (RFC 9110, 8.4).

    Raises:
        SourceRefused: an encoding that was not asked for.
        SourceUnavailable: the compressed stream is cut or corrupt.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        yield from pieces
    elif name in ("gzip", "x-gzip"):
        yield from _unzip(pieces, where)
    else:
        raise SourceRefused(where, 415, f"codage de contenu « {name} »", f"content encoding {name!r}")


def _unzip(pieces: Iterator[bytes], where: str) -> Iterator[bytes]:
    member = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            data = piece
            while True:
                out = member.decompress(data, PIECE_BYTES)
                if out:
                    yield out
                if member.eof and member.unused_data:
                    # gzip allows several members, one after the other (RFC 1952, 2.2).
                    data, member = member.unused_data, zlib.decompressobj(_GZIP)
                    continue
                data = member.unconsumed_tail
                if not data and len(out) < PIECE_BYTES:
                    break
    except zlib.error:
        raise SourceUnavailable(where, "compression abîmée", "corrupt compression") from None
    if not member.eof:
        raise SourceUnavailable(where, "compression coupée", "compressed stream cut short")
