"""A secret goes where it was declared to go, and nowhere else: not to another origin, not to a log."""

import logging

import pytest
import stamina

from connectors import http_file
from connectors.problems import (
    BadOptions,
    SourceUnavailable,
)
from tests.connectors.example_site import Ask, Site

PATH = "mairie/fichier.csv"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a.csv",
        "file:///etc/hostname",
        "a.csv",
        "https://",
        "http://0177.0.0.1/",
        "https://name:word@example.org/a",
    ],
)
def test_address_that_is_not_plain_http_is_a_wrong_option(ask: Ask, url: str) -> None:
    with pytest.raises(BadOptions) as caught:
        http_file.fetch(ask(url))
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    ("auth", "expected"), [("bearer", "Bearer s3cret"), ("basic", "Basic czNjcmV0"), ("header", "s3cret")]
)
def test_secret_is_sent_as_declared_and_to_its_own_origin_only(
    site: Site, ask: Ask, auth: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str | None] = []
    handler = site.server.RequestHandlerClass
    answer = handler.do_GET  # type: ignore[attr-defined]

    def note(visit: object) -> None:
        headers = visit.headers  # type: ignore[attr-defined]
        sent.append(headers.get("X-API-Key") or headers.get("Authorization"))
        answer(visit)

    monkeypatch.setattr(handler, "do_GET", note)
    site.put(PATH)
    other = site.server.address.replace("127.0.0.1", "localhost")
    rules = ask("http://example.org").limits.egress
    allowed = rules.model_copy(update={"exceptions": (*rules.exceptions, other.removeprefix("http://"))})
    http_file.fetch(ask(site.put("ici", b"", redirect="/mairie/fichier.csv"), secret="s3cret", auth=auth))
    url = site.put("ailleurs", b"", redirect=f"{other}/{PATH}")
    http_file.fetch(ask(url, secret="s3cret", auth=auth, egress=allowed))
    assert sent == [expected, expected, expected, None]


def test_missing_secret_is_said_and_nothing_is_asked(site: Site, ask: Ask) -> None:
    with pytest.raises(BadOptions, match="secret"):
        http_file.fetch(ask(site.put(PATH), auth="bearer"))
    assert site.served(PATH) == []


def test_secret_is_in_no_log_no_text_and_no_traceback(site: Site, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stamina.instrumentation.set_on_retry_hooks(None)
    request = ask(f"{site.put(PATH, status=503)}?key=qu3ry", secret="s3cret", auth="bearer")
    with pytest.raises(SourceUnavailable) as caught:
        http_file.fetch(request)
    seen: list[str] = [repr(request), str(request), repr(caught.value), caught.value.message_fr]
    seen += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert len(caplog.records) > 0
    assert "s3cret" not in "".join(seen)
    assert "qu3ry" not in "".join(seen[2:])
