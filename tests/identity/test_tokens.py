"""A token opens nothing unless every check holds, and each failed check has its own code."""

import base64
import json
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from governance.federation import Partner
from governance.identity.issuer import DevelopmentIssuer, IssuerError, jwks_path
from governance.identity.keys import KeyAddress, KeyFile
from governance.identity.refusals import REFUSALS, TokenError
from governance.identity.tokens import TokenVerifier, open_verifier
from governance.settings import Settings

ISSUER, AUDIENCE = "test-issuer", "test-audience"
KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PARTNER = Partner(
    id="exemple-startup", name="Startup (exemple)", siren="000000042", example=True, kind="startup", roles=("consumer",)
)


def claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    base = {"iss": ISSUER, "aud": AUDIENCE, "sub": "machine:x", "org": "000000042", "iat": now}
    base["exp"] = now + timedelta(minutes=5)
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def sign(content: dict[str, Any], key: Any = KEY, algorithm: str = "ES256", key_id: str = "k1") -> str:
    return jwt.encode(content, key, algorithm=algorithm, headers={"kid": key_id})


def jwks(*key_ids: str) -> str:
    public = ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    keys = [{**public, "kid": key_id, "alg": "ES256", "use": "sig"} for key_id in key_ids]
    keys.append({**RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "r1", "alg": "RS256", "use": "sig"})
    return json.dumps({"keys": keys})


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> TokenVerifier:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(jwks("k1"))
    return TokenVerifier(KeyFile(path), ISSUER, AUDIENCE)


def code_of(check: Callable[[], object]) -> str:
    with pytest.raises(TokenError) as caught:
        check()
    return caught.value.refusal.code


def test_good_token_names_its_subject(verifier: TokenVerifier) -> None:
    subject = verifier.verify(sign(claims(roles=["reader", 3], acr="substantial")))
    assert (subject.id, subject.organisation, subject.roles, subject.assurance) == (
        "machine:x",
        "000000042",
        ("reader",),
        "substantial",
    )


def test_rs256_is_admitted_with_its_own_key(verifier: TokenVerifier) -> None:
    assert verifier.verify(sign(claims(), RSA_KEY, "RS256", "r1")).organisation == "000000042"


def test_keycloak_organisation_claim_is_understood_when_it_names_one(verifier: TokenVerifier) -> None:
    one = claims(org=None, organization={"startup": {"siren": ["000000042"]}})
    two = claims(org=None, organization={"a": {"siren": ["000000042"]}, "b": {"siren": ["000000034"]}})
    assert verifier.verify(sign(one)).organisation == "000000042"
    assert code_of(lambda: verifier.verify(sign(two))) == "token_without_organisation"


YESTERDAY = datetime.now(UTC) - timedelta(days=1)
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": YESTERDAY}, "token_expired"),
        ({"nbf": TOMORROW}, "token_not_yet_valid"),
        ({"aud": "another-service"}, "token_wrong_audience"),
        ({"iss": "another-issuer"}, "token_wrong_issuer"),
        ({"exp": None}, "token_claim_missing"),
        ({"sub": None}, "token_claim_missing"),
        ({"aud": None}, "token_claim_missing"),
        ({"iat": None}, "token_claim_missing"),
        ({"sub": ""}, "token_claim_missing"),
        ({"typ": "ID"}, "token_wrong_kind"),
        ({"org": None}, "token_without_organisation"),
        ({"org": "12345678"}, "token_without_organisation"),
        ({"org": "٠٠٠٠٠٠٠٤٢"}, "token_without_organisation"),
        ({"org": ["000000042", "000000034"]}, "token_without_organisation"),
    ],
)
def test_each_wrong_claim_has_its_own_code(verifier: TokenVerifier, changes: dict[str, Any], code: str) -> None:
    assert code_of(lambda: verifier.verify(sign(claims(**changes)))) == code


def test_token_of_another_key_is_forged(verifier: TokenVerifier) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    assert code_of(lambda: verifier.verify(sign(claims(), other))) == "token_forged"


def test_altered_organisation_is_forged(verifier: TokenVerifier) -> None:
    head, body, signature = sign(claims()).split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=="))
    content["org"] = "244400644"
    altered = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
    assert code_of(lambda: verifier.verify(f"{head}.{altered}.{signature}")) == "token_forged"


def test_unsigned_token_is_refused(verifier: TokenVerifier) -> None:
    unsigned = jwt.encode(claims(), "", algorithm="none", headers={"kid": "k1"})
    assert code_of(lambda: verifier.verify(unsigned)) == "token_algorithm_refused"


def test_public_key_used_as_a_shared_secret_is_refused(verifier: TokenVerifier) -> None:
    symmetric = jwt.encode(claims(), "public key bytes, thirty-two or more", algorithm="HS256", headers={"kid": "k1"})
    assert code_of(lambda: verifier.verify(symmetric)) == "token_algorithm_refused"


def test_key_serves_its_own_algorithm_only(verifier: TokenVerifier) -> None:
    crossed = sign(claims(), RSA_KEY, "RS256", "k1")
    assert code_of(lambda: verifier.verify(crossed)) == "token_algorithm_refused"


def test_unknown_key_id_is_told_apart_from_a_forgery(verifier: TokenVerifier) -> None:
    assert code_of(lambda: verifier.verify(sign(claims(), key_id="k9"))) == "token_key_unknown"


@given(st.text(max_size=200))
def test_no_text_whatever_passes_or_crashes(text: str) -> None:
    path_less = TokenVerifier(KeyFile(Path("no-such-file")), ISSUER, AUDIENCE)
    with pytest.raises(TokenError):
        path_less.verify(text)


def test_missing_key_file_closes_the_door(tmp_path: Path) -> None:
    verifier = TokenVerifier(KeyFile(tmp_path / "none.json"), ISSUER, AUDIENCE)
    assert code_of(lambda: verifier.verify(sign(claims()))) == "issuer_unreachable"


def test_rotated_key_is_fetched_once_and_unknown_ids_do_not_flood_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    published = ["k1"]
    clock = [1000.0]
    monkeypatch.setattr("governance.identity.keys.time.monotonic", lambda: clock[0])

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, text=jwks(*published))

    keys = KeyAddress("https://issuer.example/jwks", httpx.Client(transport=httpx.MockTransport(answer)))
    verifier = TokenVerifier(keys, ISSUER, AUDIENCE)
    verifier.verify(sign(claims()))
    verifier.verify(sign(claims()))
    assert len(asked) == 1
    for _ in range(5):
        assert code_of(lambda: verifier.verify(sign(claims(), key_id="k2"))) == "token_key_unknown"
    assert len(asked) == 1
    published.append("k2")
    clock[0] += 60
    assert verifier.verify(sign(claims(), key_id="k2")).id == "machine:x"
    assert len(asked) == 2


@pytest.mark.parametrize("body", ["", "not json", "[]", '{"keys": []}', '{"keys": [{"kty": "nonsense"}]}'])
def test_nonsense_from_the_issuer_closes_the_door(body: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    verifier = TokenVerifier(KeyAddress("https://issuer.example", httpx.Client(transport=transport)), ISSUER, AUDIENCE)
    assert code_of(lambda: verifier.verify(sign(claims()))) in {"issuer_unreachable", "token_key_unknown"}


def test_development_token_passes_the_production_checks(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    subject = open_verifier(settings).verify(DevelopmentIssuer(settings).mint(PARTNER))
    assert (subject.organisation, subject.id) == (PARTNER.siren, "machine:exemple-startup")


def test_development_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    threads = [threading.Thread(target=DevelopmentIssuer, args=(settings,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    before = jwks_path(tmp_path).read_bytes()
    first = DevelopmentIssuer(settings).mint(PARTNER)
    assert open_verifier(settings).verify(first)
    assert jwks_path(tmp_path).read_bytes() == before
    private = [path for path in (tmp_path / "keys").iterdir() if path.suffix == ".pem"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600]
    assert b'"d"' not in before


@pytest.mark.parametrize("hours", [0, -1, 25, float("nan")])
def test_development_token_is_short(tmp_path: Path, hours: float) -> None:
    with pytest.raises(IssuerError):
        DevelopmentIssuer(Settings(state_dir=tmp_path)).mint(PARTNER, hours)


def test_development_issuer_refuses_beside_a_real_one(tmp_path: Path) -> None:
    with pytest.raises(IssuerError):
        DevelopmentIssuer(Settings(state_dir=tmp_path, token_jwks_url="https://issuer.example/jwks"))


def test_every_refusal_has_words_in_both_languages() -> None:
    for code, refusal in REFUSALS.items():
        texts = (refusal.text_fr, refusal.text_en, refusal.remedy_fr, refusal.remedy_en)
        assert all(len(text) > 10 for text in texts), code
        assert refusal.text_fr != refusal.text_en
