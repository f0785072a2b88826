"""A commune's portal under its own name: its own data alone, what is kept and why, in its own colours."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Page
from pydantic import ValidationError
from rdflib import DCAT, RDF, Graph

from governance.federation import DeclarationError, load_federation
from governance.pipeline.publish import publish
from governance.platform import open_platform
from governance.portals import DARK_GROUND, GROUND, LEAST_CONTRAST, Portal, contrast
from governance.settings import PROJECT_ROOT
from tests.api.small_platform import Running, small_platform
from tests.console.accessible import assert_fits_everybody

HOST = "donges.localhost"
PORTAL = {"host": HOST, "title": "Donges, données ouvertes", "title_en": "Donges, open data", "colour": "#8a3b12"}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A platform of which one commune has a portal and has closed one of its datasets, after a publication."""
    root = tmp_path_factory.mktemp("portal")

    def declare() -> None:
        path = root / "federation" / "members" / "donges.yaml"
        told = yaml.safe_load(path.read_text(encoding="utf-8")) | {"portal": {**PORTAL, "logo": "donges.svg"}}
        told["sources"] += [{**told["sources"][0], "dataset": name} for name in ("signalements", "deliberations")]
        path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
        logo = PROJECT_ROOT / "federation" / "members" / "logos" / "donges.svg"
        (path.parent / "logos").mkdir()
        (path.parent / "logos" / "donges.svg").write_bytes(logo.read_bytes())
        places = (PROJECT_ROOT / "federation" / "places.csv").read_text()
        (root / "federation" / "places.csv").write_text(places)

    with small_platform(root, declare) as running:
        publish(open_platform(running.platform.settings))
        yield running


def _get(portal: Running, path: str, **headers: str) -> httpx.Response:
    return portal.client(Host=HOST, **headers).get(path)


@pytest.mark.services
def test_a_portal_shows_its_own_data_alone_and_says_why_the_rest_is_not_there(portal: Running) -> None:
    page = _get(portal, "/fr/index.json").json()
    assert [part["id"] for part in page["shared"]] == ["lieux--donges", "subventions--donges"]
    kept = {part["dataset"]: [reason["code"] for reason in part["reasons"]] for part in page["kept"]}
    assert kept["signalements"] and "open_data" not in kept["signalements"]
    assert kept["deliberations"] == [] or "open_data" not in kept["deliberations"]
    text = _get(portal, "/fr/").text
    assert "Trignac" not in text
    assert "trignac" not in json.dumps(page)
    assert "Donges, données ouvertes" in text
    assert "Donges, open data" in _get(portal, "/en/").text


@pytest.mark.services
def test_its_catalogue_at_its_own_address_is_its_part(portal: Running) -> None:
    own = _get(portal, "/catalogue/catalog.ttl")
    assert own.headers["content-type"] == "text/turtle; charset=utf-8"
    found = {str(node).rsplit("/", 1)[-1] for node in Graph().parse(data=own.text).subjects(RDF.type, DCAT.Dataset)}
    assert found == {"lieux--donges", "subventions--donges"}
    whole = portal.client().get("/catalogue/catalog.ttl").text
    assert len(list(Graph().parse(data=whole).subjects(RDF.type, DCAT.Dataset))) > 1
    assert _get(portal, "/catalogue/catalog.jsonld").json()["@graph"]


@pytest.mark.services
def test_what_is_not_the_communes_leads_to_the_federation_and_nowhere_else(portal: Running) -> None:
    answer = _get(portal, "/fr/datasets/subventions")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{portal.platform.settings.public_address}/fr/datasets/subventions"
    for address in ("//elsewhere.example/x", "/%2f%2felsewhere.example"):
        location = _get(portal, address).headers["location"]
        assert location.startswith(f"{portal.platform.settings.public_address}/")
    assert _get(portal, "/").headers["location"] == "/fr/"
    assert portal.client().get("/fr/").status_code == 200
    assert portal.client().get("/portal.css").status_code == 404


@pytest.mark.services
def test_logo_and_colours_are_its_own(portal: Running) -> None:
    assert _get(portal, "/portal-logo").headers["content-type"] == "image/svg+xml"
    style = _get(portal, "/portal.css")
    assert "--accent: #8a3b12" in style.text
    assert "default-src 'none'" in style.headers["content-security-policy"]


@pytest.mark.services
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_portal_fits_everybody_in_a_browser(portal: Running, browser: Browser, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    for language in ("fr", "en"):
        address = f"{portal.url.replace('127.0.0.1', HOST)}/{language}/"
        answer = page.goto(address)
        assert answer is not None and answer.status == 200
        assert_fits_everybody(page, address)
    band = page.evaluate("getComputedStyle(document.querySelector('.band')).backgroundColor")
    assert (band == "rgb(138, 59, 18)") is (scheme == "light")
    context.close()


@pytest.mark.services
def test_the_map_leads_to_each_commune_by_keyboard_and_without_a_script(portal: Running, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    page: Page = context.new_page()
    page.goto(f"{portal.url}/fr/")
    links = page.locator("svg.communes a")
    assert links.count() == 2
    assert links.first.get_attribute("href") in {f"http://{HOST}:{portal.platform.settings.console_port}/fr/"}
    links.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{HOST}**")
    assert page.locator("h1").inner_text() == "Ce que Donges partage"
    context.close()


def test_colours_that_cannot_be_read_are_refused_with_their_number() -> None:
    with pytest.raises(ValidationError, match=r"colour #ffcc00 : contraste de 1\.\d .* choose a darker one"):
        Portal.model_validate({**PORTAL, "colour": "#ffcc00"})
    with pytest.raises(ValidationError, match="dark_colour"):
        Portal.model_validate({**PORTAL, "dark_colour": "#102030"})


@pytest.mark.parametrize("colour", ["#000000", "#8a3b12", "#0b5c6b", "#4a3f91", "#004000"])
def test_both_forms_of_a_colour_can_be_read(colour: str) -> None:
    made = Portal.model_validate({**PORTAL, "colour": colour})
    assert contrast(made.colour, GROUND) >= LEAST_CONTRAST
    assert contrast(made.on_dark, DARK_GROUND) >= LEAST_CONTRAST


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize(
    "host", ["donges", "-a.example", "a..example", "DONGES.example", "a.example:80", "a.example/x"]
)
def test_a_host_is_a_name_and_nothing_else(host: str) -> None:
    with pytest.raises(ValidationError, match="host"):
        Portal.model_validate({**PORTAL, "host": host})


def test_two_portals_under_one_name_are_refused_with_the_file(tmp_path: Path) -> None:
    source = PROJECT_ROOT / "federation"
    (tmp_path / "members").mkdir()
    (tmp_path / "federation.yaml").write_bytes((source / "federation.yaml").read_bytes())
    for name in ("donges", "trignac"):
        told = yaml.safe_load((source / "members" / f"{name}.yaml").read_text(encoding="utf-8")) | {"portal": PORTAL}
        (tmp_path / "members" / f"{name}.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"trignac\.yaml: portal\.host: .* already the portal of donges"):
        load_federation(tmp_path)


def test_the_example_federation_has_portals_whose_logos_are_there() -> None:
    federation = load_federation(PROJECT_ROOT / "federation", {"example_sites": "http://127.0.0.1:1"})
    portals = [member.portal for member in federation.members.values() if member.portal]
    assert len(portals) >= 3
    assert all(portal.host.endswith(".localhost") for portal in portals)
    for portal in portals:
        assert portal.logo is None or (federation.root / "members" / "logos" / portal.logo).is_file()
