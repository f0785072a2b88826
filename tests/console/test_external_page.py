"""Officers and operators see what other portals have, what of it is listed, what is not and why; and ask one now."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser

from governance.console.entrance import FORM_FIELD
from governance.console.languages import Language
from governance.journal.model import Search
from governance.pipeline.external import ask_external, kept_catalogues
from governance.pipeline.publish import publish
from governance.platform import open_platform
from tests.api.small_platform import Running, small_platform
from tests.connectors.api.dcat_catalogue import DcatCatalogue
from tests.connectors.api.served import Reply
from tests.console.accessible import assert_fits_everybody
from tests.console.test_entrance import Console, console  # noqa: F401 - kept because a fixture is found by its name

pytestmark = pytest.mark.services
PAGE = "/fr/external"
TITLES = {"d1": "Voirie de Donges", "d2": "Arbres de Trignac", "d3": "Ailleurs"}


@pytest.fixture(scope="module")
def portal() -> Iterator[DcatCatalogue]:
    made = DcatCatalogue()
    with made.serving():
        yield made


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, portal: DcatCatalogue) -> Iterator[Running]:
    """A platform of this file's own, which declares the same portal twice: the second has nothing of its own."""
    root = tmp_path_factory.mktemp("external")

    def declare() -> None:
        for name in ("departement", "region"):
            told = {
                "id": name,
                "name": f"Portail {name} (exemple)",
                "homepage": f"https://{name}.example",
                "connector": "dcat",
                "options": {"url": f"{portal.address}/catalog"},
                "keep": {"words": ["donges", "trignac"]},
            }
            path = root / "federation" / "external" / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")

    reach = {"egress_exceptions": (portal.endpoint,), "fetch_attempts": 1, "fetch_timeout_seconds": 5.0}
    with small_platform(root, declare, **reach) as platform:
        yield platform


@pytest.fixture(autouse=True)
def as_at_first(own: Running, portal: DcatCatalogue) -> None:
    """Both portals answer, and nothing is known of them yet."""
    portal.titles, portal.refusal = dict(TITLES), None
    for path in (own.platform.settings.state_dir / "catalogue" / "external").glob("*"):
        path.unlink()


def _state(own: Running, name: str = "departement") -> dict[str, Any]:
    page = own.client().get(f"{PAGE}.json").json()
    return next(one for one in page["catalogues"] if one["id"] == name)


def _ask(own: Running, **fields: str) -> httpx.Response:
    client = own.client()
    token = re.search(rf'name="{FORM_FIELD}" value="([0-9a-f]+)"', client.get("/fr/mapping").text)
    assert token
    return client.post(PAGE, data={FORM_FIELD: token[1], **fields}, files={"nothing": ("", b"")})


def _answered(own: Running) -> str:
    """The page, once nobody is being asked; it asks for itself again until then."""
    deadline = time.monotonic() + 60
    while "refresh" in (page := own.client().get(PAGE)).headers:
        assert time.monotonic() < deadline, page.text
        time.sleep(0.2)
    return page.text


def test_before_anybody_was_asked_the_page_says_so(own: Running) -> None:
    page = own.client().get(PAGE).text
    assert page.count("jamais interrogé") == 2 and "Portail departement (exemple)" in page
    assert (_state(own)["kept"], _state(own)["listed"], _state(own)["seen"]) == (0, None, [])


def test_the_button_asks_one_portal_and_no_other_and_the_journal_knows_who(own: Running, portal: DcatCatalogue) -> None:
    asked = _ask(own, catalogue="departement")
    assert (asked.status_code, asked.headers["location"]) == (303, PAGE)
    page = _answered(own)
    assert page.count("jamais interrogé") == 1
    state = _state(own)
    assert (state["offered"], state["kept"], state["change"]) == (3, 2, {"new": 2, "changed": 0, "gone": 0})
    assert state["waits_for_publication"] and "à publier" in page
    journal = own.platform.journal
    entry = journal.search(Search(kind="source_change", limit=1))[0]
    assert (entry.fields["action"], entry.fields["external"]) == ("external_asked", "departement")
    assert journal.identity_of(entry.subject or "") == "console"


def test_what_changed_there_is_counted_beside_the_answer_before(own: Running, portal: DcatCatalogue) -> None:
    ask_external(own.platform)
    portal.titles = {"d1": "Voirie de Donges, autrement", "d4": "Bancs de Trignac"}
    ask_external(own.platform, is_due=False)
    state = _state(own)
    assert (state["change"], state["missing"]) == ({"new": 1, "changed": 1, "gone": 1}, 1)
    assert "1 nouveau, 1 changé, 1 disparu. 1 jeu disparu reste signalé, jusqu'à 30 jours après." in (
        own.client().get(PAGE).text.replace("&#39;", "'")
    )


def test_an_answer_that_says_what_was_published_already_waits_for_nothing(own: Running, portal: DcatCatalogue) -> None:
    platform = open_platform(own.platform.settings)
    ask_external(platform)
    publish(platform)
    ask_external(platform, is_due=False)
    assert not _state(own)["waits_for_publication"]
    portal.titles = {**portal.titles, "d1": "Voirie de Donges, autrement"}
    ask_external(platform, is_due=False)
    ask_external(platform, is_due=False)
    assert _state(own)["waits_for_publication"]
    publish(platform)
    del portal.titles["d1"]
    ask_external(platform, is_due=False)
    assert _state(own)["waits_for_publication"]


def test_what_is_listed_and_what_is_left_out_and_why(own: Running) -> None:
    platform = open_platform(own.platform.settings)
    ask_external(platform)
    publish(platform)
    first, second = _state(own), _state(own, "region")
    assert (first["listed"], first["left_out"], first["waits_for_publication"]) == (2, [], False)
    assert [seen["where"] for seen in first["seen"]] == ["turtle", "json_ld"]
    for seen in first["seen"]:
        assert "Voirie de Donges" in httpx.get(seen["url"]).text
    assert (second["listed"], second["seen"]) == (0, [])
    assert second["left_out_by"] == [["same_identifier", 2]]
    assert {(out["title"], out["like"], out["like_title"]) for out in second["left_out"]} == {
        (TITLES[name], f"https://data.example.org/{name}", TITLES[name]) for name in ("d1", "d2")
    }
    page = own.client().get(PAGE.replace("fr", "en")).text
    assert "already there: same identifier (2)" in page and "Whoever harvests our catalogue" in page


def test_a_look_reads_sums_and_no_dataset(own: Running) -> None:
    """A portal may have twenty thousand of them."""
    platform = open_platform(own.platform.settings)
    ask_external(platform)
    publish(platform)
    before = own.client().get(PAGE)
    folder = own.platform.settings.state_dir / "catalogue"
    for name in ("external/departement.json", "external/region.json", "external/region.left-out.json"):
        (folder / name).write_text("not to be read", encoding="utf-8")
    index = folder / "current" / "index.json"
    content = index.read_bytes()
    try:
        index.write_text("not to be read", encoding="utf-8")
        after = own.client().get(PAGE)
    finally:
        index.write_bytes(content)
    assert (after.status_code, _steady(after.text)) == (200, _steady(before.text))


def _steady(page: str) -> str:
    """A page without the token that is another each time."""
    return re.sub(rf'name="{FORM_FIELD}" value="[0-9a-f]+"', "", page)


def test_a_portal_that_refuses_is_said_with_its_remedy_and_what_was_known_stays(
    own: Running, portal: DcatCatalogue
) -> None:
    ask_external(own.platform)
    portal.refusal = Reply(b"", 404)
    _ask(own, catalogue="departement")
    page = _answered(own)
    assert "refuse : réponse 404" in page and "Vérifiez l&#39;adresse" in page
    assert "Ce qui était connu reste signalé." in page
    state = _state(own)
    assert (state["kept"], state["refusal"]["remedy"]["en"].startswith("Check the address")) == (2, True)


def test_what_says_neither_what_it_is_nor_where_is_counted_with_a_remedy(own: Running) -> None:
    files = kept_catalogues(own.platform)
    record = {"identifier": "nu", "title": "Voirie de Donges sans adresse"}
    files.write("departement", files.read("departement").told([record], datetime.now(UTC)))
    publish(open_platform(own.platform.settings))
    assert (_state(own)["undescribed"], _state(own)["listed"]) == (1, 0)
    assert "Demandez à qui tient ce portail" in own.client().get(PAGE).text


def test_what_they_write_is_no_markup_and_no_link_to_a_script(own: Running) -> None:
    files = kept_catalogues(own.platform)
    wrong = {"uri": "javascript:alert(1)", "title": "<b>Donges</b>", "landingPage": ["https://x.example/donges"]}
    for name in ("departement", "region"):
        files.write(name, files.read(name).told([wrong], datetime.now(UTC)))
    publish(open_platform(own.platform.settings))
    page = own.client().get(PAGE).text
    assert "&lt;b&gt;Donges" in page and "<b>Donges" not in page and 'href="javascript' not in page


def test_a_portal_that_nobody_declared_is_not_asked(own: Running) -> None:
    answer = _ask(own, catalogue="../autre")
    assert answer.status_code == 422 and "Choisissez un portail" in answer.text


def test_two_are_not_asked_at_once(own: Running, portal: DcatCatalogue) -> None:
    _ask(own, catalogue="departement")
    entries = len(own.platform.journal.search(Search(kind="source_change")))
    second = _ask(own, catalogue="region")
    assert second.status_code == 422 and "déjà interrogé" in second.text
    assert "Interroger maintenant" not in second.text
    assert len(own.platform.journal.search(Search(kind="source_change"))) == entries
    _answered(own)


def test_only_officers_and_operators_ask(console: Console) -> None:  # noqa: F811 - a fixture
    cookies = console.enter("auditor")
    assert console.get(PAGE, cookies=cookies).status_code == 403
    posted = console.post(PAGE, cookies, form_token=console.token(cookies), catalogue="departement")
    assert posted.status_code == 403
    for role in ("officer", "operator"):
        cookies = console.enter(role)
        page = console.get(PAGE, cookies=cookies)
        assert page.status_code == 200 and "Aucun catalogue externe" in page.text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_it_works_by_keyboard_and_reads_well(
    own: Running, portal: DcatCatalogue, browser: Browser, width: int, scheme: str, language: Language
) -> None:
    platform = open_platform(own.platform.settings)
    ask_external(platform)
    publish(platform)
    portal.refusal = Reply(b"", 404)
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{own.url}/{language}/")
    page.get_by_role("link", name={"fr": "Catalogues externes", "en": "External catalogues"}[language]).press("Enter")
    assert_fits_everybody(page)
    name = {"fr": "Interroger maintenant : Portail departement", "en": "Ask now : Portail departement"}[language]
    page.get_by_role("button", name=name).press("Enter")
    page.wait_for_selector({"fr": "text=Dernier essai", "en": "text=Last try"}[language], timeout=60_000)
    assert_fits_everybody(page)
    context.close()
