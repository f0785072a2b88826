"""No room left where a file is handed in or made ready: refused in words, nothing of it stays, and then it is made."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from governance.api.prepared import Prepared, prepare_feeds
from governance.journal.model import Search
from governance.pipeline.hand_in import find_box
from governance.pipeline.publish import make_feeds_ready
from tests.api.small_platform import ENERGIE, ROWS, Running, small_platform, write_shared
from tests.faults.small_disk import fill, make_room, small_disk

PAGE = "/fr/members/donges/sources/lieux/hand-in"
HEADER = "id_lieu;nom;Xlong;Ylat;date_maj\n"
SMALL = HEADER + "L-0;Aire exemple 0;-2.07;47.32;2026-01-15\n"
LARGE = HEADER + "".join(f"L-{number};Aire exemple {number};-2.07;47.32;2026-01-15\n" for number in range(40_000))
"""Of more than a mebibyte, so that a form with it is kept on the disk while it is read."""


@dataclass(frozen=True)
class Handing:
    """The small platform, and the folder of the disk that files handed in pass or stay on."""

    running: Running
    disk: Path

    def post(self, content: str) -> httpx.Response:
        with self.running.client() as client:
            token = re.findall(r'name="form_token" value="([0-9a-f]+)"', client.get(PAGE).text)[0]
            return client.post(PAGE, data={"form_token": token}, files={"file": ("lieux.csv", content)})

    def in_box(self) -> list[Path]:
        folder = find_box(self.running.platform, "donges", "lieux").folder
        return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []

    def journalled(self) -> list[str]:
        found = self.running.platform.journal.search(Search(kind="source_change"))
        return [entry.fields["file"] for entry in found]


@pytest.fixture(params=["where files stay", "where files pass"])
def handing(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handing]:
    stays, state = request.param == "where files stay", tmp_path / "platform" / "state"
    disk = state / "uploads" if stays else tmp_path / "passing"
    with small_disk(disk, mebibytes=8):
        if not stays:
            monkeypatch.setenv("TMPDIR", str(disk))
        with small_platform(tmp_path / "platform") as made:
            yield Handing(made, disk)


def test_a_file_that_finds_no_room_is_refused_in_words_and_nothing_of_it_is_left(handing: Handing) -> None:
    # Also so that the server has chosen where files pass: it takes no folder that is full then.
    assert handing.post(SMALL).status_code == 200
    before, (name,) = handing.in_box(), handing.journalled()
    fill(handing.disk)
    try:
        refused = handing.post(LARGE)
    finally:
        make_room(handing.disk)
    assert refused.status_code == 503
    assert "Plus de place" in refused.text and "Traceback" not in refused.text
    assert (handing.in_box(), handing.journalled()) == (before, [name])
    taken = handing.post(LARGE)
    assert taken.status_code == 200
    (left,) = {*handing.in_box()} - {*before}
    assert left.read_text(encoding="utf-8") == LARGE
    assert handing.journalled() == [left.name, name]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Running]:
    with small_disk(tmp_path / "state", mebibytes=32), small_platform(tmp_path) as made:
        yield made


def _made_ready(running: Running) -> dict[str, bytes]:
    folders = running.platform.settings.state_dir.rglob("exemple-startup")
    files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return {path.name: path.read_bytes() for path in files}


def test_partners_files_that_find_no_room_are_made_once_there_is_some(
    serving: Running, caplog: pytest.LogCaptureFixture
) -> None:
    platform = serving.platform
    assert prepare_feeds(platform) == Prepared(ready=2, removed=0)
    before = _made_ready(serving)
    assert len(before) == 2
    write_shared(platform, "v2", **ROWS | {"consommation_energie": ENERGIE.replace("PDL-EXEMPLE", "PDL-AUTRE")})
    fill(platform.settings.state_dir)
    try:
        with caplog.at_level(logging.ERROR):
            make_feeds_ready(platform)
        assert _made_ready(serving) == before
    finally:
        make_room(platform.settings.state_dir)
    (said,) = [record for record in caplog.records if "partners' files" in record.message]
    assert "No space left" in said.message and not said.exc_info
    assert prepare_feeds(platform) == Prepared(ready=2, removed=2)
    assert not before.keys() & _made_ready(serving).keys()
