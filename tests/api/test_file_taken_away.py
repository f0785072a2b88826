"""A whole file that is replaced or taken away just when it is sent: it is made again, or the answer says so."""

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from governance.api import answers, rows
from governance.api.app import create_app
from governance.api.gate import Gate
from governance.api.handed_over import KEY, front_key
from governance.api.rows import APART, FeedFile
from governance.journal.model import Search
from tests.api.small_platform import Running, small_platform

pytestmark = pytest.mark.services
ENERGY = "/v1/feeds/consommation_energie"
PARAMS = {"purpose": "dpv:ResearchAndDevelopment", "format": "csv"}


@dataclass(frozen=True)
class Here:
    """The application in this process, so that a file can be taken away in the very moment."""

    client: TestClient
    gate: Gate
    running: Running

    def get(self, **headers: str) -> Any:  # kept because the client of tests has an httpx of its own
        told = {"Authorization": f"Bearer {self.running.token('exemple-startup')}", **headers}
        return self.client.get(ENERGY, params=PARAMS, headers={"Accept-Encoding": "identity", **told})

    def outcomes(self) -> list[tuple[str, int | None]]:
        entries = self.running.platform.journal.search(Search(kind="decision", target="consommation_energie"))
        return [(entry.fields["outcome"], entry.fields["rows"]) for entry in entries]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_platform(tmp_path_factory.mktemp("taken-away")) as platform:
        yield platform


@pytest.fixture
def here(own: Running) -> Iterator[Here]:
    with TestClient(create_app(own.platform), raise_server_exceptions=False) as client:
        yield Here(client, client.app.state.gate, own)  # type: ignore[attr-defined]  # kept because it is any ASGI app


@pytest.fixture
def taken_away(here: Here, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have files taken away as soon as they were found, so many times."""

    def take(times: int) -> None:
        found, left = here.gate.rows.whole, [times]

        def whole(*asked: object) -> FeedFile:
            file = found(*asked)  # type: ignore[arg-type]  # kept because it only hands on
            if left[0]:
                left[0] -= 1
                file.path.unlink()
            return file

        monkeypatch.setattr(here.gate.rows, "whole", whole)

    return take


@pytest.mark.parametrize("by_front", [False, True])
def test_a_file_that_is_taken_away_once_is_made_again(
    here: Here, taken_away: Callable[[int], None], by_front: bool
) -> None:
    headers = {KEY: front_key(here.running.platform.settings)} if by_front else {}
    taken_away(1)
    before = len(here.outcomes())
    answer = here.get(**headers)
    assert (answer.status_code, "x-accel-redirect" in answer.headers) == (200, by_front)
    assert by_front or answer.content.count(b"\r\n") == 4
    assert here.outcomes()[: -before or None] == [("allowed", 3)]


@pytest.mark.parametrize("by_front", [False, True])
def test_one_that_is_taken_away_each_time_is_a_problem_and_nothing_was_handed_over(
    here: Here, taken_away: Callable[[int], None], by_front: bool
) -> None:
    headers = {KEY: front_key(here.running.platform.settings)} if by_front else {}
    taken_away(1000)
    before = len(here.outcomes())
    answer = here.get(**headers)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"] == "5"
    (told,) = answer.json()["reasons"]
    assert (told["code"], "Redemandez-le" in told["change"]) == ("file_taken_away", True)
    assert here.outcomes()[: -before or None] == [("failed", None)]


def test_while_files_are_taken_away_every_answer_of_the_real_server_is_whole(own: Running) -> None:
    """The server opens a file by its name only after it was told to send it."""
    folder = own.platform.settings.feeds_dir / "whole" / "consommation_energie" / "exemple-startup"
    is_over = threading.Event()

    def sweep() -> None:
        while not is_over.is_set():
            for path in folder.glob("*.csv*"):
                path.unlink(missing_ok=True)

    def ask(_: int) -> tuple[int, bool]:
        with own.client("exemple-startup", **{"Accept-Encoding": "identity"}) as client:
            answer = client.get(ENERGY, params=PARAMS)
        is_told = answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, is_told or answer.content.count(b"\r\n") == 4

    sweeping = threading.Thread(target=sweep)
    sweeping.start()
    try:
        with ThreadPoolExecutor(4) as callers:
            answers = list(callers.map(ask, range(60)))
    finally:
        is_over.set()
        sweeping.join()
    assert {status for status, _ in answers} <= {200, 503} and (200, True) in answers
    assert all(is_right for _, is_right in answers)


def test_second_names_do_not_stay(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here.get().status_code == 200
    apart = here.running.platform.settings.feeds_dir / "whole" / APART
    kept: list[Path] = list(apart.iterdir())
    assert kept
    here.gate.rows.forget_names()
    assert set(kept) <= set(apart.iterdir()), "one that was given just now may still be opened"
    monkeypatch.setattr(rows, "_LONGEST_SECONDS", -1.0)
    here.gate.rows.forget_names()
    assert list(apart.iterdir()) == []


def test_disk_without_second_names_keeps_the_file_that_was_sent(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.setattr("os.link", refuse)
    monkeypatch.setattr(answers, "_OPENED_WITHIN_SECONDS", 0.0)
    assert here.get().status_code == 200
    kept = [path for path in here.gate.rows.whole_folder.rglob("*") if path.is_file() and APART not in path.parts]
    assert here.get().status_code == 200
    assert kept and all(path.is_file() for path in kept)
