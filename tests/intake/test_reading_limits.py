"""Whatever a file asks of the machine, it is answered with words: never a crash, never memory without end."""

import random
from pathlib import Path

import openpyxl
import pytest

from governance.federation import Reading
from governance.intake import delimited, limits
from governance.intake.decoding import decode
from governance.intake.delimited import read_delimited
from governance.intake.header import Wanted
from governance.intake.messages import MESSAGES
from governance.intake.reading import read_file
from governance.intake.table import UnreadableError
from tests.intake.examples import contract_of, examined

CONTRACT = contract_of({"name": "id"}, {"name": "ville"}, {"name": "montant"})
WANTED = Wanted.of(CONTRACT, {}, ())


def rule_of(path: Path) -> str:
    with pytest.raises(UnreadableError) as caught:
        read_file(path, Reading(), WANTED)
    return caught.value.fault.rule


def test_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"id;ville;montant\n1;a;1\n2;" + b"x" * (limits.MAX_LINE_BYTES + 10) + b";2\n")
    path.write_bytes(path.read_bytes() + b"3;b;3\n" * (delimited.WHOLE_BYTES // 6))
    assert rule_of(path) == "line-too-long"
    path.write_bytes(b"x" * (limits.MAX_LINE_BYTES + 10))
    assert rule_of(path) == "line-too-long"


def test_file_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    with path.open("wb") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)
    assert rule_of(path) == "file-too-large"


@pytest.mark.parametrize("columns", [limits.MAX_COLUMNS + 1, 16_384])
def test_too_many_columns_are_refused(tmp_path: Path, columns: int) -> None:
    path = tmp_path / "f.csv"
    path.write_text(";".join(f"colonne numéro {n}" for n in range(columns)) + "\n" + ";" * (columns - 1) + "\n")
    assert rule_of(path) == "too-many-columns"


def test_long_header_is_read_whole(tmp_path: Path) -> None:
    names = ["id", *(f"un intitulé assez long {n}" for n in range(4_000))]
    path = tmp_path / "f.csv"
    path.write_text(";".join(names) + "\n" + ";".join("x" for _ in names) + "\n", encoding="utf-8")
    assert len(read_file(path, Reading(), WANTED).headers) == 4_001


def test_sheet_with_one_cell_in_its_last_corner_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["id", "ville", "montant"])
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "f.xlsx")
    assert rule_of(tmp_path / "f.xlsx") == "too-many-rows"


@pytest.mark.parametrize("content", [b"\x00" * 10_000, b"id;ville\n" + b"\x00" * 50_000, b"\xff\xfe" + b"\x00" * 9_999])
def test_nul_bytes_end_in_words(tmp_path: Path, content: bytes) -> None:
    answer = examined(tmp_path, content, CONTRACT)
    assert answer.report.rows.accepted == 0


@pytest.mark.parametrize("seed", range(12))
def test_random_bytes_end_in_words(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    start = chance.choice(
        [b"", b"{", b"[", b"<a>", b"PK\x03\x04", b"PAR1", b"SQLite format 3\x00", b"id;ville;montant\n"]
    )
    answer = examined(tmp_path, start + chance.randbytes(5_000), CONTRACT)
    assert answer.report.status in ("unusable", "invalid", "valid")
    assert all(error.message_fr and error.remedy_en for error in answer.report.errors)


LIMITS = ("file-too-large", "too-large", "too-many-columns", "too-many-rows", "line-too-long", "archive-unsafe")


@pytest.mark.parametrize("rule", LIMITS)
def test_every_limit_has_words_in_both_languages(rule: str) -> None:
    said = MESSAGES[rule]
    assert said.fr != said.en and said.remedy_fr != said.remedy_en and said.severity == "blocks"


def reference(text: str, delimiter: str = ";") -> list[tuple[int, list[str]]]:
    """Records as the standard library reads them, filled or cut to three cells, with the line they start on."""
    import csv
    import io

    reader, found, before = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [], 0
    for cells in reader:
        found.append((before + 1, (cells + [""] * 3)[:3]))
        before = reader.line_num
    return [(line, cells) for line, cells in found[1:] if any(cells)]


@pytest.mark.parametrize("seed", range(60))
def test_every_shape_is_read_as_the_standard_library_reads_it(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces are made tiny, so that quoted line ends, short rows and stray quotes fall on their edges."""
    chance = random.Random(seed)
    monkeypatch.setattr(delimited, "WHOLE_BYTES", chance.choice([0, 10**6]))
    monkeypatch.setattr(delimited, "PIECE_BYTES", chance.choice([16, 40, 200]))
    cells = ["a", "", "é", '"x;y"', '"l1\nl2"', '"d ""q"" d"', 'tube 5" long', '"p"s', "12"]
    weights = [
        9,
        3,
        3,
        chance.choice([0, 2]),
        chance.choice([0, 2]),
        chance.choice([0, 1]),
        *chance.choices([0, 1], k=2),
        9,
    ]
    end = chance.choice(["\n", "\r\n"])
    rows = [";".join(chance.choices(cells, weights, k=chance.choice([3] * 20 + [1, 2, 4]))) for _ in range(150)]
    text = end.join(["id;ville;montant", *rows]) + end
    table = read_delimited(decode(text.encode()), Reading(), WANTED)
    found = [(row[-1], [cell or "" for cell in row[:-1]]) for row in table.rows.rows()]
    assert found == reference(text)
