"""What goes wrong over HTTP, and what is made of it; the server is real and misbehaves on demand."""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from connectors import http_file
from connectors.answers import retry_after_seconds
from connectors.base import Validators
from connectors.problems import (
    BadOptions,
    ConnectorProblem,
    EgressForbidden,
    SourceRefused,
    SourceUnavailable,
    TooLarge,
)
from tests.connectors.example_site import CONTENT, Ask, Site

PATH = "mairie/fichier.csv"


@pytest.mark.parametrize("validators", ["both", "etag", "last_modified"])
def test_unchanged_file_costs_no_byte_where_the_server_has_validators(site: Site, ask: Ask, validators: str) -> None:
    url = site.put(PATH, validators=validators)
    first = http_file.fetch(ask(url))
    again = http_file.fetch(ask(url, first.validators))
    assert (again.not_modified, again.received_bytes) == (True, 0)
    assert [(one.status, one.body_bytes) for one in site.served(PATH)] == [(200, len(CONTENT)), (304, 0)]


def test_unchanged_file_is_known_by_its_hash_where_there_are_no_validators(site: Site, ask: Ask) -> None:
    url = site.put(PATH, validators="none")
    first = http_file.fetch(ask(url))
    again = http_file.fetch(ask(url, first.validators))
    assert (again.not_modified, again.sha256, again.received_bytes) == (True, first.sha256, len(CONTENT))
    assert list(ask(url).into.iterdir()) == [first.path]


def test_304_that_repeats_no_validator_keeps_those_we_have(site: Site, ask: Ask) -> None:
    url = site.put(PATH, bare_304=True)
    first = http_file.fetch(ask(url))
    again = http_file.fetch(ask(url, first.validators))
    assert (again.not_modified, again.validators) == (True, first.validators)


def test_validators_without_a_hash_are_not_trusted(site: Site, ask: Ask) -> None:
    url = site.put(PATH)
    etag = http_file.fetch(ask(url)).validators.etag
    again = http_file.fetch(ask(url, Validators(etag=etag)))
    assert (again.not_modified, again.size) == (False, len(CONTENT))


def test_unasked_304_is_refused(site: Site, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="unasked"):
        http_file.fetch(ask(site.put(PATH, status=304)))


@pytest.mark.parametrize("validators", ["etag", "last_modified"])
def test_cut_download_resumes_where_it_stopped(site: Site, ask: Ask, validators: str) -> None:
    url = site.put(PATH, validators=validators, cut_after=9000, first=1)
    fetched = http_file.fetch(ask(url))
    assert fetched.path is not None
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.attempts == 2
    assert fetched.received_bytes == len(CONTENT)
    assert [one.range for one in site.served(PATH)] == [None, "bytes=9000-"]


@pytest.mark.parametrize("cut_after", [1, 5000, len(CONTENT) - 1])
def test_download_that_is_cut_twice_is_whole_in_the_end(site: Site, ask: Ask, cut_after: int) -> None:
    fetched = http_file.fetch(ask(site.put(PATH, cut_after=cut_after, first=2)))
    assert fetched.path is not None
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert site.served(PATH)[1].range == f"bytes={cut_after}-"


@pytest.mark.parametrize("behaviour", [{"validators": "none"}, {"ranges": False}])
def test_cut_download_starts_again_where_it_cannot_resume(site: Site, ask: Ask, behaviour: dict[str, Any]) -> None:
    url = site.put(PATH, cut_after=9000, first=1, **behaviour)
    fetched = http_file.fetch(ask(url))
    assert fetched.path is not None
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.received_bytes == 9000 + len(CONTENT)


def test_file_that_changes_between_cut_and_resume_is_not_stitched(
    site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.put(PATH, cut_after=9000, first=1, validators="etag")
    other = CONTENT.replace(b"exemple", b"replace")

    def change(details: RetryDetails) -> None:
        (site.server.root / PATH).write_bytes(other)

    set_on_retry_hooks([change])
    try:
        fetched = http_file.fetch(ask(url))
    finally:
        set_on_retry_hooks(None)
    assert fetched.path is not None
    assert fetched.path.read_bytes() == other
    assert fetched.attempts == 2


def test_download_that_is_always_cut_fails_as_unavailable_and_leaves_nothing(site: Site, ask: Ask) -> None:
    request = ask(site.put(PATH, cut_after=100, validators="none"))
    with pytest.raises(SourceUnavailable):
        http_file.fetch(request)
    assert len(site.served(PATH)) == 3
    assert list(request.into.iterdir()) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_4xx_fails_at_once(site: Site, ask: Ask, status: int) -> None:
    with pytest.raises(SourceRefused) as caught:
        http_file.fetch(ask(site.put(PATH, status=status)))
    assert caught.value.status == status
    assert len(site.served(PATH)) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_failure_is_tried_again_and_then_succeeds(site: Site, ask: Ask, status: int) -> None:
    fetched = http_file.fetch(ask(site.put(PATH, status=status, first=2)))
    assert (fetched.attempts, fetched.size) == (3, len(CONTENT))


def test_server_that_stays_down_is_unavailable_after_the_last_attempt(site: Site, ask: Ask) -> None:
    with pytest.raises(SourceUnavailable, match="503"):
        http_file.fetch(ask(site.put(PATH, status=503)))
    assert len(site.served(PATH)) == 3


def test_waits_grow_from_one_attempt_to_the_next(site: Site, ask: Ask, waits: list[float]) -> None:
    url = site.put(PATH, status=503)
    with pytest.raises(SourceUnavailable):
        http_file.fetch(ask(url, attempts=4, backoff_seconds=0.004, backoff_max_seconds=0.1))
    assert len(waits) == 3
    assert all(wait >= 0.004 * 2**turn for turn, wait in enumerate(waits))


def test_retry_after_decides_the_wait(site: Site, ask: Ask, waits: list[float]) -> None:
    http_file.fetch(ask(site.put(PATH, status=503, retry_after="1", first=1)))
    assert waits == [1.0]


def test_retry_after_beyond_the_limit_is_not_waited_for(site: Site, ask: Ask, waits: list[float]) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        http_file.fetch(ask(site.put(PATH, status=429, retry_after="3600")))
    assert caught.value.retry_after_seconds == 3600
    assert waits == []


def test_retry_after_is_read_as_seconds_or_date_and_else_ignored() -> None:
    soon = retry_after_seconds(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    assert soon is not None
    assert 3500 < soon <= 3600
    assert retry_after_seconds("Mon, 01 Jan 2024 00:00:00 GMT") == 0
    assert [retry_after_seconds(text) for text in ("7", "soon", "-1", None)] == [7.0, None, None, None]


def test_refused_connection_is_unavailable(site: Site, ask: Ask) -> None:
    request = ask(site.put(PATH))
    site.server.shutdown()
    site.server.server_close()
    with pytest.raises(SourceUnavailable) as caught:
        http_file.fetch(request)
    assert caught.value.retryable


def test_check_asks_for_the_file_itself_where_head_is_unknown(site: Site, ask: Ask) -> None:
    request = ask(site.put(PATH, head=False))
    assert http_file.check(request).size == len(CONTENT)
    # Sorted because each is noted once it was sent, by a thread of its own.
    assert sorted((one.method, one.status) for one in site.served(PATH)) == [("GET", 200), ("HEAD", 405)]
    assert not request.into.exists()


def test_check_tells_what_the_server_offers(site: Site, ask: Ask) -> None:
    offered = http_file.check(ask(site.put(PATH)))
    bare = http_file.check(ask(site.put("mairie/nu.csv", validators="none", ranges=False)))
    assert (offered.resumable, bare.resumable) == (True, False)
    assert offered.validators.etag is not None
    assert bare.validators == Validators()


def test_redirection_is_followed_and_names_the_file(site: Site, ask: Ask) -> None:
    site.put(PATH)
    fetched = http_file.fetch(ask(site.put("ancien", b"", redirect="/mairie/fichier.csv")))
    assert (fetched.filename, fetched.size) == ("fichier.csv", len(CONTENT))


def test_redirection_in_a_circle_is_refused(site: Site, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="too many"):
        http_file.fetch(ask(site.put("cercle", b"", redirect="/cercle")))
    assert len(site.served("cercle")) == 6


def test_name_comes_from_content_disposition_without_its_folders(site: Site, ask: Ask) -> None:
    url = site.put("mairie/telechargement", filename="../../été 2025.csv")
    assert http_file.fetch(ask(url)).filename == "été 2025.csv"


@pytest.mark.parametrize("problem", [EgressForbidden, SourceRefused, SourceUnavailable, TooLarge, BadOptions])
def test_only_what_may_pass_is_retryable(problem: type[ConnectorProblem]) -> None:
    assert problem.retryable == (problem is SourceUnavailable)
