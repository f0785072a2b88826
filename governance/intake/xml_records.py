"""XML to a table of text: one row for each element at the declared path, attributes as ``@name``.

Read as a stream, so that memory holds one element at a time; entities and document types are refused (defusedxml).
"""

import io
import re
from collections import Counter
from typing import Any
from xml.sax import ContentHandler, SAXException, SAXParseException  # noqa: S406 - kept because the parser is defused
from xml.sax.xmlreader import Locator  # noqa: S406

import defusedxml.sax
import polars as pl
from defusedxml import DefusedXmlException

from governance.federation import Reading
from governance.intake.limits import MAX_ROWS
from governance.intake.records import PIECE_RECORDS, flatten, frame_of, put_together
from governance.intake.table import LINE, TextTable, UnreadableError

MAX_DEPTH = 200
SHOWN_PATHS = 5
_START = re.compile(rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]*<\x00?(?:\?\x00?x|!\x00?-|[A-Za-z_])")


def is_xml(start: bytes) -> bool:
    """Tell by its first bytes whether a text is XML; a page of the web is not."""
    return bool(_START.match(start)) and not re.match(rb"^\W*<(?:!doctype\s+)?html", start, re.IGNORECASE)


def _local(name: str) -> str:
    return name.rsplit(":", 1)[-1]


def _put(record: dict[str, Any], name: str, value: str) -> None:
    """Keep a value; a name that repeats becomes a list."""
    if name not in record:
        record[name] = value
    elif isinstance(record[name], list):
        record[name].append(value)
    else:
        record[name] = [record[name], value]


class _Rows(ContentHandler):
    """Collects the elements at a path; without a path, counts which paths repeat."""

    def __init__(self, path: tuple[str, ...] | None) -> None:
        super().__init__()
        self.path = path
        self.here: list[str] = []
        self.text: list[list[str]] = []
        self.record: dict[str, Any] | None = None
        self.records: list[dict[str, Any]] = []
        self.lines: list[int] = []
        self.frames: list[pl.DataFrame] = []
        self.counts: Counter[str] = Counter()
        self.where: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - kept because the interface names it so
        self.where = locator

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        self.here.append(_local(name))
        self.text.append([])
        if len(self.here) > MAX_DEPTH:
            raise UnreadableError("xml-malformed", f"> {MAX_DEPTH}")
        if self.path is None:
            self.counts["/".join(self.here)] += 1
            return
        if self.record is None and tuple(self.here) == self.path:
            self.record = {}
            self.lines.append((self.where.getLineNumber() if self.where else None) or 0)
        if self.record is not None:
            inside = "".join(f"{part}." for part in self.here[len(self.path) :])
            for key, value in attrs.items():
                _put(self.record, f"{inside}@{_local(key)}", value)

    def characters(self, content: str) -> None:
        if self.record is not None:
            self.text[-1].append(content)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        text = "".join(self.text.pop()).strip()
        if self.record is not None and self.path is not None:
            inside = ".".join(self.here[len(self.path) :])
            if text:
                _put(self.record, inside or "#text", text)
            if not inside:
                self.records.append(self.record)
                self.record = None
                if len(self.records) >= PIECE_RECORDS:
                    self.flush()
        self.here.pop()

    def flush(self) -> None:
        """Turn what was collected into columns."""
        if self.records:
            self.frames.append(frame_of(flatten(self.records), len(self.records)))
            self.records = []
        if len(self.lines) > MAX_ROWS:
            raise UnreadableError("too-many-rows", str(len(self.lines)))


def _parse(data: bytes, path: tuple[str, ...] | None) -> _Rows:
    rows = _Rows(path)
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(rows)
    try:
        parser.parse(io.BytesIO(data))
    except DefusedXmlException:
        raise UnreadableError("xml-entities") from None
    except SAXParseException as error:
        line, column = error.getLineNumber(), error.getColumnNumber()
        raise UnreadableError("xml-malformed", f"{error.getMessage()} ({line}:{column})", line) from None
    except (SAXException, ValueError, LookupError) as error:
        if isinstance(error, UnreadableError):
            raise
        line = 1 if isinstance(error, LookupError) else None  # an encoding that nobody knows, which the first line says
        raise UnreadableError("xml-malformed", str(error)[:120], line) from None
    rows.flush()
    return rows


def read_xml(data: bytes, reading: Reading) -> TextTable:
    """Read the elements at ``reading.path``, which starts at the root: ``budget/line`` or ``budget.line``.

    Raises:
        UnreadableError: malformed, with entities, no path declared, or nothing at that path.
    """
    if reading.path is None:
        counts = _parse(data, None).counts
        repeated = [(path, n) for path, n in counts.most_common() if n > 1 and counts[path.rpartition("/")[0]] < 2]
        shown = ", ".join(f"{path} ({n} ×)" for path, n in repeated[:SHOWN_PATHS])
        raise UnreadableError("path-needed", shown or "–")
    path = tuple(part for part in re.split(r"[./]", reading.path) if part)
    rows = _parse(data, path)
    if not rows.lines:
        raise UnreadableError("path-not-found", reading.path)
    headers, frame = put_together(rows.frames)
    numbered = frame.with_columns(pl.Series(LINE, rows.lines, dtype=pl.Int64))
    return TextTable(headers, numbered, rows.lines[0], None, None, "/".join(path), format="xml")
