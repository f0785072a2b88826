"""The service around the feeds: health, keys, OpenAPI, security headers, surprises, journal, catalogue files."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from governance.api.app import create_app
from governance.decisions.engine_records import EngineRecords
from governance.decisions.model import Decision, DecisionRequest
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.reconcile import reconcile
from governance.identity.issuer import DevelopmentIssuer
from governance.journal.model import Search
from governance.settings import Settings
from governance.shared_layer import read_current, table_path
from tests.api.small_platform import ROWS, SUBVENTIONS, InProcess, Running, served, write_shared
from tests.decisions.engine import free_port

pytestmark = pytest.mark.services
RESEARCH = {"purpose": "dpv:ResearchAndDevelopment"}


def test_live_and_ready(running: Running) -> None:
    assert running.client().get("/health/live").json()["status"] == "ok"
    assert running.client().get("/health/ready").json() == {"status": "ok", "data_version": "v1"}


def test_what_is_not_ready_is_said_in_words_with_what_to_do(running: Running) -> None:
    silent = running.platform.settings.model_copy(update={"opa_url": f"http://127.0.0.1:{free_port()}"})
    answer = another(running, pdp=OpaDecisionPoint.from_settings(silent)).get("/health/ready")
    assert answer.status_code == 503
    (told,) = answer.json()["reasons"]
    assert told["code"] == "policy_engine_not_ready" and told["text"].endswith("rien ne sort.")
    assert "archipel policy status" in told["change"]
    gone = create_engine("sqlite:////nowhere/at/all.sqlite")
    answer = another(running, engine=gone).get("/health/ready", headers={"Accept-Language": "en"})
    assert [one["code"] for one in answer.json()["reasons"]] == ["database_not_ready"]
    assert "make logs" in answer.json()["reasons"][0]["change"]
    assert another(running, engine=gone).get("/health/live").status_code == 200


def test_a_shared_file_that_is_gone_is_not_ready(running: Running) -> None:
    shared = read_current(running.platform.lake)
    assert shared is not None
    path = table_path(running.platform.lake, shared.tables["lieux"])
    moved = path.rename(path.with_suffix(".away"))
    try:
        answer = running.client().get("/health/ready")
        assert [one["code"] for one in answer.json()["reasons"]] == ["shared_layer_not_readable"]
    finally:
        moved.rename(path)
    assert running.client().get("/health/ready").status_code == 200


def another(running: Running, **parts: Any) -> InProcess:
    """The same application with some parts replaced by what no real part can be made to do."""
    return InProcess(create_app(replace(running.platform, **parts)))


def test_without_policy_engine_nothing_leaves_and_the_service_is_not_ready(running: Running) -> None:
    closed = running.platform.settings.model_copy(update={"opa_url": f"http://127.0.0.1:{free_port()}"})
    closed = closed.model_copy(update={"console_port": free_port()})
    with served(replace(running.platform, settings=closed)) as url, httpx.Client(base_url=url) as client:
        for address in ("/v1/feeds/subventions", "/health/ready"):
            answer = client.get(address)
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert "Association" not in answer.text
        page = client.get("/fr/datasets/subventions")
    assert page.status_code == 200
    assert "Association" not in page.text
    assert "policy_engine_unavailable" in page.text


def test_surprise_shows_a_number_and_no_trace(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def decide(self, request: DecisionRequest) -> Decision:
            raise RuntimeError("secret detail of the inside")

    broken = another(running, pdp=Broken())
    for address in ("/v1/feeds/subventions", "/fr/datasets/subventions"):
        answer = broken.get(address)
        assert answer.status_code == 500
        assert "secret detail" not in answer.text and "Traceback" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    number = broken.get("/v1/feeds/subventions").json()["error_id"]
    assert number in caplog.text


def test_failed_journal_hands_nothing_over(running: Running) -> None:
    class Full:
        def append(self, *_: object, **__: object) -> None:
            raise OSError("disk full")

    answer = another(running, journal=Full()).get("/v1/feeds/subventions")
    assert answer.status_code == 500
    assert "Association" not in answer.text


def test_journal_and_the_engines_log_agree_on_every_access(running: Running) -> None:
    since = datetime.now(UTC)
    startup, region = running.client("exemple-startup"), running.client("exemple-region")
    assert startup.get("/v1/feeds/consommation_energie", params=RESEARCH).status_code == 200
    assert region.get("/v1/feeds/consommation_energie", params=RESEARCH).status_code == 403
    for page in ("/v1/feeds", "/v1/feeds/subventions/description", "/fr/datasets/subventions", "/fr/runs/run-donges"):
        running.client().get(page)
    records = EngineRecords(running.platform.engine)
    deadline = time.monotonic() + 15
    while (found := reconcile(running.platform.journal, records, since, datetime.now(UTC))).gaps or not found.decisions:
        assert time.monotonic() < deadline, found.gaps
        time.sleep(0.1)
    # A page and the one after it may rest on one answer.
    assert found.entries == 4 >= found.decisions >= 3


def test_every_access_is_in_the_journal_without_its_identity(running: Running) -> None:
    startup, water = running.client("exemple-startup"), running.client("exemple-eau")
    startup.get("/v1/feeds/consommation_energie", params={**RESEARCH, "limit": "2"})
    water.get("/v1/feeds/consommation_energie", params=RESEARCH)
    refused, allowed = running.platform.journal.search(Search(target="consommation_energie", limit=2))
    assert (allowed.fields["outcome"], allowed.fields["rows"]) == ("allowed", 2)
    assert allowed.fields["agreement_id"] == "exemple-startup"
    assert allowed.fields["policy_version"] and allowed.fields["decision_id"]
    assert (refused.fields["outcome"], refused.fields["reasons"]) == ("refused", ["agreement_expired"])
    assert "machine:exemple-startup" not in allowed.model_dump_json()
    assert running.platform.journal.verify() is None


def test_officers_pages_are_not_served_on_a_public_address(running: Running) -> None:
    near = another(running)
    assert near.get("/fr/why").status_code == near.get("/fr/journal").status_code == 200
    public = running.platform.settings.model_copy(update={"public_url": "https://donnees.federation.example"})
    shown = another(running, settings=public)
    for path in ("/fr/why", "/en/journal", "/fr/why.json", "/en/journal.json", "/fr/mapping", "/fr/mapping.json"):
        assert shown.get(path).status_code == 403
    assert shown.ask("POST", "/fr/mapping", files={"file": ("f.csv", b"a;b")}).status_code == 403
    assert shown.get("/fr/").status_code == 200


def test_keys_are_public_and_hold_no_secret(running: Running) -> None:
    answer = running.client().get("/.well-known/jwks.json")
    assert answer.headers["content-type"].startswith("application/jwk-set+json")
    assert all("d" not in key and key["alg"] == "ES256" for key in answer.json()["keys"])


def test_every_answer_bears_the_security_headers(running: Running) -> None:
    for address in ("/v1/feeds", "/fr/", "/nothing", "/static/style.css", "/catalogue/nothing"):
        headers = running.client().get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_openapi_is_complete_enough_for_a_client(running: Running) -> None:
    document = running.client().get("/v1/openapi.json").json()
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    assert {"list_feeds", "describe_feed", "read_feed", "is_live", "is_ready"} == {
        name for name in operations if not name.startswith("ogc_")
    }
    names = {parameter["name"] for parameter in operations["read_feed"]["parameters"]}
    assert {"dataset", "format", "columns", "sort", "limit", "cursor", "purpose", "filters"} <= names
    assert set(operations["read_feed"]["responses"]) >= {"200", "304", "401", "403", "404", "406", "410", "400", "503"}
    assert "Problem" in document["components"]["schemas"]
    assert "bearer" in json.dumps(document["components"]["securitySchemes"]).lower()


def test_no_page_loads_anything_from_elsewhere(running: Running) -> None:
    for address in ("/docs", "/redoc"):
        assert running.client().get(address).status_code == 404


def test_head_tells_what_get_would_send(running: Running) -> None:
    client = running.client()
    head, get = client.head("/v1/feeds/subventions?format=csv"), client.get("/v1/feeds/subventions?format=csv")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]
    assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_feeds_are_only_read(running: Running, method: str) -> None:
    answer = running.client().request(method, "/v1/feeds/subventions")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (405, "method_not_allowed")


def test_catalogue_files_have_their_media_types_and_no_way_out(running: Running) -> None:
    root = Path(running.platform.settings.state_dir) / "catalogue"
    version = root / "versions" / "a"
    version.mkdir(parents=True)
    (root / "current").symlink_to("versions/a")
    (version / "catalog.ttl").write_text("# é", encoding="utf-8")
    (root / "secret.txt").write_text("secret", encoding="utf-8")
    answer = running.client().get("/catalogue/catalog.ttl")
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    for outside in ("/catalogue/..%2f..%2fsecret.txt", "/catalogue/%2e%2e/secret.txt", "/catalogue/../secret.txt"):
        assert "secret" not in httpx.get(running.url + outside).text.replace("secret.txt", "")


def test_a_new_version_changes_answers_and_tags(running: Running) -> None:
    client = running.client()
    etag = client.get("/v1/feeds/subventions").headers["etag"]
    more = SUBVENTIONS + " UNION ALL SELECT 'Association exemple 06', 1.0, NULL, NULL, NULL, 'donges'"
    write_shared(running.platform, "v2", **{**ROWS, "subventions": more})
    try:
        assert client.get("/v1/feeds/subventions", headers={"If-None-Match": etag}).status_code == 200
        assert client.get("/v1/feeds/subventions").headers["total-count"] == "6"
    finally:
        write_shared(running.platform, "v3", **ROWS)


def test_forged_token_opens_nothing(running: Running, tmp_path: Path) -> None:
    other = DevelopmentIssuer(Settings(state_dir=tmp_path))
    token = other.mint(running.platform.federation.organisations["exemple-startup"])
    answer = running.client(authorization=f"Bearer {token}").get("/v1/feeds/consommation_energie", params=RESEARCH)
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (401, "token_key_unknown")


PARAMETERS = st.dictionaries(
    st.one_of(
        st.sampled_from(["limit", "cursor", "columns", "sort", "format", "montant", "montant__in", "objet__contains"]),
        st.text(max_size=12),
    ),
    st.text(max_size=30),
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parameters=PARAMETERS)
def test_no_question_whatever_breaks_the_service(running: Running, parameters: dict[str, str]) -> None:
    answer = running.client().get("/v1/feeds/subventions", params=parameters)
    assert answer.status_code in (200, 400, 404, 406, 410)
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
