"""nginx before the real API: what is open is a file, what is not is no file, too much is told, TLS is believed."""

import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from governance.api.app import SECURITY_HEADERS
from governance.journal.model import Search
from infra.native.services.front import authority_file, render_front
from tests.decisions.engine import free_port
from tests.native.fronts import PORTAL, Front, another

pytestmark = pytest.mark.services


def test_certificate_is_believed_by_whoever_knows_the_authority_and_by_nobody_else(front: Front) -> None:
    with front.client() as client:
        assert client.get("/health/live").status_code == 200
    with pytest.raises(httpx.ConnectError, match=r"certificate|CERTIFICATE"):
        httpx.get(f"{front.address}/health/live")
    key = front.settings.state_dir / "keys" / "front_authority.key"
    assert [path.stat().st_mode & 0o077 for path in (key, key.with_name("front.key"))] == [0, 0]


def test_old_protocols_are_refused(front: Front) -> None:
    old = ssl.create_default_context(cafile=authority_file(front.settings))
    with pytest.warns(DeprecationWarning):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{front.address}/health/live", verify=old)


def _ask_as(front: Front, host: str, path: str) -> httpx.Response:
    """Ask nginx by another name than its address, over TLS that names it too."""
    trust = ssl.create_default_context(cafile=authority_file(front.settings))
    with httpx.Client(verify=trust, timeout=30) as client:
        request = client.build_request("GET", f"{front.address}{path}", headers={"Host": host})
        request.extensions["sni_hostname"] = host
        return client.send(request)


def test_a_communes_name_is_in_the_certificate_and_shows_its_portal_and_its_part_of_the_catalogue(front: Front) -> None:
    page = _ask_as(front, PORTAL, "/fr/")
    assert (page.status_code, "Ce que Donges partage" in page.text) == (200, True)
    part = (front.settings.state_dir / "catalogue" / "current" / "organisations" / "donges.ttl").read_bytes()
    for name, kind in ((PORTAL, True), ("localhost", False)):
        answer = _ask_as(front, name, "/catalogue/catalog.ttl")
        assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
        assert (answer.content == part) is kind
    assert _ask_as(front, PORTAL, "/catalogue/nothing.ttl").status_code == 404
    asked = f"http://127.0.0.1:{front.settings.front_http_port}/fr/"
    home = httpx.get(asked, headers={"Host": PORTAL}).headers["location"]
    assert home.split("://")[1].split(":")[0].split("/")[0] == PORTAL


def test_plain_http_only_says_where_to_go(front: Front) -> None:
    asked = f"http://127.0.0.1:{front.settings.front_http_port}/v1/feeds/subventions?format=csv"
    answer = httpx.get(asked)
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{front.settings.public_address}/v1/feeds/subventions?format=csv"


def test_open_files_are_served_with_type_tag_range_and_for_all_origins(front: Front) -> None:
    files = front.open_files()
    assert {name.rsplit(".", 1)[1] for name in files} == {"csv", "json", "parquet", "geojson"}
    kinds = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
    kinds["geojson"] = "application/geo+json"
    with front.client(**{"Accept-Encoding": "identity"}) as client:
        for name in files:
            whole = client.get(f"/catalogue/{name}")
            kept = (front.settings.state_dir / "catalogue" / "current" / name).read_bytes()
            assert (whole.status_code, whole.content) == (200, kept)
            assert whole.headers["content-type"] == kinds[name.rsplit(".", 1)[1]]
            assert whole.headers["access-control-allow-origin"] == "*"
            assert whole.headers["cache-control"] == "public, no-cache"
            same = client.get(f"/catalogue/{name}", headers={"If-None-Match": whole.headers["etag"]})
            assert (same.status_code, same.content) == (304, b"")
            part = client.get(f"/catalogue/{name}", headers={"Range": "bytes=2-9"})
            assert (part.status_code, part.content) == (206, kept[2:10])
            assert part.headers["content-range"] == f"bytes 2-9/{len(kept)}"
        turtle = client.get("/catalogue/catalog.ttl")
        assert turtle.headers["content-type"] == "text/turtle; charset=utf-8"


def test_files_come_from_nginx_itself(front: Front) -> None:
    """They are there although nothing stands behind it."""
    with another(front, console_port=free_port()) as alone, alone.client(**{"Accept-Language": "en"}) as client:
        assert client.get("/catalogue/catalog.ttl").status_code == 200
        down, absent_file = client.get("/v1/feeds"), client.get("/catalogue/nothing.csv")
    for answer in (down, absent_file):
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["title"] == "Temporarily unavailable"


def test_text_is_compressed_for_whoever_takes_it(front: Front) -> None:
    with front.client(**{"Accept-Encoding": "gzip"}) as client:
        answer = client.get("/catalogue/catalog.ttl")
        assert answer.headers["content-encoding"] == "gzip"
        assert "accept-encoding" in answer.headers["vary"].lower()
        assert answer.content == (front.settings.state_dir / "catalogue" / "current" / "catalog.ttl").read_bytes()
        parquet = next(name for name in front.open_files() if name.endswith(".parquet"))
        assert "content-encoding" not in client.get(f"/catalogue/{parquet}").headers


@pytest.mark.parametrize("path", ["/catalogue/catalog.ttl", "/v1/feeds", "/fr/", "/nothing", "/catalogue/nothing"])
def test_every_answer_bears_the_security_headers_once(front: Front, path: str) -> None:
    with front.client() as client:
        answer = client.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers.get_list(name) == [value], name
    assert "nginx/" not in answer.headers["server"]
    assert "strict-transport-security" not in answer.headers  # it would hold for every program of this machine


def test_browsers_are_told_to_stay_with_tls_where_the_name_is_public(front: Front) -> None:
    public = front.settings.model_copy(update={"public_url": "https://donnees.agglo.example"})
    text = render_front(public, Path("/f"), Path("/c"), Path("/k"), None, None)
    assert text.count('Strict-Transport-Security "max-age=31536000"') == 5
    assert "default https://donnees.agglo.example;" in text
    assert "return 308 $home$request_uri" in text


WAYS_OUT = [
    "/catalogue/../../keys/pseudonym.key",
    "/catalogue/..%2f..%2fkeys/pseudonym.key",
    "/catalogue/%2e%2e/%2e%2e/keys/pseudonym.key",
    "/catalogue../keys/pseudonym.key",
    "/catalogue/..;/..;/keys/pseudonym.key",
    "/catalogue/....//....//keys/pseudonym.key",
    "//catalogue//..//..//keys/pseudonym.key",
    "/catalogue/current/../../store/store.json",
    "/catalogue/../store/store.json",
    "/catalogue/../archive/",
    "/catalogue/..%5c..%5ckeys%5cpseudonym.key",
    "/catalogue/%00",
    "/keys/pseudonym.key",
    "/.archipel/keys/pseudonym.key",
]


def _raw(front: Front, path: str) -> bytes:
    """Send a path as it stands; clients tidy it up before they send it."""
    context = ssl.create_default_context(cafile=authority_file(front.settings))
    with (
        socket.create_connection(("127.0.0.1", front.settings.front_port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as tls,
    ):
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while block := tls.recv(65536):
            received += block
    return received


@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_way_leads_out_of_the_published_folder(front: Front, path: str) -> None:
    assert (front.settings.state_dir / "keys" / "pseudonym.key").is_file()
    answer = _raw(front, path)
    status = int(answer.split(b" ", 2)[1])
    assert status in {400, 403, 404}, answer[:200]
    assert (front.settings.state_dir / "keys" / "pseudonym.key").read_bytes() not in answer


def test_nothing_that_is_not_published_is_reached_as_a_file(front: Front) -> None:
    """Every file of the state, asked for under every name that it might have."""
    state = front.settings.state_dir
    published = {path.resolve() for path in (state / "catalogue" / "current").resolve().rglob("*")}
    hidden = [path for path in state.rglob("*") if path.is_file() and path.resolve() not in published]
    assert len(hidden) > 20
    with front.client() as client:
        for path in hidden:
            inside = quote(str(path.relative_to(state)))
            for address in (f"/catalogue/{inside}", f"/{inside}", f"/catalogue/{quote(path.name)}"):
                assert client.get(address).status_code in {403, 404}, address


def test_a_link_that_leads_out_and_a_hidden_file_are_not_followed(front: Front) -> None:
    current = (front.settings.state_dir / "catalogue" / "current").resolve()
    made = [current / "out.csv", current / ".hidden.csv"]
    made[0].symlink_to(front.settings.state_dir / "installation-that-is-secret.txt")
    (front.settings.state_dir / "installation-that-is-secret.txt").write_text("a secret", encoding="utf-8")
    made[1].write_text("a secret", encoding="utf-8")
    try:
        with front.client() as client:
            answers = [client.get("/catalogue/out.csv"), client.get("/catalogue/.hidden.csv")]
    finally:
        for path in made:
            path.unlink()
    assert [answer.status_code in {403, 404} for answer in answers] == [True, True]
    assert not any("a secret" in answer.text for answer in answers)


def test_a_feed_that_is_not_open_stays_closed_behind_it(front: Front) -> None:
    with front.client() as client:
        refused = client.get("/v1/feeds/consommation_energie")
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
        token = front.running.token("exemple-startup")
        asked = "/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment&format=json"
        assert client.get(asked, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_what_is_open_is_handed_to_all_who_ask_while_its_decision_holds(front: Front) -> None:
    asked = "/v1/feeds/subventions?format=csv&montant__gte=100"
    with front.client() as client:
        one, two = client.get(asked), client.get(asked)
        assert (one.status_code, two.content) == (200, one.content)
        assert one.headers["archipel-decision"] == two.headers["archipel-decision"]
        assert "x-accel-expires" not in one.headers
        assert one.headers["cache-control"] == "public, no-cache"
        unchanged = client.get(asked, headers={"If-None-Match": one.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
    entries = front.running.platform.journal.search(Search(kind="decision", target="subventions", limit=1000))
    told = [entry.fields for entry in entries if entry.fields["decision_id"] == one.headers["archipel-decision"]]
    assert [fields["outcome"] for fields in told] == ["allowed"]


def test_a_part_of_a_whole_file_and_its_head_are_given_though_others_asked_before(front: Front) -> None:
    asked, as_it_is = "/v1/feeds/subventions?format=csv", {"Accept-Encoding": "identity"}
    with front.client(**as_it_is) as client:
        for _ in range(2):
            part = client.get(asked, headers={"Range": "bytes=5-14"})
            whole, head = client.get(asked), client.head(asked)
            assert (part.status_code, part.content) == (206, whole.content[5:15])
            assert (head.content, head.headers["content-length"]) == (b"", str(len(whole.content)))


@pytest.mark.parametrize(
    "headers", [{"Archipel-Purpose": "dpv:ResearchAndDevelopment"}, {"Cookie": "any=one"}, {"Authorization": "Bearer"}]
)
def test_whoever_says_anything_of_themselves_is_decided_each_time(front: Front, headers: dict[str, str]) -> None:
    if "Authorization" in headers:
        headers = {"Authorization": f"Bearer {front.running.token('exemple-startup')}"}
    asked = "/v1/feeds/subventions?format=csv&montant__gte=200"
    with front.client() as client:
        open_to_all = client.get(asked).headers["archipel-decision"]
        answers = [client.get(asked, headers=headers) for _ in range(2)]
        tag = answers[0].headers["etag"]
        unchanged = client.get(asked, headers={**headers, "If-None-Match": tag})
    assert [answer.status_code for answer in (*answers, unchanged)] == [200, 200, 304]
    assert len({open_to_all, *(answer.headers["archipel-decision"] for answer in (*answers, unchanged))}) == 4


def test_a_refusal_is_never_handed_on(front: Front) -> None:
    wanted = Search(kind="decision", target="consommation_energie", limit=1000)
    before = len(front.running.platform.journal.search(wanted))
    with front.client() as client:
        refusals = [client.get("/v1/feeds/consommation_energie") for _ in range(2)]
    assert [refusal.status_code for refusal in refusals] == [401, 401]
    assert len(front.running.platform.journal.search(wanted)) == before + 2


@pytest.mark.parametrize(("language", "title"), [("fr", "Trop de demandes"), ("en-GB", "Too many requests")])
@pytest.mark.parametrize("path", ["/v1/feeds", "/catalogue/catalog.ttl", "/fr/"])
def test_too_many_requests_are_told_as_a_problem_with_when_to_come_back(
    front: Front, path: str, language: str, title: str
) -> None:
    with (
        another(front, front_requests_per_second=1) as strict,
        strict.client(**{"Accept-Language": language}) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = list(pool.map(lambda _: client.get(path), range(40)))
    told = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert told
    problem = told[0].json()
    assert told[0].headers["content-type"] == "application/problem+json"
    assert told[0].headers["retry-after"] == "1"
    assert (problem["status"], problem["title"]) == (429, title)
    assert problem["type"].endswith("/reasons/too_many_requests")
    assert problem["reasons"][0]["change"]
    assert problem["instance"].startswith("urn:request:")
    assert json.dumps(problem).count("REQUEST") == 0
    # The page that the problem names is there.
    with front.client() as client:
        page = client.get(problem["type"].removeprefix(front.settings.public_address))
    assert page.status_code == 200


def test_figures_of_the_operator_are_not_published(front: Front) -> None:
    with front.client() as client:
        for address in ("/metrics", "/metrics/", "//metrics", "/catalogue/../metrics"):
            answer = client.get(address, follow_redirects=False)
            assert answer.status_code in (307, 404), address
            assert "archipel_" not in answer.text
    direct = f"http://127.0.0.1:{front.settings.console_port}/metrics"
    assert "archipel_journal_entries_total" in httpx.get(direct).text
