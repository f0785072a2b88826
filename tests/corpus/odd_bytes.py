"""Files that call themselves CSV and are not quite text, or no text at all."""

import codecs
import random
from collections.abc import Iterator

from governance.federation import Reading
from tests.corpus.case import Case, Outcome, case, refused, rows
from tests.corpus.regular_text import HEAD, A, B, C

PLAIN = f"{HEAD}\n{A}\n{B}\n{C}\n"
ACCENTS = f"{HEAD}\na;Éclairage été;1;2024-01-01\n{B}\n"
FOREIGN = {
    "pdf": b"%PDF-1.7\n1 0 obj\n", "png": b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "jpeg": b"\xff\xd8\xff\xe0" + b"x" * 60,
    "gzip": b"\x1f\x8b\x08\x00" + b"\x07" * 60, "rar": b"Rar!\x1a\x07\x00" + b"x" * 60,
    "seven-zip": b"7z\xbc\xaf\x27\x1c" + b"x" * 60, "elf": b"\x7fELF\x02\x01" + b"x" * 60,
    "page": b"<!DOCTYPE html><html><body>Erreur 404</body></html>", "page-old": b"\r\n <HTML><p>x</p></HTML>",
    "ole-junk": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "ole-cut": b"\xd0\xcf\x11\xe0", "zip-start": b"PK\x03\x04" + b"x" * 90, "sqlite-start": b"SQLite format 3\x00",
    "parquet-start": b"PAR1", "shapes-alone": b"\x00\x00\x27\x0a" + b"\x00" * 96,
}  # fmt: skip
_CHANCE = random.Random(4)
JUNK = {
    "junk": b"\xa0" + _CHANCE.randbytes(4_000), "junk-short": b"\x8f" + _CHANCE.randbytes(60),
    "junk-low": bytes(_CHANCE.choices(range(1, 9), k=2_000)),
    "junk-of-lines": b"\n".join(b"\x9d" + _CHANCE.randbytes(30) for _ in range(200)),
    "bitmap": b"BM" + (500).to_bytes(4, "little") + b"\x00" * 4 + bytes(range(1, 250)) * 2,
    "zip-start-cut-off": b"\x14\x00\x00\x00\x08\x00" + _CHANCE.randbytes(900),
}  # fmt: skip
BLANK = {
    "nothing": b"", "spaces": b"   \n\n  ", "line-ends": b"\r\n\r\n", "mark-alone": codecs.BOM_UTF8,
    "mark-16-alone": codecs.BOM_UTF16_LE, "nuls": b"\x00" * 5_000, "mark-and-blanks": codecs.BOM_UTF8 + b"\n \n",
    "tabs": b"\t\t\n\t\t\n",
}  # fmt: skip
ODD: dict[str, tuple[bytes, Outcome]] = {
    "no-end-of-line": (PLAIN.rstrip().encode(), rows([2, 3, 4])),
    "ends-mixed": (f"{HEAD}\r\n{A}\r{B}\nc;x;y;\r\n".encode(), rows([2, 3], {4: "type-error"})),
    "end-doubled": (PLAIN.replace("\n", "\r\r\n").encode(), rows([3, 5, 7])),
    "nul-in-a-cell": (f"{HEAD}\n{A}\nb;Bes\x00n;2;\n{C}\n".encode(), rows([2, 4], {3: "encoding"})),
    "nul-in-two-cells": (f"{HEAD}\na;\x00x;1;\nb;y\x00;2;\n".encode(), rows([], {2: "encoding", 3: "encoding"})),
    "byte-broken": (ACCENTS.encode() + b"c;Bes\xffn;3;\n", rows([2, 3], {4: "encoding"})),
    "line-in-another-encoding": (ACCENTS.encode() + "c;Besné;3;\n".encode("cp1252"), rows([2, 3], {4: "encoding"})),
    "cut-inside-a-sign": (ACCENTS.encode() + b"c;Besn\xc3", rows([2, 3], {4: "encoding missing-cell"})),
    "cut-inside-a-row": (PLAIN.encode()[:-18], rows([2, 3], {4: "missing-cell"})),
    "cut-inside-a-day": (PLAIN.encode()[:-4], rows([2, 3], {4: "type-error"})),
    "latin-1-signs": (f"{HEAD}\na;\x81;1;\n".encode("latin-1"), rows([2])),
    "sign-of-replacement": (f"{HEAD}\n{A}\nb;Besn\ufffd;2;\n".encode(), rows([2, 3])),
    "mark-inside": (
        f"{HEAD}\n{A}\n".encode() + codecs.BOM_UTF8 + f"{HEAD}\n{B}\n".encode(),
        rows([2, 4], {3: "type-error type-error"}),
    ),
    "invisible-space-in-header": (f"\u200bid;ville;montant;jour\n{A}\n".encode(), rows([2])),
    "utf-16-without-mark": (PLAIN.encode("utf-16-le"), rows([2, 3, 4])),
    "utf-16-be-without-mark": (PLAIN.encode("utf-16-be"), rows([2, 3, 4])),
    "commas-under-semicolons": (
        f"{HEAD}\n{A}\n{B.replace(';', ',')}\n{C}\n".encode(), rows([2, 4], {3: "missing-cell"}),
    ),
    "all-commas-under-semicolons": (
        f"{HEAD}\n{A.replace(';', ',')}\n{B.replace(';', ',')}\n".encode(),
        rows([], {2: "missing-cell", 3: "missing-cell"}),
    ),
    "whole-rows-in-quotes": (f'{HEAD}\n{A}\n"{B}"\n'.encode(), rows([2], {3: "missing-cell"})),
    "columns-beyond-the-limit": (
        (";".join(["id", *(f"c{n}" for n in range(16_383))]) + "\nx\n").encode(), refused("too-many-columns"),
    ),
    "quotes-only": (b'"' * 999, refused("header-not-found", 1)),
    "one-word": (b"bonjour", refused("header-not-found", 1)),
    "prose": (b"Madame, Monsieur,\nvoici le fichier.\n" * 30, refused("header-not-found", 1)),
    "day-of-five-signs-in-the-year": (f"{HEAD}\na;x;1;20244-01-01\n{B}\n".encode(), rows([3], {2: "type-error"})),
    "digits-of-other-scripts": (f"{HEAD}\na;x;١٢;2024-01-01\n{B}\n".encode(), rows([3], {2: "type-error"})),
    "number-beyond-any": (f"{HEAD}\na;x;{'9' * 400};\n{B}\n".encode(), rows([3], {2: "type-error"})),
    "no-break-space": (f"{HEAD}\na;x;1\u00a0000;\n{B}\n".encode(), rows([3], {2: "type-error"})),
    "many-right-one-wrong": (
        (HEAD + "\n" + "".join(f"k{n};x;{n};\n" for n in range(3_000)) + "z;x;y;\n").encode(),
        rows(range(2, 3_002), {3_002: "type-error"}),
    ),
    "many-blank-then-one": ((f"{HEAD}\n{A}\n" + "\n" * 3_000 + "z;x;y;\n").encode(), rows([2], {3_003: "type-error"})),
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Give every file."""
    for name, content in FOREIGN.items():
        yield case(f"foreign-{name}", "file.csv", content, refused("not-a-table", has_lines=False))
    for name, content in JUNK.items():
        yield case(f"foreign-{name}", "file.csv", content, refused("not-a-text", has_lines=False))
    for name, content in BLANK.items():
        yield case(f"blank-{name}", "file.csv", content, refused("empty-file"))
    for name, (content, outcome) in ODD.items():
        yield case(f"odd-{name}", "file.csv", content, outcome)
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        pinned = {"reading": Reading(encoding=encoding[:6])}
        unmarked = PLAIN.encode(encoding)
        yield case(f"odd-pinned-without-mark-{encoding}", "file.csv", unmarked, rows([2, 3, 4]), declared=pinned)
    for encoding in ("klingon", "base64", "rot13"):
        pinned = {"reading": Reading(encoding=encoding)}
        yield case(f"odd-pinned-{encoding}", "file.csv", PLAIN.encode(), refused("encoding-unknown"), declared=pinned)
