"""Whole files sent by nginx once the platform has decided: the same answer, an entry each time, no way to strangers."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from governance.api.handed_over import KEY, LOCATION, front_key
from governance.journal.model import Entry, Search
from infra.native.service import StartFailed
from infra.native.services.front import ACCOUNT, files_to_send
from tests.native.fronts import Front, another

pytestmark = pytest.mark.services

ENERGY = "/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment&format="
OPEN = "/v1/feeds/subventions?format="
AS_IT_IS = {"Accept-Encoding": "identity"}
BOUNDARY = re.compile("boundary=[0-9a-f]+")
OF_THE_REQUEST = {"date", "archipel-decision", "traceparent", "ratelimit", "connection"}
"""Headers that no two answers have in common."""


@pytest.fixture(scope="module")
def old_way(front: Front) -> Iterator[Front]:
    """The same platform behind an nginx that sends no file of a feed itself."""
    with another(front, front_sends_files=False) as other:
        yield other


def partner(front: Front, **headers: str) -> httpx.Client:
    return front.client(Authorization=f"Bearer {front.running.token('exemple-startup')}", **headers)


def direct(front: Front, **headers: str) -> httpx.Client:
    return front.running.client("exemple-startup", **headers)


def entries(front: Front) -> list[Entry]:
    wanted = Search(kind="decision", target="consommation_energie", limit=1000)
    return front.running.platform.journal.search(wanted)


def _without_boundary(values: list[str]) -> list[str]:
    """Parts of one answer are told apart by a word made for it."""
    return [BOUNDARY.sub("boundary=", value) for value in values]


def said(answer: httpx.Response) -> dict[str, list[str]]:
    """Every header of an answer with all its values, but for those that belong to the one request."""
    names = {name.lower() for name in answer.headers} - OF_THE_REQUEST
    told = {name: _without_boundary(answer.headers.get_list(name)) for name in sorted(names)}
    vary = {word.strip().lower() for line in told.get("vary", []) for word in line.split(",")}
    return {**told, "vary": sorted(vary)}


CASES: dict[str, tuple[str, Mapping[str, str]]] = {
    "csv": (f"{ENERGY}csv", AS_IT_IS),
    "parquet": (f"{ENERGY}parquet", {"Accept-Encoding": "gzip"}),
    "csv for a browser": (f"{ENERGY}csv", {"Accept-Encoding": "gzip, deflate, br"}),
    "json zstd": (f"{ENERGY}json", {"Accept-Encoding": "zstd"}),
    "excel": (f"{ENERGY}csv-excel-fr", AS_IT_IS),
    "open, by somebody": (f"{OPEN}csv", AS_IT_IS),
    "first bytes": (f"{ENERGY}csv", {"Range": "bytes=0-9", "Accept-Encoding": "gzip"}),
    "first of many bytes": (f"{OPEN}json", {"Range": "bytes=0-1200", "Accept-Encoding": "gzip"}),
    "from a byte on": (f"{ENERGY}parquet", {"Range": "bytes=100-"}),
    "last bytes": (f"{ENERGY}csv", {"Range": "bytes=-7"}),
    "more than there is": (f"{ENERGY}csv", {"Range": "bytes=2-999999"}),
    "behind the end": (f"{ENERGY}csv", {"Range": "bytes=999999-"}),
    "two ranges": (f"{ENERGY}csv", {"Range": "bytes=0-3,10-12"}),
    "no range": (f"{ENERGY}csv", {"Range": "rows=1-2"}),
    "backwards": (f"{ENERGY}csv", {"Range": "bytes=9-2"}),
    "if another tag": (f"{ENERGY}csv", {"Range": "bytes=0-9", "If-Range": '"other"'}),
    "if unmodified since": (f"{ENERGY}csv", {"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}),
    "if modified since": (f"{ENERGY}csv", {"If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT"}),
    "if match": (f"{ENERGY}csv", {"If-Match": '"other"'}),
    "another tag": (f"{ENERGY}csv", {"If-None-Match": '"other"', **AS_IT_IS}),
    "any tag": (f"{ENERGY}csv", {"If-None-Match": "*"}),
    "refused": (f"{ENERGY.replace('Research', 'No')}csv", {}),
    "no format": (f"{ENERGY}xls", {}),
    "a page": (f"{ENERGY}csv&limit=2", AS_IT_IS),
    "unknown": ("/v1/feeds/nothing?format=csv", {}),
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", CASES)
def test_every_header_and_byte_is_that_of_the_platform_itself(
    front: Front, old_way: Front, name: str, method: str
) -> None:
    address, headers = CASES[name]
    with partner(front) as one, partner(old_way) as other:
        given, expected = (client.request(method, address, headers=headers) for client in (one, other))
    assert (given.status_code, said(given)) == (expected.status_code, said(expected))
    if "multipart" not in given.headers.get("content-type", ""):
        assert given.content == expected.content
    assert given.headers["traceparent"]
    assert not any(name.startswith(("archipel-file", "x-accel")) for name in given.headers)


@pytest.mark.parametrize("validator", ["etag", "last-modified"])
def test_what_was_begun_is_gone_on_with_and_what_is_known_is_not_sent(
    front: Front, old_way: Front, validator: str
) -> None:
    with partner(front, **AS_IT_IS) as one, partner(old_way, **AS_IT_IS) as other:
        for file_format in ("csv", "parquet"):
            whole = one.get(f"{ENERGY}{file_format}")
            asked = {"Range": "bytes=5-", "If-Range": whole.headers[validator]}
            given, expected = (client.get(f"{ENERGY}{file_format}", headers=asked) for client in (one, other))
            assert (given.status_code, given.content) == (206, whole.content[5:])
            assert (said(given), given.content) == (said(expected), expected.content)
        known = {"If-None-Match": whole.headers["etag"]}
        given, expected = (client.get(f"{ENERGY}parquet", headers=known) for client in (one, other))
    assert (given.status_code, given.content, said(given)) == (304, b"", said(expected))


def test_the_time_of_a_file_is_that_of_its_content_not_of_who_read_it_last(front: Front) -> None:
    with partner(front, **AS_IT_IS) as client:
        client.get(f"{ENERGY}arrow")
        (made,) = (front.settings.feeds_dir / "whole").glob("consommation_energie/exemple-startup/*.arrows.3")
        os.utime(made, (0, 1_600_000_000))
        answers = [client.get(f"{ENERGY}arrow"), direct(front, **AS_IT_IS).get(f"{ENERGY}arrow")]
    assert {answer.headers["last-modified"] for answer in answers} == {"Sun, 13 Sep 2020 12:26:40 GMT"}
    assert made.stat().st_atime > 1_600_000_000


def test_a_file_that_is_not_there_is_asked_of_the_platform(front: Front, tmp_path: Path) -> None:
    """Each time with its decision and its entry, so with two: that it looked first is how one knows that it sends."""
    with partner(front, **AS_IT_IS) as client:
        before = len(entries(front))
        given = client.get(f"{ENERGY}csv")
        assert len(entries(front)) == before + 1
    with another(front, files_in=tmp_path) as other, partner(other, **AS_IT_IS) as client:
        before = len(entries(front))
        again, refused = client.get(f"{ENERGY}csv"), client.get(f"{ENERGY.replace('Research', 'No')}csv")
        assert len(entries(front)) == before + 3
    assert (again.status_code, said(again), again.content) == (200, said(given), given.content)
    assert refused.status_code == 403


def test_nobody_else_is_given_an_answer_without_a_byte(front: Front) -> None:
    key = front_key(front.settings)
    for shown in ({}, {KEY: ""}, {KEY: "true"}, {KEY: key[:-1]}, {KEY: f"{key}x"}, {KEY: "é"}):
        with direct(front, **AS_IT_IS) as client:
            headers = [(name.encode(), value.encode()) for name, value in shown.items()]
            answer = client.get(f"{ENERGY}csv", headers=headers)
        assert "x-accel-redirect" not in answer.headers
        assert answer.content.startswith(b"batiment_type") or b"commune_insee" in answer.content.split(b"\r\n")[0]
    with direct(front, **{KEY: key}) as client:
        named = client.get(f"{ENERGY}csv")
    assert (named.content, named.headers["x-accel-redirect"].startswith(LOCATION)) == (b"", True)


def test_what_a_stranger_says_of_the_key_is_written_over(front: Front, old_way: Front) -> None:
    """Though they knew it: a front that sends no files would have none to put in the place of such an answer."""
    key = {KEY: front_key(front.settings)}
    with partner(old_way, **AS_IT_IS) as client:
        given, expected = client.get(f"{ENERGY}csv", headers=key), client.get(f"{ENERGY}csv")
    assert (given.status_code, given.content, said(given)) == (200, expected.content, said(expected))
    with front.client(**key, **AS_IT_IS) as client:
        one, two = (client.get(f"{OPEN}csv-excel-fr").headers["archipel-decision"] for _ in range(2))
    assert one == two, "kept for others, as an answer that names a file could not be"


def test_what_is_open_is_still_kept_for_all(front: Front) -> None:
    with front.client(**AS_IT_IS) as client:
        one, two = client.get(f"{OPEN}ndjson"), client.get(f"{OPEN}ndjson")
    assert one.headers["archipel-decision"] == two.headers["archipel-decision"]
    assert (one.status_code, two.content) == (200, one.content)


def test_no_file_is_reached_by_its_name(front: Front) -> None:
    with partner(front) as client:
        assert client.get(f"{ENERGY}csv").status_code == 200
        whole = front.settings.feeds_dir / "whole"
        files = [path for path in whole.rglob("*") if path.is_file()]
        assert files
        for path in files:
            for folder in (LOCATION, f"/x/..{LOCATION}", LOCATION.replace("/", "//"), "/-/%77hole/"):
                answer = client.get(f"{folder}{path.relative_to(whole)}")
                assert answer.status_code == 404, folder
                assert answer.headers["content-type"] == "application/problem+json"


def test_a_link_in_the_folder_is_not_followed(front: Front, tmp_path: Path) -> None:
    """nginx refuses it and asks the platform, which knows what it made."""
    with partner(front, **AS_IT_IS) as client:
        given = client.get(f"{ENERGY}ndjson")
        (made,) = (front.settings.feeds_dir / "whole").glob("consommation_energie/exemple-startup/*.ndjson.3")
        kept = tmp_path / "kept"
        made.rename(kept)
        made.symlink_to(kept)
        before = len(entries(front))
        again = client.get(f"{ENERGY}ndjson")
        assert len(entries(front)) == before + 2
        made.unlink()
    assert again.content == given.content


def test_lines_of_the_log_say_what_was_asked_and_not_whose_file_it_became(front: Front, tmp_path: Path) -> None:
    with another(front, files_in=tmp_path) as other:
        for one in (other, front):
            with partner(one) as client:
                assert client.get(f"{ENERGY}csv").status_code == 200
    for one in (other, front):
        last = one.lines()[-1]
        assert (last["path"], last["status"]) == ("/v1/feeds/consommation_energie", 200)
        assert "exemple-startup" not in str(last)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has workers of another account")
def test_front_sends_files_only_where_its_workers_may_read_them(front: Front) -> None:
    whole = (front.settings.feeds_dir / "whole").resolve()
    by = {said: front.settings.model_copy(update={"front_sends_files": said}) for said in (None, True, False)}
    assert [files_to_send(by[said], ACCOUNT) for said in by] == [whole, whole, None]
    whole.chmod(0o750)
    try:
        assert files_to_send(by[None], ACCOUNT) is None
        assert files_to_send(by[None], None) == whole
        with pytest.raises(StartFailed, match="ARCHIPEL_FRONT_SENDS_FILES"):
            files_to_send(by[True], ACCOUNT)
    finally:
        whole.chmod(0o755)
    assert not list(whole.glob(".probe-*"))
