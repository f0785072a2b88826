"""Each page says what it must, in both languages, with its JSON beside it, and shows no hidden cell."""

import csv
import html
import io
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from babel.messages.extract import extract_from_dir

from governance.api.decision_words import filter_words
from governance.console.languages import Writing, by_letters, english_catalogue
from governance.console.rendering import TEMPLATES
from tests.api.small_platform import Running

PAGES = (
    "/",
    "/members/donges",
    "/members/carene",
    "/members/exemple-startup",
    "/runs/run-donges",
    "/runs/run-personal",
    "/runs/run-trignac",
    "/datasets/subventions",
    "/datasets/consommation_energie",
    "/datasets/signalements",
    "/datasets/deliberations",
    "/mapping",
    "/why",
    "/journal",
    "/agreements",
    "/policies",
    "/policies/impact",
    "/reasons",
    "/reasons/agreement_expired",
    "/reasons/token_expired",
    "/reasons/policy_engine_unavailable",
    "/about",
    "/api",
    "/external",
    "/health",
    "/lineage",
    "/lineage/datasets/subventions",
    "/lineage/datasets/consommation_energie",
    "/lineage/feeds/lieux",
    "/lineage/sources/donges/subventions",
)
WHY = "/why?organisation=exemple-startup&dataset=consommation_energie&channel=feed&action=read&purpose="


@pytest.mark.services
@pytest.mark.parametrize("page", PAGES)
def test_page_exists_in_both_languages_with_one_heading_and_its_json(running: Running, page: str) -> None:
    client = running.client()
    french, english = client.get(f"/fr{page}"), client.get(f"/en{page}")
    for answer, language in ((french, "fr"), (english, "en")):
        assert answer.status_code == 200, answer.text
        assert f'<html lang="{language}">' in answer.text
        assert len(re.findall(r"<h1[ >]", answer.text)) == 1
        assert "<script" not in answer.text and " style=" not in answer.text
        assert "synth" in answer.text
    assert french.text != english.text
    beside = client.get(f"/fr{page}index.json" if page.endswith("/") else f"/fr{page}.json")
    assert beside.headers["content-type"] == "application/json"
    assert beside.json() or page in ("/about", "/api")


@pytest.mark.services
def test_hidden_cells_are_on_no_page(running: Running) -> None:
    client = running.client()
    for page in PAGES:
        for address in (f"/fr{page}", f"/en{page}", f"/fr{page}.json"):
            text = client.get(address).text
            for hidden in ("PDL-EXEMPLE", "Rue exemple", "Habitant exemple", "habitant1@", "habitant9"):
                assert hidden not in text, (address, hidden)


@pytest.mark.services
def test_member_is_told_what_to_mend_first(running: Running) -> None:
    text = running.client().get("/fr/members/donges").text
    assert text.index("À reprendre d'abord") < text.index("Sources déclarées")
    assert "3 lignes reprises, 2 à corriger." in text
    failed = running.client().get("/en/members/trignac").text
    assert "unreachable" in failed and "Check the source&#39;s address." in failed


@pytest.mark.services
def test_row_report_gives_line_value_and_remedy(running: Running) -> None:
    text = running.client().get("/fr/runs/run-donges").text
    for expected in ("01/03/2024", "Écrivez « 2024-03-01 ».", "dateConvention", "Valeur du mauvais type", ">3<"):
        assert expected in text


@pytest.mark.services
def test_row_report_of_personal_data_gives_line_and_column_only(running: Running) -> None:
    client = running.client()
    for address in ("/fr/runs/run-personal", "/fr/runs/run-personal.json", "/fr/runs/run-personal/errors.csv"):
        text = client.get(address).text
        assert "auteur_courriel" in text
        assert "habitant9" not in text
    assert "non montrée" in client.get("/fr/runs/run-personal").text


@pytest.mark.services
def test_row_report_csv_is_safe_in_a_spreadsheet(running: Running) -> None:
    text = running.client().get("/en/runs/run-donges/errors.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [(row["line"], row["value"]) for row in rows] == [("3", "01/03/2024"), ("4", "'=douze")]
    assert (rows[0]["remedy"], rows[0]["severity"]) == ("Write “2024-03-01”.", "blocks")
    french = running.client().get("/fr/runs/run-donges/errors.csv").content.decode("utf-8-sig")
    (first, _) = list(csv.DictReader(io.StringIO(french), delimiter=";"))
    assert (first["ligne"], first["remède"], first["gravité"]) == ("3", "Écrivez « 2024-03-01 ».", "bloque")


@pytest.mark.services
def test_open_dataset_has_a_preview_and_a_restricted_one_has_reasons(running: Running) -> None:
    client = running.client()
    assert "Association exemple 01" in client.get("/fr/datasets/subventions").text
    restricted = client.get("/fr/datasets/consommation_energie").text
    assert "Ce qui changerait la réponse" in restricted
    assert "/fr/reasons/" in restricted


@pytest.mark.services
def test_dataset_under_agreement_says_whom_to_ask_and_an_open_one_does_not(running: Running) -> None:
    client = running.client()
    restricted = client.get("/fr/datasets/consommation_energie").text
    message = html.unescape(re.search(r'href="(mailto:[^"]*body=[^"]*)"', restricted)[1])  # type: ignore[index]
    assert message.startswith("mailto:donnees@federation.example?subject=Demande%20d%27acc%C3%A8s")
    assert "consommation_energie" in message and "%0D%0A" in message
    assert 'id="ask"' not in client.get("/fr/datasets/subventions").text


@pytest.mark.services
@pytest.mark.parametrize(
    ("purpose", "allowed", "code"),
    [
        ("dpv:ResearchAndDevelopment", True, "agreement_in_force"),
        ("dpv:Marketing", False, "purpose_not_covered"),
        ("", False, "purpose_missing"),
    ],
)
def test_why_shows_the_rule_that_decided(running: Running, purpose: str, allowed: bool, code: str) -> None:
    client = running.client()
    answer = client.get(f"/fr/why.json{WHY.removeprefix('/why')}{purpose}").json()
    assert answer["explanation"]["decision"]["allow"] is allowed
    decisive = [each["rule"]["code"] for each in answer["explanation"]["rules"] if each["is_decisive"]]
    assert code in decisive
    assert len(answer["explanation"]["rules"]) > 10
    assert code in client.get(f"/fr{WHY}{purpose}").text


@pytest.mark.services
def test_why_can_ask_about_another_day(running: Running) -> None:
    address = "/fr/why.json?organisation=exemple-eau&dataset=consommation_energie&purpose=dpv:ResearchAndDevelopment"
    then = running.client().get(f"{address}&instant=2024-06-01T12:00").json()["explanation"]["decision"]
    now = running.client().get(address).json()["explanation"]["decision"]
    assert (then["allow"], now["allow"]) == (True, False)


@pytest.mark.services
def test_form_that_fails_comes_back_filled(running: Running) -> None:
    address = "/en/why?organisation=nobody&dataset=subventions&instant=yesterday&purpose=dpv:Marketing"
    text = running.client().get(address).text
    assert "Choose an organisation of the list." in text and "Write the date so" in text
    assert 'value="dpv:Marketing"' in text and 'value="yesterday"' in text
    assert 'aria-invalid="true"' in text


@pytest.mark.services
def test_typed_text_is_never_markup(running: Running) -> None:
    text = running.client().get("/fr/why", params={"purpose": '"><script>alert(1)</script>'}).text
    assert "<script" not in text


@pytest.mark.services
def test_journal_page_shows_accesses_and_verifies(running: Running) -> None:
    client = running.client()
    client.get("/v1/feeds/subventions?limit=1")
    page = client.get("/fr/journal.json?target=subventions&verify=1").json()
    assert page["entries"][0]["target"] == "subventions"
    assert (page["is_verified"], page["broken"]) == (True, None)
    assert "La chaîne est intacte" in client.get("/fr/journal?verify=1").text


@pytest.mark.services
def test_policies_page_says_what_is_in_force_and_that_the_engine_decides_by_it(running: Running) -> None:
    client = running.client()
    deadline = time.monotonic() + 15
    while len((page := client.get("/fr/policies.json").json())["status"]["bundles"]) < 2:
        assert time.monotonic() < deadline, "the engine did not report"
    status = page["status"]
    assert (status["verdict"], status["answers_with"]) == ("active", status["in_force"]["revision"])
    active = {bundle["bundle"]: bundle["revision"] for bundle in status["bundles"]}
    assert f"{active['policies']}+{active['data']}" == status["answers_with"]
    assert page["changes"][0]["revision"] == status["answers_with"]
    assert "applique la version en vigueur" in client.get("/fr/policies").text
    assert "decides by the version in force" in client.get("/en/policies").text


@pytest.mark.services
def test_unknown_page_is_a_page_in_its_language(running: Running) -> None:
    for language, words in (("fr", "Introuvable"), ("en", "Not found")):
        for path in ("/nothing", "/members/nobody", "/datasets/nothing", "/runs/none", "/reasons/none"):
            answer = running.client().get(f"/{language}{path}")
            assert answer.status_code == 404
            assert f"<h1>{words}</h1>" in answer.text


def _messages() -> Iterator[str | tuple[str, ...]]:
    options = {"**.html": {"trimmed": "true"}}
    found = extract_from_dir(TEMPLATES, [("**.html", "jinja2")], options, keywords={"_": None, "ngettext": (1, 2)})
    for _, _, message, _, _ in found:
        yield message


def test_every_sentence_has_its_english_and_no_other_is_kept() -> None:
    catalogue = english_catalogue()
    used = set(_messages())
    assert len(used) > 150
    for message in used:
        found = catalogue.get(message if isinstance(message, str) else message[0])
        assert found is not None and found.string and all(found.string), message
    kept = {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue if message.id}
    assert kept == used


def test_numbers_and_plurals_follow_the_language() -> None:
    assert Writing("fr").number(1234567.5) == "1\u202f234\u202f567,5"
    assert Writing("en").number(1234567.5) == "1,234,567.5"
    assert Writing("fr").number(None) == "–"


def test_first_of_a_month_is_premier_and_accents_do_not_sort_behind_z() -> None:
    assert Writing("fr").day(date(2026, 1, 1)) == "1er janvier 2026"
    assert Writing("fr").day(date(2026, 1, 11)) == "11 janvier 2026"
    assert Writing("en").day(date(2026, 1, 1)) == "1 January 2026"
    assert Writing("fr").instant(datetime(2026, 11, 1, 12, tzinfo=UTC)) == "1er nov. 2026, 13:00"
    assert sorted(["Subventions", "Équipements", "Délibérations"], key=by_letters)[1] == "Équipements"


@pytest.mark.parametrize(
    ("cron", "french", "english"),
    [
        ("30 4 * * *", "chaque jour à 04:30", "every day at 04:30"),
        ("0 6 * * 1", "chaque lundi à 06:00", "every Monday at 06:00"),
        ("0 6 * * 0", "chaque dimanche à 06:00", "every Sunday at 06:00"),
        ("5 0 12 * *", "le 12 du mois à 00:05", "on day 12 of the month at 00:05"),
        ("15 6 1 * *", "le 1er du mois à 06:15", "on day 1 of the month at 06:15"),
        ("*/5 * * * *", "*/5 * * * *", "*/5 * * * *"),
        ("@daily", "@daily", "@daily"),
    ],
)
def test_schedule_is_a_sentence_where_it_is_plain(cron: str, french: str, english: str) -> None:
    assert (Writing("fr").schedule(cron), Writing("en").schedule(cron)) == (french, english)


def test_row_filter_is_told_in_words() -> None:
    tree = {
        "type": "compound",
        "operator": "and",
        "value": [
            {"type": "field", "operator": "in", "field": "row.commune_insee", "value": ["44052", "44210"]},
            {"type": "compound", "operator": "not", "value": [
                {"type": "field", "operator": "eq", "field": "row.mois", "value": None}]},
        ],
    }  # fmt: skip
    assert (
        filter_words(tree).fr
        == "commune_insee est parmi «\u00a044052\u00a0», «\u00a044210\u00a0» et sauf si mois est vide"
    )
    assert filter_words({}).en == "every row"
    assert filter_words(None).en == "no row"


@pytest.mark.parametrize("page", ["/fr/external", "/fr/policies/impact", "/fr/runs/none/confirm"])
def test_a_form_larger_than_any_of_ours_is_refused_in_words(running: Running, page: str) -> None:
    answer = running.client().post(page, files={"file": ("gros.bin", b"x" * (21 << 20))})
    assert answer.status_code == 403 and "rien n" in answer.text
