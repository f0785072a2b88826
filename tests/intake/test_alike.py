"""Files read together give what each gives alone, whatever is odd in one of them."""

import random
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from governance.contracts.model import Contract
from governance.federation import Reading
from governance.intake import examine
from governance.intake.alike import read_alike
from governance.intake.gathering import read_table, wanted_of
from governance.intake.model import ReceivedFile
from governance.intake.table import UnreadableError
from tests.intake.examples import contract_of

CONTRACT = contract_of(
    {"name": "nom", "constraints": {"required": True}}, {"name": "montant", "type": "number"}, {"name": "longitude"},
    {"name": "latitude"},
)  # fmt: skip
HEADER = "nom;montant;longitude;latitude"
ODD = (
    "", ";;;", "  ", "a;1", "a;1;2;3;4", 'a;"1;5";-2.1;47.2', "Total;3;;", ";€;;", "b;2;47.2;-2.1", "é;1;-2.1;47.2\r",
    "x;\ufffd;-2.1;47.2", '"a\nb";1;-2.1;47.2', "c;1;-2.1;47.2", '"a";1;"-2.1";""', '"a ""b""";"1";-2.1;47.2',
    '"a;1;-2.1;47.2', 'a";1;"-2.1;47.2', '"";"";"";""', '"€";"€";"";""', '"a"b;1;-2.1;47.2', '"a;1";-2.1;47.2',
)  # fmt: skip


def _file(folder: Path, name: str, text: str, reading: Reading = Reading()) -> ReceivedFile:  # noqa: B008 - frozen
    path = folder / f"{name}.csv"
    path.write_bytes(text.encode())
    return ReceivedFile(name, path, path.name, "0" * 64, reading)


def _lines(count: int, start: int = 0) -> list[str]:
    return [f"commune {number};{number}.5;-2.1;47.2" for number in range(start, start + count)]


def _seen(file: ReceivedFile, contract: Contract, together: dict[str, object]) -> object:
    try:
        table = together.get(file.key) or read_table(file, wanted_of(file, contract))
    except UnreadableError as error:
        return error.fault
    return (table.headers, table.rows.rows(), table.rows.columns, table.header_row, table.faults, table.detected())  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(30))
def test_files_read_together_are_as_each_alone(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = []
    for number in range(8):
        lines = _lines(chance.randint(0, 5), number * 10)
        for _ in range(chance.choice([0, 0, 1])):
            lines.insert(chance.randint(0, len(lines)), chance.choice(ODD))
        above = ["Titre"] * chance.choice([0, 0, 1])
        end = chance.choice(["\n", "", "\n\n"])
        files.append(_file(tmp_path, f"{seed}-{number}", "\n".join([*above, HEADER, *lines]) + end))
    together = read_alike([(file, wanted_of(file, CONTRACT)) for file in files])
    for file in files:
        assert _seen(file, CONTRACT, dict(together)) == _seen(file, CONTRACT, {}), file.path.read_text()


def test_plain_files_are_read_together_and_keep_their_lines(tmp_path: Path) -> None:
    files = [
        _file(tmp_path, "one", "\n".join([HEADER, *_lines(3)]) + "\n"),
        _file(tmp_path, "two", "\n".join(["Titre", HEADER, *_lines(2, 10)])),
    ]
    together = read_alike([(file, wanted_of(file, CONTRACT)) for file in files])
    assert together["one"].rows["line_number"].to_list() == [2, 3, 4]
    assert together["two"].rows["line_number"].to_list() == [3, 4]
    assert together["two"].rows["0"].to_list() == ["commune 10", "commune 11"]


def test_files_with_quoted_cells_on_one_line_are_read_together_too(tmp_path: Path) -> None:
    quoted = ['"a;b";1;-2.1;47.2', '"dit ""c""";"";-2.1;""']
    texts = {"plain": _lines(3), "quoted": [*_lines(1), *quoted]}
    files = [_file(tmp_path, name, "\n".join([HEADER, *lines])) for name, lines in texts.items()]
    together = read_alike([(file, wanted_of(file, CONTRACT)) for file in files])
    assert together["quoted"].rows["0"].to_list() == ["commune 0", "a;b", 'dit "c"']
    assert together["quoted"].rows["line_number"].to_list() == [2, 3, 4]
    for file in files:
        assert _seen(file, CONTRACT, dict(together)) == _seen(file, CONTRACT, {})


@pytest.mark.parametrize("odd", [text for text in ODD if text not in ("c;1;-2.1;47.2", "é;1;-2.1;47.2\r")])
def test_what_needs_a_look_at_one_file_is_read_alone(tmp_path: Path, odd: str) -> None:
    texts = {"plain": _lines(3), "odd": [_lines(1)[0], odd, _lines(1)[0]]}
    files = [_file(tmp_path, name, "\n".join([HEADER, *lines])) for name, lines in texts.items()]
    together = read_alike([(file, wanted_of(file, CONTRACT)) for file in files])
    for file in files:
        assert _seen(file, CONTRACT, dict(together)) == _seen(file, CONTRACT, {})


@pytest.mark.parametrize("odd", ["Total;6;;", '"a;1;-2.1;47.2', "a;1;-2.1"])
def test_one_odd_file_keeps_no_other_from_being_read_together(tmp_path: Path, odd: str) -> None:
    quoted = '"b ""c""";1;-2.1;47.2'
    texts = {"one": _lines(3), "odd": [*_lines(3), odd], "two": [*_lines(3), quoted]}
    files = [_file(tmp_path, name, "\n".join([HEADER, *lines])) for name, lines in texts.items()]
    together = read_alike([(file, wanted_of(file, CONTRACT)) for file in files])
    assert set(together) == {"one", "two"}
    for file in files:
        assert _seen(file, CONTRACT, dict(together)) == _seen(file, CONTRACT, {})


def test_files_judged_in_several_passes_get_the_answers_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [["Total;6;;"], ["a;x;-2.1;47.2"], ["a;1"], []]
    files = [
        _file(tmp_path, f"{number}", "\n".join([HEADER, *_lines(number % 5, number), *odd[number % 4]]))
        for number in range(24)
    ]
    whole = examine.examine(files, CONTRACT)
    monkeypatch.setattr(examine, "PASS_BYTES", 300)
    parted = examine.examine(files, CONTRACT)
    assert len(list(examine._passes([(file, wanted_of(file, CONTRACT)) for file in files]))) > 5
    assert [answer.report.model_dump() for answer in parted] == [answer.report.model_dump() for answer in whole]
    for one, other in zip(parted, whole, strict=True):
        assert_frame_equal(one.accepted, other.accepted)
        assert_frame_equal(one.quarantined, other.quarantined)


def test_pinned_files_large_ones_and_other_kinds_are_left_alone(tmp_path: Path) -> None:
    plain = "\n".join([HEADER, *_lines(3)])
    files = [
        _file(tmp_path, "pinned", plain, Reading(header_row=1)),
        _file(tmp_path, "large", "\n".join([HEADER, *_lines(60_000)])),
        _file(tmp_path, "json", '[{"nom": "a", "montant": 1}]'),
        _file(tmp_path, "empty", ""),
    ]
    assert read_alike([(file, wanted_of(file, CONTRACT)) for file in files]) == {}


def test_one_unreadable_file_among_many_is_reported_alone(tmp_path: Path) -> None:
    files = [_file(tmp_path, str(number), "\n".join([HEADER, *_lines(3)])) for number in range(3)]
    files.insert(1, _file(tmp_path, "bad", ""))
    reports = [answer.report for answer in examine.examine(files, CONTRACT)]
    assert [report.status for report in reports] == ["valid", "unusable", "valid", "valid"]
