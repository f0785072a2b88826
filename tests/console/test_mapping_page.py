"""A file handed in is mapped, rehearsed and forgotten; what cannot be used is said beside its field."""

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from governance.console.languages import Language, Writing
from governance.console.received_form import MAX_BYTES
from tests.api.small_platform import Running
from tests.console.accessible import assert_fits_everybody

pytestmark = pytest.mark.services
FILE = """Association;Montant voté (€);Date de la décision;Objet de la subvention;<b>Autre</b>
Association A (synthétique);1 200,50;05/03/2024;Fonctionnement;<script>1</script>
Association B (synthétique);bientôt;17/04/2024;Festival;x
Association C (synthétique);10,00;31/02/2024;Tournoi;x
"""


def hand_in(
    running: Running, page: str, content: str | bytes = FILE, name: str = "f.csv", **fields: str
) -> httpx.Response:
    data = {"contract": "subventions", **token(running), **fields}
    return running.client().post(page, data=data, files={"file": (name, content)})


def token(running: Running) -> dict[str, str]:
    """What the page's own form brings back."""
    found = re.findall(r'name="form_token" value="([0-9a-f]+)"', running.client().get("/fr/mapping").text)
    return {"form_token": found[0]}


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = set(Path(tempfile.gettempdir()).glob("archipel-form-*"))
    yield
    assert set(Path(tempfile.gettempdir()).glob("archipel-form-*")) == before


def test_each_column_has_its_header_score_reasons_and_examples(running: Running) -> None:
    page = hand_in(running, "/fr/mapping.json").json()
    found = {column["name"]: column for column in page["columns"]}
    assert found["beneficiaire"]["header"] == "Association"
    assert found["montant"]["examples"] == ["1 200,50", "bientôt", "10,00"]
    assert all(column["reasons"][0]["fr"] and column["score"] for column in page["columns"] if column["header"])
    assert page["unused"] == ["<b>Autre</b>"]
    assert "beneficiaire: Association" in page["lines"]


def test_first_rows_are_rehearsed_as_the_proposal_reads_them(running: Running) -> None:
    rehearsal = hand_in(running, "/fr/mapping.json").json()["rehearsal"]
    assert rehearsal["rows"] == {"read": 3, "accepted": 1, "quarantined": 2, "duplicates": 0}
    faults = [(fault["line"], fault["header"], fault["value"]) for fault in rehearsal["refused"]["of_rows"]]
    assert faults == [(3, "Montant voté (€)", "bientôt"), (4, "Date de la décision", "31/02/2024")]
    assert "01/03/2024" in rehearsal["refused"]["of_rows"][1]["remedy"]["fr"]


def test_what_is_made_of_several_cells_is_shown_with_what_comes_out(running: Running) -> None:
    file = "Association;Montant voté;Jour;Mois;Année\nA (synthétique);10;5;3;2024\nB (synthétique);20;17;4;2024\n"
    given = {"organisation": "donges", "header_row": "1"}
    page = hand_in(running, "/fr/mapping.json", file, **given).json()
    found = {column["name"]: column for column in page["columns"]}["dateConvention"]
    assert (found["headers"], found["verdict"]) == (["Jour", "Mois", "Année"], "verify")
    assert found["results"] == ["2024-03-05", "2024-04-17"]
    assert page["rehearsal"]["rows"]["accepted"] == 2
    assert "Jour + Mois + Année" in hand_in(running, "/fr/mapping", file, **given).text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_shows_what_its_json_says_and_runs_nothing_of_the_file(running: Running, language: Language) -> None:
    answer = hand_in(running, f"/{language}/mapping")
    assert answer.status_code == 200
    assert "<script" not in answer.text and "<b>Autre" not in answer.text
    columns = hand_in(running, f"/{language}/mapping.json").json()["columns"]
    scores = {Writing(language).number(column["score"]) for column in columns if column["header"]}
    assert len(scores) > 1
    for said in ("Association A (synth", "31/02/2024", *(f'<td class="num">{score}</td>' for score in scores)):
        assert said in answer.text
    assert len(re.findall(r"<h1[ >]", answer.text)) == 1


@pytest.mark.parametrize(
    ("content", "fields", "field"),
    [
        (FILE, {"contract": "nothing"}, "contract"),
        (FILE, {"organisation": "nobody"}, "organisation"),
        (FILE, {"header_row": "quatre"}, "header_row"),
        (FILE, {"header_row": "²"}, "header_row"),
        (b"", {}, "file"),
        (b"PK\x03\x04 not a workbook", {}, "file"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field_and_the_form_comes_back_filled(
    running: Running, content: bytes | str, fields: dict[str, str], field: str
) -> None:
    answer = hand_in(running, "/fr/mapping", content, **fields)
    assert answer.status_code == 422
    assert f'id="f-{field}"' in answer.text
    assert 'href="#' + field in answer.text
    told = json.loads(hand_in(running, "/fr/mapping.json", content, **fields).text)
    assert [fault["field"] for fault in told["faults"]] == [field]
    if "header_row" in fields:
        assert told["header_row"] == fields["header_row"]


def test_a_file_that_is_too_large_is_refused_on_the_way(running: Running) -> None:
    answer = hand_in(running, "/fr/mapping", b"a" * (MAX_BYTES + (1 << 20)))
    assert answer.status_code == 422
    assert "20 Mio" in answer.text


def test_a_form_without_a_file_is_a_sentence(running: Running) -> None:
    answer = hand_in(running, "/fr/mapping", b"", name="")
    assert answer.status_code == 422
    assert "Choisissez un fichier" in answer.text


def test_a_form_of_another_site_is_refused_on_this_machine_too(running: Running) -> None:
    for answer in (
        running.client().post("/fr/mapping", data={"contract": "subventions"}),
        running.client().post("/fr/mapping", data={"contract": "subventions"}, files={"file": ("f.csv", FILE)}),
        running.client().post("/fr/mapping", content=b"x", headers={"Content-Type": "multipart/form-data"}),
    ):
        assert answer.status_code == 403
        assert "Ce formulaire ne vient pas" in answer.text


def test_a_name_that_is_a_path_is_only_shown(running: Running) -> None:
    page = hand_in(running, "/fr/mapping.json", name="../../etc/passwd").json()
    assert page["file"]["name"].endswith("passwd")
    assert page["rehearsal"]["rows"]["read"] == 3


@pytest.mark.parametrize("has_javascript", [False, True])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_it_works_by_keyboard_without_javascript_and_reads_well(
    running: Running, browser: Browser, tmp_path: Path, width: int, scheme: str, has_javascript: bool
) -> None:
    (tmp_path / "f.csv").write_text(FILE, encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=has_javascript
    )
    page = context.new_page()
    page.goto(f"{running.url}/fr/")
    page.get_by_role("link", name="Relier un fichier").click()
    page.get_by_label("Quel jeu de données ?").select_option("subventions")
    page.get_by_label("Votre fichier").set_input_files(tmp_path / "f.csv")
    page.get_by_label("Ligne de l'en-tête").press("Enter")
    page.wait_for_selector("#answer")
    assert page.url.endswith("#answer")
    assert "Association" in page.locator("table").first.inner_text()
    if has_javascript:  # without it axe, which is a script, would wait for ever
        assert_fits_everybody(page)
    context.close()
