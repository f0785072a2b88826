"""A clerk hands in a file on the page of their commune, learns at once what is wrong, and takes it back."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser

from governance.console.languages import Language
from governance.console.received_form import MAX_BYTES
from governance.pipeline.hand_in import find_box
from tests.api.small_platform import Running
from tests.console.accessible import assert_fits_everybody
from tests.console.test_entrance import Console, console  # noqa: F401 - kept because a fixture is found by its name

pytestmark = pytest.mark.services
PAGE = "/fr/members/donges/sources/lieux/hand-in"
GOOD = "id_lieu;nom;Xlong;Ylat;date_maj\nL-1;Aire exemple 1;-2.07;47.32;2026-01-15\n"
WRONG = GOOD + "L-2;Aire exemple 2;-2.08;47.33;<b>hier</b>\n"


def _post(running: Running, page: str = PAGE, content: str | bytes = GOOD, **fields: str) -> httpx.Response:
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', running.client().get(page.removesuffix(".json")).text)
    files: dict[str, tuple[str, str | bytes]] = {"nothing": ("", b"")}
    if "take_back" not in fields:
        files = {"file": ("lieux.csv", content)}
    return running.client().post(page, data={"form_token": token[0], **fields}, files=files)


@pytest.fixture(autouse=True)
def empty_box(running: Running) -> Iterator[None]:
    yield
    folder = find_box(running.platform, "donges", "lieux").folder
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.is_file():
            path.unlink()


def test_the_member_page_leads_to_the_sources_that_take_a_file(running: Running) -> None:
    page = running.client().get("/fr/members/donges")
    assert re.findall(r'href="([^"]+/hand-in)"', page.text) == [PAGE]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_wrong_is_said_at_once_and_the_file_waits(running: Running, language: Language) -> None:
    page = PAGE.replace("/fr/", f"/{language}/")
    answer = _post(running, page, WRONG)
    assert answer.status_code == 200
    told = {"fr": "Déposé, mais des lignes", "en": "Handed in, but some rows"}[language]
    assert told in answer.text and "date_maj" in answer.text
    assert "<b>hier" not in answer.text
    waits = running.client().get(f"{page}.json").json()["waiting"]
    assert waits["name"].startswith("lieux-") and waits["name"] in answer.text


def test_the_json_says_the_same_for_a_program(running: Running) -> None:
    answer = _post(running, f"{PAGE}.json", WRONG).json()["answer"]
    assert (answer["status"], answer["is_left"], answer["will_be_held"]) == ("invalid", True, False)
    assert answer["rows"] == {"read": 2, "accepted": 1, "quarantined": 1, "duplicates": 0}
    assert answer["refused"]["of_rows"][0]["line"] == 3
    (mend,) = answer["mends"]
    assert (mend["column"], mend["lines"], mend["first_line"]) == ("date_maj", 1, 3)


def test_the_marked_copy_of_what_waits_is_there_before_any_harvest(running: Running) -> None:
    address = f"{PAGE}/corrected.xlsx"
    assert running.client().get(address).status_code == 404
    assert address in _post(running, content=WRONG).text
    copy = running.client().get(address)
    assert copy.status_code == 200
    sheet = load_workbook(io.BytesIO(copy.content)).worksheets[0]
    assert (sheet["E3"].value, sheet["E2"].value) == ("<b>hier</b>", "2026-01-15")
    assert sheet["E3"].comment is not None and sheet["E2"].comment is None


def test_the_page_says_when_the_file_is_taken_and_calls_it_as_its_owner_does(running: Running) -> None:
    _post(running)
    waits = running.client().get(f"{PAGE}.json").json()
    assert waits["waiting"]["name_given"] == "lieux.csv"
    assert datetime.fromisoformat(waits["next_harvest"]) > datetime.now(UTC)


def test_a_file_of_other_headers_leads_to_the_mapping_of_its_dataset(running: Running) -> None:
    answer = _post(running, content="a;b\n1;2\n").text
    address = "/fr/mapping?contract=lieux&amp;organisation=donges"
    assert f'href="{address}"' in answer
    page = running.client().get(address.replace("&amp;", "&")).text
    assert '<option value="lieux" selected>' in page and '<option value="donges" selected>' in page


def test_it_is_taken_back_until_it_is_harvested(running: Running) -> None:
    _post(running)
    back = _post(running, take_back="1")
    assert back.status_code == 200 and "Repris :" in back.text
    again = _post(running, take_back="1")
    assert again.status_code == 422 and "Aucun fichier n&#39;attend" in again.text


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "Choisissez un fichier"), (b"a" * (MAX_BYTES + (1 << 20)), "20 Mio")],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_beside_its_field(running: Running, content: str | bytes, said: str) -> None:
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', running.client().get(PAGE).text)
    answer = running.client().post(
        PAGE, data={"form_token": token[0]}, files={"file": ("f.csv" if content else "", content)}
    )
    assert answer.status_code == 422 and said in answer.text
    assert running.client().get(f"{PAGE}.json").json()["waiting"] is None


def test_a_letter_is_not_taken_for_a_file_of_rows(running: Running) -> None:
    answer = _post(running, content="Madame, Monsieur,\nvoici nos lieux.\n")
    assert "Rien n'a été déposé" in answer.text and "Traceback" not in answer.text
    assert running.client().get(f"{PAGE}.json").json()["waiting"] is None


@pytest.mark.parametrize("address", ["donges/sources/subventions", "donges/sources/autre", "autre/sources/lieux"])
def test_there_is_no_page_where_nothing_is_handed_in(running: Running, address: str) -> None:
    assert running.client().get(f"/fr/members/{address}/hand-in").status_code == 404


def test_nobody_hands_in_for_another_member(console: Console) -> None:  # noqa: F811 - a fixture
    console.desk.issuer.said["memberships"] = {"trignac": {"siren": ["214402109"]}}
    answer = console.get(PAGE, cookies=console.enter("contributor"))
    assert answer.status_code == 403 and "Vos rôles ne valent pas pour Donges" in answer.text
    cookies = console.enter("contributor")
    posted = console.post(PAGE, cookies, form_token=console.token(cookies))
    assert posted.status_code == 403


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_it_works_by_keyboard_and_reads_well(
    running: Running, browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    (tmp_path / "lieux.csv").write_text(WRONG, encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{running.url}/fr/members/donges")
    page.get_by_role("link", name="Déposer un fichier").press("Enter")
    page.get_by_label("Votre fichier").set_input_files(tmp_path / "lieux.csv")
    page.get_by_role("button", name="Déposer", exact=True).press("Enter")
    page.wait_for_selector("#answer")
    assert_fits_everybody(page)
    page.get_by_role("button", name="Reprendre ce fichier").press("Enter")
    page.wait_for_selector("text=Repris :")
    context.close()
