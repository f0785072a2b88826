"""The budget of an authority as it sends it to the State: an XML of TOTEM (DGFiP, "actes budgétaires"), as rows.

One record a ``LigneBudget``, in the document's order, with the header of the document, of its budget and of its vote
nested beside it: the names are the document's own, and a value is its attribute ``V`` as written. Amounts that come
several times with a code (``MtSup``, ``CaracSup``) are named by it. The annexes of the document are passed over. The
file comes from an address or from a folder of this machine. Quirks: the encoding is ISO-8859-1 more often than not; a
"compte financier unique" holds the document one level down, and in it totals that TOTEM has worked out, which bear
``calculated`` and are left out; one document may hold several budgets; one without a line is refused, since nobody
votes an empty budget.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from pydantic import Field, model_validator

from connectors import http_file, local_folder
from connectors.base import Checked, Fetched, FetchRequest, Validators, read_options
from connectors.http_file import Access, WebAddress
from connectors.problems import UnexpectedAnswer
from connectors.records import NDJSON, Cost, as_line, write_records

_ROOTS = ("DocumentBudgetaire", "CompteFinancierUnique")
_HEADERS = ("EnTeteDocBudgetaire", "EnTeteBudget", "BlocBudget")
_LINE = "LigneBudget"


class Options(Access):
    """What the declaration of a ``totem`` source says."""

    url: WebAddress | None = Field(None, title="Adresse", description="address of the XML; or give folder")
    folder: Path | None = Field(
        None, title="Dossier", description="absolute path, inside a folder that the installation allows"
    )
    pattern: str = Field("*.xml", title="Motif", pattern=r"^[^/\\]+$", description="names in folder; the newest wins")

    @model_validator(mode="after")
    def _is_somewhere(self) -> "Options":
        if (self.url is None) == (self.folder is None):
            raise ValueError("give either url or folder")
        return self


def _as_file(request: FetchRequest) -> tuple[Any, FetchRequest]:
    """The connector that brings the file, and what it is asked."""
    options = read_options(Options, request)
    if options.url is not None:
        asked: dict[str, Any] = {"url": options.url, "auth": options.auth, "auth_header": options.auth_header}
        return http_file, request.model_copy(update={"options": asked})
    asked = {"folder": options.folder, "pattern": options.pattern}
    return local_folder, request.model_copy(update={"options": asked, "since": Validators()})


def check(request: FetchRequest) -> Checked:
    """Say which file would be read.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    connector, asked = _as_file(request)
    found: Checked = connector.check(asked)
    return found.model_copy(
        update={"filename": _filename(found.filename), "media_type": NDJSON.media_type, "size": None}
    )


def fetch(request: FetchRequest) -> Fetched:
    """Take the document and hand over its lines as NDJSON, unless they are those ``request.since`` knows.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    connector, asked = _as_file(request)
    taken: Fetched = connector.fetch(asked)
    name = _filename(taken.filename)
    if taken.path is None:
        return taken.model_copy(update={"filename": name})
    try:
        lines = (as_line(row) for row in _rows(taken.path, taken.filename))
        cost = Cost(taken.attempts, taken.received_bytes)
        return write_records(request, lines, cost, name, since=taken.validators)
    finally:
        taken.path.unlink()


def _filename(of_file: str) -> str:
    return f"{of_file.removesuffix('.xml')}.ndjson"


def _rows(path: Path, where: str) -> Iterator[dict[str, Any]]:
    rows = 0
    try:
        for row in _read(path, where):
            rows += 1
            yield row
    except ParseError as error:
        line, column = error.position
        fr, en = f"XML abîmé à la ligne {line}, colonne {column}", f"broken XML at line {line}, column {column}"
        raise UnexpectedAnswer(where, fr, en) from None
    except (DefusedXmlException, ValueError, LookupError):
        reasons = ("XML à entités, ou d'un codage inconnu", "XML with entities, or of an unknown encoding")
        raise UnexpectedAnswer(where, *reasons) from None
    if not rows:
        raise UnexpectedAnswer(where, "aucune ligne budgétaire", "no budget line")


def _read(path: Path, where: str) -> Iterator[dict[str, Any]]:
    """Read piece by piece; what was read is let go, a principal budget is tens of megabytes."""
    headers: dict[str, Any] = {}
    around: list[Element] = []
    for event, element in iterparse(path, ("start", "end"), forbid_dtd=True):
        tag = _tag(element)
        if event == "start":
            if not around and tag not in _ROOTS:
                raise UnexpectedAnswer(where, f"« {tag} » n'est pas un budget", f"{tag!r} is no budget")
            if tag == "Budget":
                headers = {name: headers[name] for name in _HEADERS[:1] if name in headers}
            around.append(element)
            continue
        around.pop()
        if tag in _HEADERS:
            headers[tag] = _values(element)
        elif tag == _LINE and _tag(around[-1]) == "Budget" and element.get("calculated") != "true":
            yield {**headers, tag: _values(element)}
        if around and not any(_tag(one) in (*_HEADERS, _LINE) for one in around):
            around[-1].remove(element)


def _values(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        code, value = child.get("Code"), child.get("V")
        if code is not None:
            found.setdefault(_tag(child), {})[code] = value
        else:
            found[_tag(child)] = value
    return found


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
