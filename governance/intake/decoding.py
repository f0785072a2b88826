"""From bytes to UTF-8: the encoding as pinned, as marked, or as the bytes themselves show."""

import codecs
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from governance.intake.byte_counts import count_byte
from governance.intake.table import UnreadableError

REPLACEMENT = "\ufffd".encode()
PIECE = 128 * 1024
SUSPECT = ("Ã".encode(), "â€".encode(), "Â".encode())
NOT_TEXT = {
    b"%PDF": "PDF", b"\x1f\x8b": "gzip", b"\x89PNG": "PNG", b"Rar!": "RAR", b"7z\xbc\xaf": "7-Zip",
    b"SQLite format 3": "SQLite", b"PAR1": "Parquet", b"\x7fELF": "ELF", b"\xff\xd8\xff": "JPEG",
}  # fmt: skip
MARKS = (
    (codecs.BOM_UTF8, "utf-8", 3), (codecs.BOM_UTF32_LE, "utf-32-le", 4), (codecs.BOM_UTF32_BE, "utf-32-be", 4),
    (codecs.BOM_UTF16_LE, "utf-16-le", 2), (codecs.BOM_UTF16_BE, "utf-16-be", 2),
)  # fmt: skip
NOT_IN_CP1252 = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
MOJIBAKE = re.compile("Ã[\u0080-\u00bf\u2018-\u203a\u20ac\u0152-\u017e]|â€|Â[°«»©®§]|ï¿½")
"""UTF-8 read as cp1252 and written again: Ã© for é, â€™ for an apostrophe."""


@dataclass(frozen=True)
class Text:
    """A file's text as UTF-8 bytes without a mark, with ``\\n`` or ``\\r\\n`` line ends only."""

    content: bytes
    encoding: str
    damaged: bool
    suspect: bool


def _is_blank(data: bytes) -> bool:
    """Tell whether there is nothing to read; the whole is only copied if its start says nothing."""
    blank = b"\x00 \t\r\n"
    return not data[:4096].strip(blank) and not data.strip(blank)


def is_utf8(data: bytes) -> bool:
    """Tell whether bytes are UTF-8, by pieces: a whole text in memory would cost twice the file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), PIECE):
            decoder.decode(data[start : start + PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _may_have_lost_accents(body: bytes) -> bool:
    """Look for single bytes first: they are found, or not, ten times faster than the signs themselves."""
    if b"\xef" in body and REPLACEMENT in body:
        return True
    return any(lead in body for lead in (b"\xc2", b"\xe2", b"\xc5")) and any(sign in body for sign in SUSPECT)


def _pinned(data: bytes, encoding: str) -> tuple[str, int]:
    try:
        name = codecs.lookup(encoding).name
        "a".encode(encoding)  # a codec that is none of text (base64) is found as well, and says so only here
    except (LookupError, UnicodeError):
        raise UnreadableError("encoding-unknown", encoding) from None
    for mark, marked, length in MARKS:
        if data.startswith(mark) and marked.startswith(name.replace("-sig", "")[:6]):
            return marked, length
    if name in (
        "utf-16",
        "utf-32",
    ):  # without a mark, these decoders give up; the zeros of plain letters tell the order
        return f"{name}-{'le' if data[0] else 'be'}", 0
    return name, 0


def _without_mark(data: bytes) -> tuple[str, bool]:
    """Guess between UTF-16 without a mark, UTF-8 (perhaps damaged), cp1252 and latin-1; say whether it is certain."""
    head = data[:4096]
    zeros = head.count(0)
    if zeros > len(head) // 4:
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be", False
    if is_utf8(data):
        return "utf-8", True
    return _not_quite_utf8(data[start : start + PIECE] for start in range(0, len(data), PIECE)), False


def _not_quite_utf8(pieces: Iterable[bytes]) -> str:
    """Tell what bytes are that are no UTF-8 throughout: damaged UTF-8, cp1252, or latin-1."""
    wrong = right = 0
    is_latin = False
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for piece in pieces:
        lenient = decoder.decode(piece)
        wrong += len(re.findall("[\udc80-\udcff]", lenient))
        right += len(re.findall("[\u0080-\ud7ff\ue000-\U0010ffff]", lenient))
        is_latin = is_latin or any(sign in piece for sign in NOT_IN_CP1252)
    wrong += len(decoder.getstate()[0])
    if right > wrong:
        return "utf-8"  # kept because a few broken bytes must not turn every accent into two signs
    return "latin-1" if is_latin else "cp1252"


def one_byte_encoding(path: Path) -> str | None:
    """Return cp1252 or latin-1 for a file that ``decode`` would take for it, read piece by piece; else nothing.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as opened:
        head = opened.read(4096)
        if any(head.startswith(mark) for mark, _, _ in MARKS) or head.count(0) > len(head) // 4:
            return None
        opened.seek(0)
        name = _not_quite_utf8(iter(lambda: opened.read(PIECE), b""))
    return None if name == "utf-8" else name


def has_other_line_ends(content: bytes) -> bool:
    """Tell whether some line ends as those of an old Macintosh do, without a line feed."""
    return b"\r" in content and count_byte(content, b"\r") != content.count(b"\r\n")


def _one_line_end(content: bytes) -> bytes:
    """Old Macintosh and mixed line ends would hide lines from a reader that only knows the line feed."""
    if not has_other_line_ends(content):
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _to_utf8(data: bytes, skip: int, name: str, is_certain: bool) -> tuple[bytes, bool]:
    """Return bytes from ``skip`` on as UTF-8, and whether some were no text in that encoding.

    By pieces: a text in memory takes up to four bytes a sign, beside the file and the answer.
    """
    if is_certain or (name in ("utf-8", "utf-8-sig") and is_utf8(data)):
        return data[skip:] if skip else data, False
    try:
        return _transcoded(data, skip, name, "strict"), False
    except (UnicodeDecodeError, UnicodeEncodeError):
        pass
    try:
        return _transcoded(data, skip, name, "replace"), True
    except UnicodeError:  # a codec of names, not of texts (idna), knows no other way than to give up
        raise UnreadableError("encoding-unknown", name) from None


def _transcoded(data: bytes, skip: int, name: str, errors: str) -> bytes:
    decoder = codecs.getincrementaldecoder(name)(errors)
    answer, view = io.BytesIO(), memoryview(data)
    for start in range(skip, len(data), PIECE):
        text = decoder.decode(view[start : start + PIECE], final=start + PIECE >= len(data))
        answer.write(text.encode("utf-8", errors))
    return answer.getvalue()


def taken_for_utf8(data: bytes) -> Text:
    """Return bytes as the text that they most likely are, unlooked at: for readers that refuse what is no UTF-8."""
    body = data.removesuffix(b"\x1a")
    damaged = b"\x00" in body
    return Text(body, "utf-8", damaged, damaged or _may_have_lost_accents(body))


def decode(data: bytes, pinned: str | None = None) -> Text:
    """Return a file's text; bytes that are no text become U+FFFD and the text is marked as damaged.

    Raises:
        UnreadableError: the file is empty, is not text, or the pinned encoding does not exist.
    """
    if _is_blank(data):
        raise UnreadableError("empty-file")
    for start, kind in NOT_TEXT.items():
        if data.startswith(start):
            raise UnreadableError("not-a-table", kind)
    if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        raise UnreadableError("not-a-table", "HTML")
    marked = next(((name, length) for mark, name, length in MARKS if data.startswith(mark)), None)
    name, skip = _pinned(data, pinned) if pinned else marked or ("", 0)
    name, is_certain = (name, False) if name else _without_mark(data)
    body, damaged = _to_utf8(data, skip, name, is_certain)
    del data
    body = _one_line_end(body).removesuffix(b"\x1a")  # kept because old programs end a text with this mark
    damaged = damaged or b"\x00" in body
    if _is_blank(body):
        raise UnreadableError("empty-file")
    suspect = damaged or _may_have_lost_accents(body)
    return Text(body, "utf-8" if name == "utf-8-sig" else name, damaged, suspect)
