"""The officer asks what a change would do: worked out beside the server, shown in words, told when out of date."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.sync_api import Browser

from governance.console.entrance import FORM_FIELD
from governance.decisions.bundle import revisions_of
from governance.journal.model import Search
from governance.lake import write_atomically
from governance.pipeline.impact import Supposed
from governance.pipeline.impact_desk import KEPT, AskedImpact, ImpactDesk, basis_of
from governance.settings import Settings
from tests.api.small_platform import Running, small_platform, write_federation
from tests.console.accessible import assert_fits_everybody

PAGE = "/fr/policies/impact"
STARTUP = "agreements/exemple-startup.yaml"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A platform of this file's own, because its declarations are changed."""
    with small_platform(tmp_path_factory.mktemp("impact")) as platform:
        yield platform


@pytest.fixture
def declared(own: Running) -> Iterator[Path]:
    """The declarations, put back as they were afterwards."""
    root = own.platform.settings.federation_dir
    before = {path: path.read_bytes() for path in (root / "agreements").glob("*.yaml")}
    yield root
    for path, content in before.items():
        path.write_bytes(content)


def _change(root: Path, path: str, **changed: object) -> None:
    content = {**yaml.safe_load((root / path).read_text()), **changed}
    (root / path).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _ask(client: httpx.Client, **fields: str) -> httpx.Response:
    token = re.search(rf'name="{FORM_FIELD}" value="([0-9a-f]+)"', client.get("/fr/policies/impact").text)
    # While one is under way the page has no form; its token is that of any other form of ours.
    token = token or re.search(rf'name="{FORM_FIELD}" value="([0-9a-f]+)"', client.get("/fr/mapping").text)
    assert token
    return client.post(PAGE, data={FORM_FIELD: token[1], **fields}, files={"nothing": ("", b"")})


def _answer(client: httpx.Client, **fields: str) -> str:
    """Ask, wait as the page itself does, and return the page with the answer."""
    asked = _ask(client, **fields)
    assert asked.status_code == 303, asked.text
    deadline = time.monotonic() + 60
    while "refresh" in (page := client.get(asked.headers["location"])).headers:
        assert time.monotonic() < deadline, page.text
        time.sleep(0.2)
    assert page.status_code == 200
    return page.text


@pytest.mark.services
def test_page_shows_the_work_under_way_and_asks_for_itself_again_until_the_answer_is_there(own: Running) -> None:
    client, platform = own.client(), own.platform
    in_force, entries = revisions_of(platform.settings).current, len(platform.journal.search(Search(limit=1000)))
    first = _ask(client)
    address = first.headers["location"]
    assert first.status_code == 303 and re.fullmatch(rf"{PAGE}\?id=\d+T\d+-[0-9a-f]+", address)
    running = client.get(address)
    assert (running.headers["refresh"], "Calcul en cours" in running.text) == ("2", True)
    # Never two at once: who asks meanwhile is led to the one under way.
    assert _ask(client, ended="exemple-startup").headers["location"] == address
    still = client.get(f"{address}&still")
    assert "refresh" not in still.headers and "Voir où cela en est" in still.text
    text = _answer(client)
    assert "Rien ne change pour personne." in text
    assert revisions_of(platform.settings).current == in_force
    assert len(platform.journal.search(Search(limit=1000))) == entries


@pytest.mark.services
def test_answer_says_who_gains_and_loses_what_and_how_to_put_it_in_force(own: Running, declared: Path) -> None:
    client = own.client()
    _change(
        declared,
        STARTUP,
        row_filter=[{"column": "commune_insee", "operator": "eq", "value": "44210"}],
        columns={"point_livraison_id": {"mask": "truncate", "length": 3}, "adresse": "show"},
    )
    _change(declared, "agreements/exemple-eau.yaml", valid_until="2099-01-31")
    text = _answer(client)
    for expected in (
        "exemple-startup (exemple)", "exemple-eau (exemple)", "accès gagné", "autre vue", "Consommation d&#39;énergie",
        "<code>adresse</code> montrée", "remplacée par une empreinte → tronquée à 3 caractères",
        "commune_insee est «\u00a044210\u00a0»", "agreement_in_force", "archipel policy build", "<span>3</span>",
    ):  # fmt: skip
        assert expected in text, expected
    shown = client.get(f"{PAGE}.json").json()["asked"]
    assert [card["effect"] for card in shown["told"]["cards"][:2]] == ["gains", "changes"]
    assert "peut-être plus exacte" not in text
    _change(declared, STARTUP, state="suspended")
    stale = client.get(PAGE).text
    assert "peut-être plus exacte" in stale and "les déclarations ont été modifiées" in stale
    assert "may be out of date" in client.get("/en/policies/impact").text


@pytest.mark.services
def test_what_if_an_agreement_ended_is_asked_without_touching_it(own: Running, declared: Path) -> None:
    before = (declared / STARTUP).read_bytes()
    text = _answer(own.client(), ended="exemple-startup")
    assert "si la convention exemple-startup avait pris fin hier" in text
    assert "accès perdu" in text and "agreement_expired" in text and "archipel policy build" not in text
    assert (declared / STARTUP).read_bytes() == before


@pytest.mark.services
def test_declaration_that_cannot_be_used_is_told_with_its_line_before_and_after_asking(
    own: Running, declared: Path
) -> None:
    client = own.client()
    _change(declared, STARTUP, target="inconnu")
    told = _answer(client)
    assert "federation/agreements/exemple-startup.yaml" in told and "pas de jeu de données « inconnu »" in told
    _change(declared, STARTUP, state="finalised")
    line = 1 + (declared / STARTUP).read_text(encoding="utf-8").splitlines().index("state: finalised")
    refused = _ask(client)
    assert refused.status_code == 422
    for text in (refused.text, client.get(PAGE).text):
        assert f"ligne {line}" in text and "Écrivez l&#39;un de ces mots : requested" in text


@pytest.mark.services
def test_form_that_fails_comes_back_filled_and_an_unknown_answer_is_no_page(own: Running) -> None:
    client = own.client()
    refused = _ask(client, ended="inconnue", on="demain")
    assert refused.status_code == 422
    assert "Choisissez une convention de la liste." in refused.text and 'value="demain"' in refused.text
    for identifier in ("20260101T000000-000000", "../../policy/revisions", ""):
        missing = client.get(PAGE, params={"id": identifier})
        assert missing.status_code == 404 and "Posez la question de nouveau" in missing.text


@pytest.mark.services
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_page_fits_everybody_in_each_of_its_states(
    own: Running, declared: Path, browser: Browser, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    _change(declared, STARTUP, columns={"adresse": "show"}, duties=[])
    running = _ask(own.client()).headers["location"]
    page.goto(f"{own.url}{running}&still")
    assert_fits_everybody(page, "running")
    _answer(own.client())
    for language in ("fr", "en"):
        page.goto(f"{own.url}/{language}/policies/impact")
        assert page.locator("article").count() == 1
        for summary in page.locator("summary").all():
            summary.click()
        assert_fits_everybody(page, language)
    _change(declared, STARTUP, state="finalised")
    page.reload()
    assert_fits_everybody(page, "unusable")
    context.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_federation(tmp_path / "federation")
    return Settings(federation_dir=tmp_path / "federation", state_dir=tmp_path / "state")


def _keep(settings: Settings, at: datetime) -> str:
    identifier = f"{at:%Y%m%dT%H%M%S}-{'0' * 6}"
    asked = AskedImpact(id=identifier, at=at, supposed=Supposed(), basis=basis_of(settings))
    write_atomically(settings.state_dir / "impact" / f"{identifier}.json", asked.model_dump_json().encode())
    return identifier


def test_work_that_nobody_does_any_more_is_told_as_cut_off(settings: Settings) -> None:
    identifier = _keep(settings, datetime.now(UTC))
    found = ImpactDesk(settings).read(identifier)
    assert found is not None and found.state == "interrupted"


def test_old_answers_go_when_another_is_asked_and_closing_ends_the_work(settings: Settings) -> None:
    now = datetime.now(UTC)
    for days in range(1, KEPT + 5):
        _keep(settings, now - timedelta(days=days))
    desk = ImpactDesk(settings)
    identifier = desk.ask(Supposed())
    desk.close()  # at once: the work takes a second at least, and looking at what is kept takes time as well
    assert len(desk.all()) == KEPT
    assert desk.all()[0].id == identifier
    found = desk.read(identifier)
    assert found is not None and found.state == "interrupted"


def test_another_day_another_version_and_other_declarations_are_each_told(settings: Settings) -> None:
    desk, basis = ImpactDesk(settings), basis_of(settings)
    asked = AskedImpact(id="20260101T000000-000000", at=datetime.now(UTC), supposed=Supposed(), basis=basis)
    assert desk.changed_since(asked) == ()
    revisions_of(settings).record("other+version")
    yesterday = basis.model_copy(update={"day": basis.day - timedelta(days=1), "rows": "v0"})
    (settings.federation_dir / "agreements" / "exemple-eau.yaml").unlink()
    changed = desk.changed_since(asked.model_copy(update={"basis": yesterday}))
    assert changed == ("declarations", "in_force", "rows", "day")
