"""Spoiled CSV, each in every way of writing it: delimiters, line ends, encodings and byte order marks."""

import codecs
from collections.abc import Iterator

from tests.corpus.case import Case, Outcome, all_bad, case, refused, rows

HEAD = "id;ville;montant;jour"
A, B, C = "a;Donges;1.5;2024-01-01", "b;Besné;2;2024-01-02", "c;Pornichet;3;2024-01-03"
WAYS = {
    "plain": (";", "\n", "utf-8", b""),
    "excel": (";", "\r\n", "cp1252", b""),
    "comma-marked": (",", "\r\n", "utf-8", codecs.BOM_UTF8),
    "tab-macintosh": ("\t", "\r", "cp1252", b""),
    "bar-utf-16-le": ("|", "\n", "utf-16-le", codecs.BOM_UTF16_LE),
    "comma-utf-16-be": (",", "\n", "utf-16-be", codecs.BOM_UTF16_BE),
    "semicolon-utf-32": (";", "\r\n", "utf-32-le", codecs.BOM_UTF32_LE),
}
"""Delimiter, line end, encoding, mark."""

SPOILED: dict[str, tuple[list[str], Outcome]] = {
    "word-for-number": ([HEAD, A, "b;Besné;deux;2024-01-02", C], rows([2, 4], {3: "type-error"})),
    "comma-for-point": ([HEAD, A, 'b;Besné;"1,5";2024-01-02', C], rows([2, 4], {3: "type-error"})),
    "space-of-thousands": ([HEAD, A, "b;Besné;1 000;2024-01-02", C], rows([2, 4], {3: "type-error"})),
    "euro-sign": ([HEAD, A, "b;Besné;12 €;2024-01-02", C], rows([2, 4], {3: "type-error"})),
    "formula-for-number": ([HEAD, A, "b;Besné;=1+1;2024-01-02", C], rows([2, 4], {3: "type-error"})),
    "formula-in-text": ([HEAD, A, "b;=1+1;2;2024-01-02", C], rows([2, 3, 4])),
    "failed-formula": ([HEAD, A, "b;Besné;#REF!;2024-01-02", C], rows([2, 4], {3: "type-error"})),
    "day-that-is-none": ([HEAD, A, "b;Besné;2;2024-02-30", C], rows([2, 4], {3: "type-error"})),
    "day-in-french": ([HEAD, A, "b;Besné;2;02/01/2024", C], rows([2, 4], {3: "type-error"})),
    "day-as-number-of-excel": ([HEAD, A, "b;Besné;2;45293", C], rows([2, 4], {3: "type-error"})),
    "empty-identifier": ([HEAD, A, ";Besné;2;2024-01-02", C], rows([2, 4], {3: "required"})),
    "two-wrong-cells": ([HEAD, A, "b;Besné;deux;hier", C], rows([2, 4], {3: "type-error type-error"})),
    "three-wrong-rows": (
        [HEAD, ";Donges;1;2024-01-01", "b;Besné;x;", "c;;;y"],
        rows([], {2: "required", 3: "type-error", 4: "type-error"}),
    ),
    "columns-shifted": ([HEAD, A, "b;;Besné;2", C], rows([2, 4], {3: "type-error type-error"})),
    "short-row": ([HEAD, A, "b;Besné;2", C], rows([2, 4], {3: "missing-cell"})),
    "long-row": ([HEAD, A, B + ";surplus", C], rows([2, 4], {3: "extra-cell"})),
    "short-and-long": (
        [HEAD, A, "b;Besné;2", C + ";surplus"], rows([2], {3: "missing-cell", 4: "extra-cell"}),
    ),
    "trailing-separators": ([HEAD, A + ";", B + ";;", C], rows([2, 3, 4])),
    "blank-line": ([HEAD, A, "", B, C], rows([2, 4, 5])),
    "row-of-separators": ([HEAD, A, ";;;", B, C], rows([2, 4, 5])),
    "blank-lines-at-the-foot": ([HEAD, A, B, C, "", "", ";;;", ""], rows([2, 3, 4])),
    "error-below-blank-lines": (
        [HEAD, "", "", A, ";;;", "b;Besné;x;2024-01-02"], rows([4], {6: "type-error"}),
    ),
    "row-twice": ([HEAD, A, B, B, C], rows([2, 3, 5], twice=[4])),
    "rows-doubled": ([HEAD, A, A, B, B, C, C], rows([2, 4, 6], twice=[3, 5, 7])),
    "wrong-row-twice": (
        # said on both lines: whoever mends the first only makes the second a row of its own, still wrong
        [HEAD, A, "b;Besné;x;2024-01-02", "b;Besné;x;2024-01-02"],
        Outcome((2,), (3,), (4,), ((3, "type-error"), (4, "type-error"))),
    ),
    "file-pasted-twice": (
        [HEAD, A, B, HEAD, A, B], rows([2, 3], {4: "type-error type-error"}, [5, 6]),
    ),
    "key-twice": ([HEAD, A, "a;Besné;2;2024-01-02", C], rows([2, 4], {3: "primary-key"})),
    "title-above": (["Subventions 2024;;;", "", HEAD, A, B], rows([4, 5])),
    "title-without-separators": (["Subventions 2024", HEAD, A, "b;Besné;x;"], rows([3], {4: "type-error"})),
    "hint-of-excel": (["sep=;", HEAD, A, B], rows([3, 4])),
    "total-at-the-foot": ([HEAD, A, B, C, "Total;;6.5;"], rows([2, 3, 4])),
    "company-called-total": ([HEAD, A, B, "Total;Donges;9;2024-01-04"], rows([2, 3, 4])),
    "note-at-the-foot": ([HEAD, A, B, "Source : service des finances"], rows([2, 3], {4: "missing-cell"})),
    "units-under-the-header": ([HEAD, ";;€;", A, B], rows([3, 4])),
    "line-end-in-a-cell": ([HEAD, A, 'b;"Bes', 'né";2;2024-01-02', "c;x;y;"], rows([2, 3], {5: "type-error"})),
    "blank-line-in-a-cell": ([HEAD, 'a;"l1', "", 'l3";1;2024-01-01', "b;x;y;"], rows([2], {5: "type-error"})),
    "separator-in-a-cell": ([HEAD, A, 'b;"Bes;né";2;2024-01-02', C], rows([2, 3, 4])),
    "quotes-in-a-cell": ([HEAD, A, 'b;"dit ""le bourg""";2;2024-01-02', C], rows([2, 3, 4])),
    "inches": ([HEAD, A, 'b;tube 5" long;2;2024-01-02', C], rows([2, 3, 4])),
    "quote-left-open": (
        [HEAD, A, 'b;"Besné;2;2024-01-02', C], rows([2], {3: "unclosed-quote missing-cell"}),
    ),
    "headers-in-capitals": ([" ID ;Ville;MONTANT; Jour", A, B], rows([2, 3])),
    "headers-in-another-order": (["jour;id;montant;ville", "2024-01-01;a;1;Donges"], rows([2])),
    "required-column-missing": (
        ["ville;montant;jour", "Donges;1;2024-01-01", "Besné;2;"], all_bad([2, 3], "missing-column", 1),
    ),
    "optional-column-missing": (["id;montant;jour", "a;1;2024-01-01", "b;x;"], rows([2], {3: "type-error"})),
    "header-twice": (
        ["id;ville;ville;jour", "a;Donges;x;2024-01-01"], all_bad([2], "duplicate-header", 1),
    ),
    "column-unknown": ([HEAD + ";note", A + ";x", B + ";"], rows([2, 3])),
    "header-empty": ([HEAD + ";", A + ";x", B + ";y"], rows([2, 3])),
    "header-alone": ([HEAD], refused("no-rows", 1)),
    "header-and-blanks": ([HEAD, "", ";;;", ""], refused("no-rows", 1)),
    "no-header": ([A, B, C], refused("header-not-found", 1)),
    "accents-lost": ([HEAD, A, "b;BesnÃ©;2;2024-01-02", C], rows([2, 3, 4])),
    "mark-of-old-programs": ([HEAD, A, B, "\x1a"], rows([2, 3])),
    "longer-than-a-piece-of-the-search": ([HEAD, "a;" + "x" * 70_000 + ";1;", "b;y;z;"], rows([2], {3: "type-error"})),
}  # fmt: skip


def written(lines: list[str], way: str) -> bytes:
    """Return lines as one of the ways writes them."""
    delimiter, end, encoding, mark = WAYS[way]
    text = "".join(line + end for line in lines) if lines[-1] != "\x1a" else end.join(lines)
    return mark + text.replace(";", delimiter).encode(encoding)


def cases() -> Iterator[Case]:
    """Give every spoiled text in every way."""
    for name, (lines, outcome) in SPOILED.items():
        for way in WAYS:
            yield case(f"csv-{name}-{way}", "file.csv", written(lines, way), outcome)
