"""A long file judged piece by piece gets the answer that it gets as a whole, line for line and word for word."""

import random
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from governance.contracts.model import Check, Column, Constraints, Contract
from governance.federation import ColumnFormats, Formats, Reading
from governance.intake import at_length, examine, long_text, spool
from governance.intake.findings import Findings
from governance.intake.model import Examined, ReceivedFile

CONTRACT = Contract.model_validate(
    {
        "id": "places",
        "version": "1.0.0",
        "title": "Lieux synthétiques",
        "classification": "open",
        "primary_key": ["id"],
        "columns": [
            Column(name="id", type="string", constraints=Constraints(required=True)),
            Column(name="nom", type="string", constraints=Constraints(required=True, max_length=12)),
            Column(name="code", type="integer", constraints=Constraints(unique=True)),
            Column(name="jour", type="date"),
            Column(name="montant", type="number", constraints=Constraints(minimum=0)),
        ],
        "checks": [Check(name="cohesive-columns-value", columns=["jour", "montant"], severity="improves")],
    }
)
NOTHING: Mapping[str, Any] = MappingProxyType({})
HEADER = "id;nom;code;jour;montant"


def answer(path: Path, declared: Mapping[str, Any]) -> Examined:
    return examine.examine([ReceivedFile("f", path, path.name, "0", **declared)], CONTRACT)[0]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_text, "PIECE_BYTES", 150)
    monkeypatch.setattr(long_text, "LONG_BYTES", 0)


def both(
    path: Path,
    content: str | bytes,
    monkeypatch: pytest.MonkeyPatch,
    declared: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Examined | None, Examined]:
    """The answer by pieces, nothing where the file was sent to be looked at as a whole, and the one of the whole."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    taken: list[Examined | None] = []
    real = at_length.examine_at_length

    def remember(job: at_length.Job) -> Examined | None:
        taken.append(real(job))
        return taken[-1]

    with monkeypatch.context() as patched:
        patched.setattr(examine, "examine_at_length", remember)
        answer(path, declared)
    with monkeypatch.context() as patched:
        patched.setattr(long_text, "LONG_BYTES", 1 << 40)
        whole = answer(path, declared)
    return taken[0], whole


def assert_same(pieces: Examined, whole: Examined) -> None:
    assert pieces.report.rows == whole.report.rows
    assert pieces.report.status == whole.report.status
    assert pieces.report.file == whole.report.file
    assert_frame_equal(pieces.accepted, whole.accepted)
    assert_frame_equal(pieces.quarantined, whole.quarantined)
    assert isinstance(pieces.report.errors, Findings) and isinstance(whole.report.errors, Findings)
    assert_frame_equal(pieces.report.errors.frame, whole.report.errors.frame)


def rows(count: int) -> list[str]:
    return [f"P{n:04d};lieu {n % 7};{n};2024-01-{n % 28 + 1:02d};{n}.5" for n in range(count)]


def spoilt(lines: list[str]) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


ACCENTS = spoilt([*rows(40), "P9;Besné;900;2024-01-01;1", *rows(80)[40:], "Pa;Été…;9;hier;1", "Pb;Œuvre;901;;"])
PLAIN: dict[str, str | bytes] = {
    "cp1252, first seen far below": ACCENTS.encode("cp1252"),
    "latin-1, told from cp1252 by one sign": ACCENTS.replace("…", "\x81").replace("Œ", "").encode("latin-1"),
    "cp1252 with line ends of Windows": ACCENTS.replace("\n", "\r\n").encode("cp1252"),
    "cp1252 with lost accents and line breaks in cells": spoilt(
        [*rows(30), 'P9;"BesnÃ©\né";900;2024-01-01;1', *rows(60)[30:], "P8;Besné;901;;", "P9;x;902;;"]
    ).encode("cp1252"),
    "all right": spoilt(rows(60)),
    "line ends of Windows": spoilt(rows(60)).replace("\n", "\r\n"),
    "a mark of order": "\ufeff" + spoilt(rows(60)),
    "a title above": "Lieux;;;;\n;;;;\n" + spoilt(rows(60)),
    "wrong cells far apart": spoilt([*rows(20), "P;un nom bien trop long;x;hier;-4", *rows(60)[20:], "Q;;-1;;"]),
    "rows that repeat": spoilt([*rows(50), rows(50)[3], rows(50)[47], rows(50)[3]]),
    "keys that repeat": spoilt([*rows(50), "P0003;autre;900;2024-01-01;1", "P0099;autre;7;2024-01-01;1"]),
    "a key that repeats in a wrong row": spoilt([*rows(50), "P0003;autre;x;2024-01-01;-1"]),
    "a row that repeats and is wrong": spoilt(["A;;1;;", *rows(50), "A;;1;;"]),
    "blank rows between and at the end": spoilt([*rows(30), *[";;;;"] * 40, *rows(60)[30:], *[";;;;", ""] * 60]),
    "cells too many and too few": spoilt([*rows(25), "P9001;a;9001;2024-01-01;1;2;3", "P9002;b", *rows(60)[25:]]),
    "line breaks in cells": spoilt([*rows(25), 'P9001;"a\nb;""c""";9001;2024-01-01;1', *rows(60)[25:]]),
    "a column missing": "\n".join(["id;nom;code;jour", *(row.rpartition(";")[0] for row in rows(60))]),
    "a required column missing": "\n".join(["id;code;jour", *(f"{n};{n};2024-01-01" for n in range(60))]),
    "a header twice": "\n".join([HEADER + ";nom", *(row + ";x" for row in rows(60))]),
    "a column without a header": "\n".join(
        [HEADER + ";", *(row + ";" for row in rows(40)), *(r + ";x" for r in rows(60)[40:])]
    ),
}


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("name", PLAIN)
def test_answer_by_pieces_is_that_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pieces, whole = both(tmp_path / "f.csv", PLAIN[name], monkeypatch)
    assert pieces is not None
    assert_same(pieces, whole)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("name", ["all right", "wrong cells far apart", "rows that repeat", "keys that repeat"])
def test_rows_that_were_written_down_come_back_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(spool, "KEPT_BYTES", 1200)
    monkeypatch.setattr(spool, "STEP_BYTES", 300)
    pieces, whole = both(tmp_path / "f.csv", PLAIN[name], monkeypatch)
    assert pieces is not None and pieces.spool is not None and len(pieces.spool._files) > 2
    assert_same(pieces, whole)


WHOLE: dict[str, str | bytes] = {
    "a total at the foot": spoilt([*rows(60), "Total;;;;1770"]),
    "units under the header": spoilt([";;;;€", *rows(60)]),
    "two bytes a sign": spoilt([*rows(60), "P9;Besné;9;2024-01-01;1"]).encode("utf-16"),
    "two bytes a sign without a mark": spoilt([*rows(60), "P9;Besné;9;2024-01-01;1"]).encode("utf-16-le"),
    "UTF-8 that was damaged": spoilt([*rows(60), *["P9;Besné;9;2024-01-01;1"] * 4]).encode() + b"P8;Besn\xe9;8;;\n",
    "a quote that is never closed": spoilt([*rows(60), 'P9;"Donges;9;2024-01-01;1', *rows(400)[70:]]),
    "line ends of old programs": spoilt(rows(60)).replace("\n", "\r"),
    "JSON": "[" + ",".join(f'{{"id": "{n}", "nom": "x"}}' for n in range(60)) + "]",
    "no header": "\n".join(rows(60)),
}


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("name", WHOLE)
def test_what_needs_a_look_at_the_whole_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pieces, _ = both(tmp_path / "f.csv", WHOLE[name], monkeypatch)
    assert pieces is None


@pytest.mark.usefixtures("small_pieces")
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), changes=st.integers(0, 12), encoding=st.sampled_from(["utf-8", "cp1252", "latin-1"]))
def test_any_spoiled_file_gets_the_same_answer_either_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, changes: int, encoding: str
) -> None:
    chance, lines = random.Random(seed), rows(40)
    for _ in range(changes):
        at = chance.randrange(len(lines))
        lines[at] = chance.choice([lines[at - 1], "", ";;;;", lines[at] + ";x", lines[at][:5], '"' + lines[at] + '"',
                                   lines[at].replace("lieu", 'l"ieu'), lines[at].replace("lieu", '"l\nieu"', 1),
                                   lines[at].replace(".5", ","), lines[at].replace("lieu", "liéu"),
                                   lines[at].replace("lieu", "Ã©é"), f"P{chance.randrange(40):04d};x;1;;"])  # fmt: skip
    pieces, whole = both(tmp_path / "f.csv", spoilt(lines).encode(encoding), monkeypatch)
    if pieces is not None:
        assert_same(pieces, whole)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("pinned", ["cp1252", "latin-1", "ISO-8859-15"])
def test_encoding_that_is_pinned_is_read_by_pieces_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pinned: str
) -> None:
    content = ACCENTS.replace("…", "").encode(pinned, "replace")
    pieces, whole = both(tmp_path / "f.csv", content, monkeypatch, {"reading": Reading(encoding=pinned)})
    assert pieces is not None
    assert_same(pieces, whole)


@pytest.mark.usefixtures("small_pieces")
def test_declared_notations_and_parsers_hold_in_every_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    formats = {"nom": ColumnFormats(split=" ", part=1), "jour": ColumnFormats(default="2024-01-01")}
    declared = {"formats": Formats(decimal=",", date="%d/%m/%Y"), "column_formats": formats}
    lines = [f"P{n:04d};lieu {n % 7};{n};{n % 28 + 1:02d}/01/2024;{n},5" for n in range(60)]
    lines[30] = "P0030;;30;30 janvier;trente"
    pieces, whole = both(tmp_path / "f.csv", spoilt(lines), monkeypatch, declared)
    assert pieces is not None and whole.report.rows.quarantined == 1
    assert_same(pieces, whole)


def test_short_file_is_not_read_by_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces, whole = both(tmp_path / "f.csv", PLAIN["all right"], monkeypatch)
    assert pieces is None and whole.report.status == "valid"
    assert whole.accepted.height == pl.Series(range(60)).len()
