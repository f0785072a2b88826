"""What the API connectors share: lines of records, snapshots, marks, and the words of servers."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import FetchRequest, Limits, Validators
from connectors.instants import instant_of, newest
from connectors.problems import BadOptions, TooLarge, UnexpectedAnswer
from connectors.records import Cost, as_line, geojson, json_lines, write_records
from connectors.snapshot import Snapshot, key_at
from connectors.words import WORDS_BYTES, first_words, json_words, plain, xml_words

COST = Cost(1, 0)


def _request(folder: Path, **limits: int) -> FetchRequest:
    return FetchRequest(options={}, into=folder, limits=Limits(**limits))


def test_line_is_the_same_whatever_the_order_of_names() -> None:
    assert as_line({"b": 1, "a": "é"}) == as_line({"a": "é", "b": 1}) == '{"a": "é", "b": 1}'


def test_half_a_surrogate_pair_keeps_its_escape() -> None:
    line = as_line({"a": "é\ud800"})
    assert json.loads(line.encode()) == {"a": "é\ud800"}


def test_no_record_is_an_empty_file_or_an_empty_collection(tmp_path: Path) -> None:
    lines = write_records(_request(tmp_path), [], COST, "a")
    features = write_records(_request(tmp_path), [], COST, "a", geojson())
    assert lines.path is not None
    assert lines.path.read_bytes() == b""
    assert features.path is not None
    assert json.loads(features.path.read_bytes()) == {"type": "FeatureCollection", "features": []}


def test_file_over_the_limit_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        write_records(_request(tmp_path, max_bytes=10), ['{"a": 12345678}'], COST, "a")
    assert list(tmp_path.iterdir()) == []


def test_known_content_is_not_handed_over_but_its_state_is(tmp_path: Path) -> None:
    first = write_records(_request(tmp_path), ["{}"], COST, "a")
    known = _request(tmp_path).model_copy(update={"since": Validators(sha256=first.sha256)})
    again = write_records(known, ["{}"], COST, "a", since=Validators(watermark="w"))
    assert (again.not_modified, again.validators) == (True, Validators(sha256=first.sha256, watermark="w"))


@pytest.mark.parametrize("bad", [b"[1]", b"3", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_line_that_is_no_object_is_named_by_its_number(tmp_path: Path, bad: bytes) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b'{"a": 1}\n\n' + bad + b"\n")
    with pytest.raises(UnexpectedAnswer, match="its line 3 is no JSON object"):
        list(json_lines(file, "a"))


def test_snapshot_lays_what_is_new_over_what_was(tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.write_text('{"id": 1, "v": "old"}\n{"id": 2, "v": "old"}\n', encoding="utf-8")
    with Snapshot(tmp_path / "into", key_at("id")) as snapshot:
        snapshot.put_previous(before)
        assert snapshot.put({"id": 2, "v": "new"})
        assert [json.loads(line)["v"] for line in snapshot.lines()] == ["old", "new"]
        assert list(snapshot.untouched()) == [{"id": 1, "v": "old"}]
    assert list((tmp_path / "into").iterdir()) == []


def test_snapshot_tells_when_one_key_has_two_contents(tmp_path: Path) -> None:
    with Snapshot(tmp_path, key_at("a", "b")) as snapshot:
        assert snapshot.put({"a": 1, "b": 2, "c": 3})
        assert snapshot.put({"a": 1, "b": 2, "c": 3})
        assert not snapshot.put({"a": 1, "b": 2, "c": 4})
        assert len(snapshot) == 1


def test_mark_is_the_later_instant_in_whatever_zone_it_is_written() -> None:
    assert newest("2025-01-01T12:00:00+00:00", "2025-01-01T12:30:00+01:00", "w") == "2025-01-01T12:00:00+00:00"
    assert newest(None, "2025-01-01", "w") == "2025-01-01"
    assert newest("2025-01-01", None, "w") == "2025-01-01"
    assert instant_of("2025-01-01T00:00:00Z/2025-01-02T00:00:00Z", "w").day == 2


def test_day_that_is_still_to_come_moves_no_mark() -> None:
    assert newest("2025-01-01", "2925-01-01T00:00:00Z", "w") == "2025-01-01"
    assert newest(None, "2925-01-01", "w") is None


def test_mark_that_is_no_instant_names_the_option() -> None:
    with pytest.raises(BadOptions, match="'w' is wrong.*'hier'"):
        newest(None, "hier", "w")


def test_words_are_one_clean_line_without_the_secret() -> None:
    words = plain("no\nkey\x00 s3cret\u202e " + "a" * 500, [SecretStr("Bearer s3cret")])
    assert words.startswith("no key ***")
    assert len(words) == 300


def test_words_are_read_from_json_and_xml_and_else_absent() -> None:
    read = first_words(json_words("error.message", "code"), xml_words("Text"))
    assert read(b'{"error": [{"message": "a"}, {"message": "b"}], "code": 7}') == "a, b, 7"
    assert read(b'<e xmlns="urn:x"><Text> t </Text></e>') == "t"
    broken = (b"", b"{", b"<a", b"[" * WORDS_BYTES, b'<!DOCTYPE a [<!ENTITY b "c">]><Text>&b;</Text>', b"\xff")
    assert [read(body) for body in broken] == [""] * 6
