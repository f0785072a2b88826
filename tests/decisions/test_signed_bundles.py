"""The real engine takes only bundles that are whole and ours, keeps the last good ones, and says what it refused."""

import gzip
import io
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from governance.decisions.bundle import Bundle, bundle_path, data_bundle, policy_bundle
from governance.decisions.engine_desk import EngineDesk
from governance.decisions.engine_records import BundleState, EngineRecords
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import CALLER_SECRET, main_engine, opa_command, wait_for_revision
from governance.decisions.policy_client import PolicyClient
from governance.decisions.signing import KEY_FILE, BundleKey
from governance.federation import Federation
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.kept_secrets import kept_secret, secret_path
from governance.lake import write_atomically
from governance.settings import Settings
from governance.state.database import open_database
from tests.decisions.engine import agreement, ask, desk_up, engine_up, facts_of, new_settings, put_in_force, running
from tests.waiting import PATIENCE_SECONDS, wait_for

pytestmark = pytest.mark.services


@contextmanager
def _point(settings: Settings) -> Iterator[OpaDecisionPoint]:
    point = OpaDecisionPoint.from_settings(settings)
    try:
        yield point
    finally:
        point.close()


def _is_alive(settings: Settings) -> bool:
    client = PolicyClient.from_settings(settings)
    try:
        return client.is_alive()
    finally:
        client.close_connection()


def _codes(settings: Settings) -> tuple[str, ...]:
    with _point(settings) as point:
        return point.decide(ask()).codes


def _state(settings: Settings, bundle: str) -> BundleState | None:
    """What the engine last reported of a bundle."""
    states = EngineRecords(open_database(settings.database_address)).states()
    return next((one for one in states if (one.engine, one.bundle) == ("main", bundle)), None)


def _refused(settings: Settings, bundle: str) -> BundleState:
    """The report of a refusal, waited for."""

    def refused() -> BundleState | None:
        state = _state(settings, bundle)
        return state if state and state.fault else None

    found = wait_for(refused)
    assert found is not None
    return found


def _reported(settings: Settings, version: str) -> bool:
    """Whether the engine reported that version as active and nothing refused."""
    states = [_state(settings, name) for name in ("policies", "data")]
    return [state and (state.revision, state.fault) for state in states] == [(one, None) for one in version.split("+")]


def _repacked(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The same archive with some of its members changed."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        members = {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]  # kept because all are files
    change(members)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, member in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(member)
            archive.addfile(entry, io.BytesIO(member))
    return gzip.compress(packed.getvalue())


def _tampered(members: dict[str, bytes]) -> None:
    assert b'"revoked"' in members["data.json"]
    members["data.json"] = members["data.json"].replace(b'"revoked"', b'"finalized"')


def _unsigned(members: dict[str, bytes]) -> None:
    del members[".signatures.json"]


def _smuggled(members: dict[str, bytes]) -> None:
    members["more.json"] = b"{}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_settings(tmp_path)


def _of_a_strangers_key(settings: Settings, data: Bundle) -> bytes:
    stranger = BundleKey.from_settings(settings.model_copy(update={"state_dir": settings.state_dir / "stranger"}))
    nothing: dict[str, Any] = {"facts": {"organisations": {}, "datasets": {}, "agreements": {}, "closures": {}}}
    return data_bundle(nothing, stranger).archive


def _of_the_other_bundle(settings: Settings, data: Bundle) -> bytes:
    return bundle_path(settings, "policies").read_bytes()


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda _, data: _repacked(data.archive, _tampered), "digest mismatch"),
        (lambda _, data: _repacked(data.archive, _unsigned), "bundle missing .signatures.json"),
        (lambda _, data: _repacked(data.archive, _smuggled), "not included in bundle signature"),
        (_of_a_strangers_key, "failed to verify JWT signature"),
        (_of_the_other_bundle, "scope mismatch"),
        (lambda *_: b"not an archive", "gzip"),
    ],
    ids=["tampered", "unsigned", "smuggled", "stranger", "other bundle", "no archive"],
)
def test_bundle_that_is_not_ours_is_refused_said_and_the_old_one_stays(
    settings: Settings, federation: Federation, forge: Callable[[Settings, Bundle], bytes], said: str
) -> None:
    with engine_up(settings):
        good = put_in_force(settings, facts_of(federation, agreement(state="suspended")))
        wait_for_revision(settings, good, PATIENCE_SECONDS)
        # What was said of the time before it had any must have come and gone.
        wait_for(partial(_reported, settings, good))
        later = data_bundle(facts_of(federation, agreement(state="revoked")), BundleKey.from_settings(settings))
        write_atomically(bundle_path(settings, "data"), forge(settings, later))
        refused = _refused(settings, "data")
        assert said in str(refused.fault)
        assert refused.revision == good.split("+")[1]
        assert _codes(settings) == ("agreement_suspended",)
        told = Journal.from_settings(settings).search(Search(kind="policy_activation"))
        assert said in told[0].fields["fault"]
        mended = put_in_force(settings, facts_of(federation, agreement()))
        wait_for_revision(settings, mended, PATIENCE_SECONDS)
        wait_for(lambda: _reported(settings, mended))
        assert _codes(settings) == ("agreement_in_force",)


def test_changed_agreement_reaches_the_engine_by_itself(settings: Settings, federation: Federation) -> None:
    with engine_up(settings):
        for state, code in (("finalized", "agreement_in_force"), ("revoked", "agreement_revoked")):
            version = put_in_force(settings, facts_of(federation, agreement(state=state)))
            wait_for_revision(settings, version, PATIENCE_SECONDS)
            assert _codes(settings) == (code,)
            wait_for(partial(_reported, settings, version))


def test_older_bundle_validly_signed_is_outdated_for_whoever_asks(settings: Settings, federation: Federation) -> None:
    with engine_up(settings):
        first = put_in_force(settings, facts_of(federation, agreement()))
        old = bundle_path(settings, "data").read_bytes()
        for state in ("revoked", "suspended"):
            wait_for_revision(settings, put_in_force(settings, facts_of(federation, agreement(state=state))))
        write_atomically(bundle_path(settings, "data"), old)
        wait_for_revision(settings, first)
        assert _codes(settings) == ("policy_engine_outdated",)


def test_engine_started_without_the_platform_decides_by_the_bundles_it_kept(
    settings: Settings, federation: Federation
) -> None:
    version = put_in_force(settings, facts_of(federation, agreement()))
    with engine_up(settings):
        wait_for_revision(settings, version)
    with running(opa_command(settings)):
        wait_for_revision(settings, version, PATIENCE_SECONDS)
        assert _codes(settings) == ("agreement_in_force",)


def test_engine_that_never_had_a_bundle_is_closed_and_opens_by_itself(
    settings: Settings, federation: Federation
) -> None:
    with running(opa_command(settings)):
        wait_for(partial(_is_alive, settings))
        with _point(settings) as point:
            decision = point.decide(ask())
            assert not point.is_ready()
        assert (decision.allow, decision.row_filter, decision.codes) == (False, None, ("policy_engine_unavailable",))
        version = put_in_force(settings, facts_of(federation, agreement()))
        with desk_up(settings):
            wait_for_revision(settings, version, PATIENCE_SECONDS)
            assert _codes(settings) == ("agreement_in_force",)
            with _point(settings) as point:
                assert point.is_ready()


def test_engine_goes_on_while_the_platform_is_away_and_follows_when_it_is_back(
    settings: Settings, federation: Federation
) -> None:
    finalized = put_in_force(settings, facts_of(federation, agreement()))
    with running(opa_command(settings)):
        with desk_up(settings):
            wait_for_revision(settings, finalized, PATIENCE_SECONDS)
        assert _codes(settings) == ("agreement_in_force",)
        revoked = put_in_force(settings, facts_of(federation, agreement(state="revoked")))
        with desk_up(settings):
            wait_for_revision(settings, revoked, PATIENCE_SECONDS)
            assert _codes(settings) == ("agreement_revoked",)
            wait_for(partial(_reported, settings, revoked))
    told = Journal.from_settings(settings).search(Search(kind="policy_activation"))
    assert {entry.fields["fault"] for entry in told} == {None}


def test_bundle_tampered_with_where_the_engine_keeps_it_is_refused(settings: Settings, federation: Federation) -> None:
    version = put_in_force(settings, facts_of(federation, agreement(state="revoked")))
    with engine_up(settings):
        wait_for_revision(settings, version)
    kept = main_engine(settings).folder / "kept" / "bundles" / "data" / "bundle.tar.gz"
    kept.write_bytes(_repacked(kept.read_bytes(), _tampered))
    with running(opa_command(settings)):
        wait_for(partial(_is_alive, settings))
        time.sleep(1)
        assert _codes(settings) == ("policy_engine_unavailable",)


def test_after_a_new_key_what_was_kept_under_the_old_one_counts_no_more(
    settings: Settings, federation: Federation
) -> None:
    version = put_in_force(settings, facts_of(federation, agreement()))
    with engine_up(settings):
        wait_for_revision(settings, version)
    secret_path(settings, KEY_FILE).unlink()
    assert put_in_force(settings, facts_of(federation, agreement())) == version
    with running(opa_command(settings)):
        wait_for(partial(_is_alive, settings))
        assert _codes(settings) == ("policy_engine_unavailable",)
        with desk_up(settings):
            wait_for_revision(settings, version, PATIENCE_SECONDS)
            assert _codes(settings) == ("agreement_in_force",)


def test_engine_answers_nobody_who_has_no_token_and_nothing_but_the_platforms_questions(
    settings: Settings, federation: Federation
) -> None:
    version = put_in_force(settings, facts_of(federation, agreement()))
    with engine_up(settings):
        wait_for_revision(settings, version)
        at, question = settings.opa_address, {"input": ask().to_input()}
        token = {"Authorization": f"Bearer {kept_secret(settings, CALLER_SECRET)}"}
        answer = "/v1/data/archipel/decision/answer"
        assert httpx.post(f"{at}{answer}", json=question, headers=token).json()["result"]["allow"] is True
        forged = {"x": {"manifest": {"revision": "forged"}}}
        refused = [
            httpx.post(f"{at}{answer}", json=question),
            httpx.post(f"{at}{answer}", json=question, headers={"Authorization": "Bearer another"}),
            httpx.post(f"{at}{answer}?explain=full", json=question, headers=token),
            httpx.get(f"{at}{answer}", headers=token),
            httpx.put(f"{at}/v1/data/system/bundles", json=forged, headers=token),
            httpx.put(f"{at}/v1/data/engine/callers", json=["0" * 64], headers=token),
            httpx.put(f"{at}/v1/policies/mine", content="package mine", headers=token),
            httpx.get(f"{at}/v1/data/facts", headers=token),
            httpx.get(f"{at}/v1/data/engine", headers=token),
            httpx.get(f"{at}/v1/config", headers=token),
            httpx.get(f"{at}/v1/status", headers=token),
            httpx.post(f"{at}/v1/query", json={"query": "data.facts = x"}, headers=token),
            httpx.post(f"{at}/", json=question["input"], headers=token),
        ]
        assert [each.status_code for each in refused] == [401] * len(refused)
        assert httpx.get(f"{at}/metrics").status_code == 401
        assert httpx.get(f"{at}/metrics", headers=token).is_success


def test_a_bundle_cannot_loosen_the_engines_own_rules(
    settings: Settings, federation: Federation, tmp_path: Path
) -> None:
    policies = tmp_path / "policies"
    (policies / "authz2").mkdir(parents=True)
    (policies / "authz2" / "open.rego").write_text("package system.authz\n\nallow := true\n", encoding="utf-8")
    forged = policy_bundle(policies, (), BundleKey.from_settings(settings))
    with engine_up(settings):
        wait_for_revision(settings, put_in_force(settings, facts_of(federation, agreement())))
        write_atomically(bundle_path(settings, "policies"), forged.archive)
        assert "roots" in str(_refused(settings, "policies").fault)
        assert httpx.get(f"{settings.opa_address}/v1/data/facts").status_code == 401


def test_desk_gives_bundles_to_an_engine_alone_and_tells_when_nothing_changed(
    settings: Settings, federation: Federation
) -> None:
    put_in_force(settings, facts_of(federation, agreement()))
    token = {"Authorization": f"Bearer {kept_secret(settings, 'opa_service_token')}"}
    with desk_up(settings), httpx.Client(base_url=main_engine(settings).platform) as client:
        assert client.get("/opa/bundles/data.tar.gz").status_code == 401
        stranger = {"Authorization": "Bearer " + kept_secret(settings, CALLER_SECRET)}
        assert client.get("/opa/bundles/data.tar.gz", headers=stranger).status_code == 401
        assert client.post("/opa/logs", content=b"[]").status_code == 401
        assert client.post("/opa/status", content=b"{}").status_code == 401
        given = client.get("/opa/bundles/data.tar.gz", headers=token)
        assert given.content == bundle_path(settings, "data").read_bytes()
        assert given.headers["content-type"] == "application/vnd.openpolicyagent.bundles"
        tag = {"If-None-Match": given.headers["etag"]}
        again = client.get("/opa/bundles/data.tar.gz", headers=token | tag)
        assert (again.status_code, again.content) == (304, b"")
        assert client.get("/opa/bundles/other.tar.gz", headers=token).status_code == 422
        bundle_path(settings, "data").unlink()
        assert client.get("/opa/bundles/data.tar.gz", headers=token).status_code == 404


def test_desk_refuses_what_it_cannot_read(settings: Settings) -> None:
    token = {"Authorization": f"Bearer {kept_secret(settings, 'opa_service_token')}"}
    bomb = gzip.compress(b" " * (17 * 1024 * 1024))
    with desk_up(settings), httpx.Client(base_url=main_engine(settings).platform, headers=token) as client:
        for body in (b"{", b'[{"odd": 1}]', b"\x1f\x8bodd", bomb):
            assert client.post("/opa/logs", content=body).status_code == 422
        assert client.post("/opa/status", content=b"[]").status_code == 422
        assert client.post("/opa/logs", content=b" " * (17 * 1024 * 1024)).status_code == 413
    assert EngineDesk.from_settings(settings).knows(kept_secret(settings, "opa_service_token"))
