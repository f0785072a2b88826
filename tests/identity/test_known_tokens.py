"""A token that was verified is not verified twice, and is known no longer than it would be verified."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from governance.identity.keys import KeyAddress, KeyFile
from governance.identity.tokens import TokenVerifier
from tests.identity.test_tokens import AUDIENCE, ISSUER, claims, code_of, jwks, sign


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(jwks("k1"))
    return path


def test_signature_of_the_same_token_is_checked_once(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, checked, decode = TokenVerifier(KeyFile(keys), ISSUER, AUDIENCE), list[str](), jwt.decode

    def counted(token: str, *arguments: Any, **named: Any) -> Any:
        checked.append(token)
        return decode(token, *arguments, **named)

    monkeypatch.setattr("governance.identity.tokens.jwt.decode", counted)
    one, two = sign(claims()), sign(claims(sub="machine:y"))
    assert verifier.known(one) is None
    assert [verifier.verify(token).id for token in (one, two, one, two, one)] == [
        "machine:x", "machine:y", "machine:x", "machine:y", "machine:x",
    ]  # fmt: skip
    assert checked == [one, two]


def test_known_token_is_refused_once_its_key_is_withdrawn(keys: Path) -> None:
    verifier, token = TokenVerifier(KeyFile(keys), ISSUER, AUDIENCE), sign(claims())
    verifier.verify(token)
    assert verifier.known(token) is not None
    keys.write_text(jwks("another"))
    assert verifier.known(token) is None
    assert code_of(lambda: verifier.verify(token)) == "token_key_unknown"
    keys.unlink()
    assert verifier.known(token) is None
    assert code_of(lambda: verifier.verify(token)) == "issuer_unreachable"


def test_known_token_is_refused_where_another_key_took_the_place_of_its_own(keys: Path) -> None:
    verifier, token = TokenVerifier(KeyFile(keys), ISSUER, AUDIENCE), sign(claims())
    verifier.verify(token)
    other = json.loads(jwks("k1"))
    other["keys"] = [{**other["keys"][1], "kid": "k1"}]
    keys.write_text(json.dumps(other))
    assert code_of(lambda: verifier.verify(token)) == "token_algorithm_refused"


def test_key_that_the_issuer_withdrew_is_forgotten_with_the_tokens_it_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, published = [1000.0], ["k1"]
    monkeypatch.setattr("governance.identity.keys.time.monotonic", lambda: clock[0])
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=jwks(*published)))
    verifier = TokenVerifier(KeyAddress("https://issuer.example", httpx.Client(transport=transport)), ISSUER, AUDIENCE)
    token = sign(claims(exp=datetime.now(UTC) + timedelta(hours=3)))
    verifier.verify(token)
    published[:] = ["k2"]
    assert verifier.known(token) is not None
    clock[0] += 3601
    assert verifier.known(token) is None
    assert code_of(lambda: verifier.verify(token)) == "token_key_unknown"


def test_known_token_ends_when_it_ends(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, ends = TokenVerifier(KeyFile(keys), ISSUER, AUDIENCE), datetime.now(UTC) + timedelta(minutes=5)
    token = sign(claims(exp=ends))
    began = datetime.now(UTC).timestamp()
    verifier.verify(token)
    last = int(ends.timestamp()) + 30
    for instant, is_known in ((began - 60, False), (began + 60, True), (last - 1, True), (last, False)):
        monkeypatch.setattr("governance.identity.tokens.time.time", lambda instant=instant: instant)
        assert (verifier.known(token) is not None) is is_known, instant - began


def test_token_that_was_refused_is_refused_again_and_never_known(keys: Path) -> None:
    verifier, good = TokenVerifier(KeyFile(keys), ISSUER, AUDIENCE), sign(claims())
    verifier.verify(good)
    wrong = sign(claims(org="no SIREN"))
    altered = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    for _ in range(2):
        assert code_of(lambda: verifier.verify(wrong)) == "token_without_organisation"
        assert code_of(lambda: verifier.verify(altered)) == "token_forged"
    assert verifier.known(wrong) is verifier.known(altered) is None
