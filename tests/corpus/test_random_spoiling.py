"""Good files of every format, spoiled at random: whatever comes out is a report, and no row is lost on the way."""

import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from governance.federation import Reading
from governance.intake.examine import examine
from governance.intake.messages import MESSAGES
from governance.intake.model import Examined
from tests.corpus import archives, json_documents, layers, regular_text, workbooks, xml_documents
from tests.corpus.case import CONTRACT
from tests.intake.examples import received

ROWS = 12
LINES = [f"k{number};Besné;{number}.5;2024-01-{number:02}" for number in range(1, ROWS + 1)]
NOT_ROWS = {"blank-row", "total-row", "unit-row"}
AT_RANDOM = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def good() -> Mapping[str, tuple[bytes, Mapping[str, Any]]]:
    """A good file of each format, and what its source declares."""
    a, b, c = json_documents.A, json_documents.B, json_documents.C
    features = [json_documents.feature(name, json_documents.HERE) for name in "ab"]
    text = [regular_text.HEAD, *LINES]
    return {
        **{f"csv-{way}": (regular_text.written(text, way), {}) for way in regular_text.WAYS},
        "json": (json_documents.listed(a, b, c).encode(), {}),
        "ndjson": (f"{a}\n{b}\n{c}\n".encode(), {}),
        "geojson": (json_documents.collection(*features).encode(), {}),
        "xml": (xml_documents.document(xml_documents.A, xml_documents.B).encode(), xml_documents.AT_PATH),
        "xlsx": (workbooks.RIGHT, {}),
        "ods": workbooks.OPEN["right"][:1] + ({},),
        "parquet": (layers.parquet(), {}),
        "geopackage": (layers.geopackage()(), {}),
        "shapefile": (archives.packed(layers.shapes()), {}),
        "zip": (archives.packed({"f.csv": archives.PLAIN}), {}),
        "zip-stored": (archives.packed({"f.csv": archives.PLAIN}, 0), {}),
    }


def answer_to(content: bytes, declared: Mapping[str, Any] | None = None) -> Examined:
    """Examine, and hold the answer against what every answer must be."""
    with tempfile.TemporaryDirectory() as folder:
        answer = examine([received(Path(folder), content, **(declared or {}))], CONTRACT)[0]
        report = answer.report.model_dump(mode="json")
        kept = answer.accepted["line_number"].to_list()
    counts, quarantined = report["rows"], answer.quarantined["line_number"].to_list()
    repeated = [error["line"] for error in report["errors"] if error["rule"] == "duplicate-row"]
    assert counts["in"] == counts["accepted"] + counts["quarantined"] + counts["duplicates"]
    assert (len(kept), len(quarantined), len(repeated)) == tuple(counts.values())[1:]
    assert (report["status"] == "unusable") == (counts["in"] == 0)
    assert counts["in"] or any(error["severity"] == "blocks" for error in report["errors"])
    assert all(error["rule"] in MESSAGES and error["message_fr"] and error["remedy_fr"] for error in report["errors"])
    assert "Traceback" not in str(report)
    return answer


def places(answer: Examined) -> list[int]:
    """Return where the rows stand, and whatever else was told from rows, each once."""
    told = [error.line for error in answer.report.errors if error.rule in NOT_ROWS | {"duplicate-row"}]
    rows = [*answer.accepted["line_number"], *answer.quarantined["line_number"], *told]
    return sorted(line for line in rows if line is not None)


def flipped(content: bytes, chance: Any) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.draw(st.integers(1, 8))):
        changed[chance.draw(st.integers(0, len(content) - 1))] = chance.draw(st.integers(0, 255))
    return bytes(changed)


def cut(content: bytes, chance: Any) -> bytes:
    kept: int = chance.draw(st.integers(0, len(content)))
    return content[:kept]


def with_hole(content: bytes, chance: Any) -> bytes:
    start, size = chance.draw(st.integers(0, len(content))), chance.draw(st.integers(1, 200))
    return content[:start] + content[start + size :]


def with_nuls(content: bytes, chance: Any) -> bytes:
    at, count = chance.draw(st.integers(0, len(content))), chance.draw(st.integers(1, 300))
    return content[:at] + bytes(count) + content[at:]


def stuttering(content: bytes, chance: Any) -> bytes:
    start, size = chance.draw(st.integers(0, len(content))), chance.draw(st.integers(1, 300))
    return content[: start + size] + content[start:]


def mixed(content: bytes, chance: Any) -> bytes:
    at, encoding = (
        chance.draw(st.integers(0, len(content))),
        chance.draw(st.sampled_from(["cp1252", "utf-16", "utf-8"])),
    )
    return content[:at] + "é;œ\n«»;ï".encode(encoding) + content[at:]


SPOILINGS: list[Callable[[bytes, Any], bytes]] = [flipped, cut, with_hole, with_nuls, stuttering, mixed]


@settings(AT_RANDOM, max_examples=400)
@given(
    kind=st.sampled_from(sorted(good())),
    spoilings=st.lists(st.sampled_from(SPOILINGS), min_size=1, max_size=2),
    chance=st.data(),
)
def test_spoiled_file_gives_nothing_but_a_report(kind: str, spoilings: list[Any], chance: Any) -> None:
    content, declared = good()[kind]
    for spoil in spoilings:
        if content:
            content = spoil(content, chance)
    answer_to(content, declared)


@AT_RANDOM
@given(
    content=st.binary(max_size=400),
    start=st.sampled_from([b"", b"id;ville\n", b"PK\x03\x04", b"PAR1", b"{", b"[", b"<a>"]),
)
def test_any_bytes_give_nothing_but_a_report(content: bytes, start: bytes) -> None:
    answer_to(start + content)


SHIFTS: Mapping[str, tuple[Callable[[str], list[str]], list[list[str]]]] = {
    # a row → the lines it becomes, and the rules that each of them breaks
    "right": (lambda row: [row], [[]]),
    "blank line above": (lambda row: ["", row], [["blank"], []]),
    "separators above": (lambda row: [";;;", row], [["blank"], []]),
    "doubled": (lambda row: [row, row], [[], ["twice"]]),
    "shifted": (lambda row: [f"{row.split(';')[0]};{';'.join(row.split(';')[:3])}"], [["type-error", "type-error"]]),
    "cell too few": (lambda row: [row.rsplit(";", 1)[0]], [["missing-cell"]]),
    "cell too many": (lambda row: [row + ";x"], [["extra-cell"]]),
    "identifier lost": (lambda row: [row[row.index(";") :]], [["required"]]),
    "word for number": (lambda row: [row.replace(".5", "?")], [["type-error"]]),
    "line end in a cell": (lambda row: row.replace("Besné", '"Bes\nné"').split("\n"), [[], ["inside"]]),
}


@AT_RANDOM
@given(
    way=st.sampled_from(sorted(regular_text.WAYS)),
    shifts=st.lists(st.sampled_from(sorted(SHIFTS)), min_size=ROWS, max_size=ROWS),
    titles=st.integers(0, 3),
)
@example(way="plain", shifts=["right"] * ROWS, titles=0)
def test_every_row_is_told_where_it_stands(way: str, shifts: list[str], titles: int) -> None:
    """The lines are counted here, as they are written, and compared with what the report says of each."""
    lines = [*["Subventions 2024"] * titles, regular_text.HEAD]
    good_lines, twice = [], []
    wrong: list[tuple[int, str]] = []
    for row, name in zip(LINES, shifts, strict=True):
        write, broken = SHIFTS[name]
        for line, rules in zip(write(row), broken, strict=True):
            lines.append(line)
            if not rules:
                good_lines.append(len(lines))
            elif rules == ["twice"]:
                twice.append(len(lines))
            elif rules not in (["blank"], ["inside"]):
                wrong += [(len(lines), rule) for rule in rules]
    answer = answer_to(regular_text.written(lines, way))
    errors = answer.report.errors
    assert answer.accepted["line_number"].to_list() == good_lines
    assert sorted((e.line or 0, e.rule) for e in errors if e.severity == "blocks") == sorted(wrong)
    assert answer.quarantined["line_number"].to_list() == sorted({line for line, _ in wrong})
    assert [error.line for error in errors if error.rule == "duplicate-row"] == twice


@AT_RANDOM
@given(
    signs=st.lists(
        st.tuples(st.integers(1, ROWS), st.integers(0, 20), st.sampled_from("xÉ€;,| \t-=\\'/\u00a0\ufffd\x00\x07")),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_signs_written_over_others_lose_no_row(signs: list[tuple[int, int, str]]) -> None:
    """Neither quotes nor line ends are written, so each line stays one row, whatever is in it."""
    lines = [regular_text.HEAD, *LINES]
    for number, place, sign in signs:
        lines[number] = lines[number][:place] + sign + lines[number][place + 1 :]
    answer = answer_to("\n".join(lines).encode())
    assert places(answer) == list(range(2, ROWS + 2))


@settings(AT_RANDOM, max_examples=60)
@given(chance=st.data(), kind=st.sampled_from(["ndjson", "json"]))
def test_records_that_are_left_out_or_emptied_keep_the_lines_of_the_others(chance: Any, kind: str) -> None:
    names = [f"k{number}" if chance.draw(st.booleans()) else "" for number in range(ROWS)]
    blank = [chance.draw(st.integers(0, 2)) for _ in names]
    text, expected, line = "" if kind == "ndjson" else "[\n", [], 1 if kind == "ndjson" else 2
    for name, above in zip(names, blank, strict=True):
        text += "\n" * above + f'{{"id": "{name}", "montant": 1, "ville": "{line}"}}'
        line += above
        expected.append(line)
        text += "\n" if kind == "ndjson" else ",\n"
        line += 1
    answer = answer_to((text if kind == "ndjson" else text.rstrip(",\n") + "\n]").encode())
    good_lines = [line for line, name in zip(expected, names, strict=True) if name]
    assert answer.accepted["line_number"].to_list() == good_lines
    assert places(answer) == expected


ENCODINGS = (
    "utf-16", "utf-32", "ascii", "base64", "rot13", "undefined", "idna", "utf-7", "punycode", "unicode_escape",
    "utf-8-sig", "cp037", "mbcs",
)  # fmt: skip
PINNED = (
    *(Reading(encoding=encoding) for encoding in ENCODINGS), Reading(delimiter="|"), Reading(header_row=13),
    Reading(header_row=99), Reading(last_row=1), Reading(format="json"), Reading(sheet="x"), Reading(path="a.b"),
    Reading(member="x"), Reading(header_row=2, header_rows=3), Reading(crs="EPSG:2154"),
)  # fmt: skip


@pytest.mark.parametrize("reading", PINNED, ids=lambda reading: str(reading.model_dump(exclude_defaults=True)))
def test_wrongly_pinned_reading_gives_nothing_but_a_report(reading: Reading) -> None:
    answer_to(regular_text.written([regular_text.HEAD, *LINES], "plain"), {"reading": reading})
