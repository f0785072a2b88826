"""Spoiled XML, read at a declared path; every row begins on a line of its own."""

from collections.abc import Iterator

from governance.federation import Reading
from tests.corpus.case import Case, Outcome, case, refused, rows

AT_PATH = {"reading": Reading(path="lignes/ligne")}
A = "<ligne><id>a</id><ville>Donges</ville><montant>1.5</montant><jour>2024-01-01</jour></ligne>"
B = "<ligne><id>b</id><ville>Besné</ville><montant>2</montant><jour>2024-01-02</jour></ligne>"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def document(*elements: str, head: str = HEAD) -> str:
    """Return a document whose first row stands on line 3."""
    return f"{head}<lignes>\n" + "\n".join(elements) + "\n</lignes>\n"


def typed(doctype: str) -> str:
    """Return a document with a document type."""
    return document(A, B, head=f"{HEAD}<!DOCTYPE lignes [{doctype}]>\n")


SPOILED: dict[str, tuple[str, Outcome]] = {
    "right": (document(A, B), rows([3, 4])),
    "blank-lines": (document(A, "", "", B), rows([3, 6])),
    "comment-between": (document(A, "<!-- note\nsuite -->", B), rows([3, 6])),
    "row-over-lines": (
        document("<ligne>\n<id>a</id>\n</ligne>", B.replace("2<", "x<", 1)),
        rows([3], {6: "type-error"}),
    ),
    "word-for-number": (document(A, B.replace(">2<", ">deux<")), rows([3], {4: "type-error"})),
    "number-twice": (document(A, B.replace("<jour>", "<montant>9</montant><jour>")), rows([3], {4: "type-error"})),
    "day-that-is-none": (document(A, B.replace("01-02", "02-31")), rows([3], {4: "type-error"})),
    "identifier-empty": (document(A, B.replace("<id>b</id>", "<id/>")), rows([3], {4: "required"})),
    "identifier-left-out": (document(A, B.replace("<id>b</id>", "")), rows([3], {4: "required"})),
    "row-twice": (document(A, B, A), rows([3, 4], twice=[5])),
    "key-twice": (document(A, B.replace(">b<", ">a<")), rows([3], {4: "primary-key"})),
    "text-in-cdata": (document(A, B.replace("Besné", "<![CDATA[a & b <c>]]>")), rows([3, 4])),
    "row-deeper": (document(A, f"<lot>{B}</lot>"), rows([3])),
    "end-left-out": (document(A, B.replace("</ville>", "")), refused("xml-malformed", 4)),
    "end-of-another": (document(A, B.replace("</ville>", "</vile>")), refused("xml-malformed", 4)),
    "ampersand-alone": (document(A, B.replace("Besné", "a & b")), refused("xml-malformed", 4)),
    "attribute-twice": (document(A, '<ligne n="1" n="2"/>'), refused("xml-malformed", 4)),
    "attribute-bare": (document(A, "<ligne n=1/>"), refused("xml-malformed", 4)),
    "control-sign": (document(A, B.replace("Besné", "a\x01b")), refused("xml-malformed", 4)),
    "nul": (document(A, B.replace("Besné", "a\x00b")), refused("xml-malformed", 4)),
    "entity-unknown": (document(A, B.replace("Besné", "&eacute;")), refused("xml-malformed", 4)),
    "second-root": (document(A) + "<x/>", refused("xml-malformed", 5)),
    "cut-in-a-row": (document(A, B)[:-40], refused("xml-malformed", 4)),
    "cut-after-a-row": (f"{HEAD}<lignes>\n{A}", refused("xml-malformed", 3)),
    "cut-in-the-head": (HEAD[:30], refused("xml-malformed", 1)),
    "encoding-unknown": (document(A, head='<?xml version="1.0" encoding="klingon"?>\n'), refused("xml-malformed", 1)),
    "no-row": (document(), refused("path-not-found")),
    "other-root": (document(A).replace("lignes>", "autres>"), refused("path-not-found")),
    "document-type": (typed(""), refused("xml-entities")),
    "entity": (typed('<!ENTITY x "y">'), refused("xml-entities")),
    "entity-of-a-file": (typed('<!ENTITY x SYSTEM "file:///etc/hostname">'), refused("xml-entities")),
    "laughs": (typed('<!ENTITY l0 "ha">' + LAUGHS), refused("xml-entities")),
    "parameter-entity": (typed('<!ENTITY % x SYSTEM "http://x.example/a.dtd"> %x;'), refused("xml-entities")),
    "nested-without-end": (HEAD + "<a>" * 5_000, refused("xml-malformed")),
    "names-unknown": (document("<ligne><x>1</x></ligne>"), refused("header-not-found", 3)),
}


def cases() -> Iterator[Case]:
    """Give every document."""
    for name, (text, outcome) in SPOILED.items():
        yield case(f"xml-{name}", "file.xml", text.encode(), outcome, declared=AT_PATH)
    yield case("xml-path-unsaid", "file.xml", document(A, B).encode(), refused("path-needed"))
    page = b"<html><body><lignes><ligne/></lignes></body></html>"
    yield case("xml-page", "file.xml", page, refused("not-a-table"), declared=AT_PATH)
    old = document(A, B, head='<?xml version="1.0" encoding="ISO-8859-1"?>\n').encode("latin-1")
    yield case("xml-latin-1", "file.xml", old, rows([3, 4]), declared=AT_PATH)
    wrong = document(A, B).encode("latin-1")
    yield case("xml-encoding-belied", "file.xml", wrong, refused("xml-malformed", 4), declared=AT_PATH)
    wide = document(A, B, head='<?xml version="1.0" encoding="UTF-16"?>\n').encode("utf-16")
    yield case("xml-utf-16", "file.xml", wide, rows([3, 4]), declared=AT_PATH)
