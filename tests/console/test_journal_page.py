"""The journal in sentences: who was given what, through which door, and why not."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from governance.console.journal_words import KINDS, told_entry
from governance.journal.model import Kind, Search
from tests.api.small_platform import Running

ENERGY = "/v1/feeds/consommation_energie?purpose=dpv:"


def test_every_kind_has_a_name() -> None:
    assert set(KINDS) == set(get_args(Kind))


@pytest.mark.services
def test_access_given_and_refused_are_told_with_their_reason(running: Running) -> None:
    client = running.client("exemple-startup")
    assert client.get(f"{ENERGY}ResearchAndDevelopment").status_code == 200
    assert client.get(f"{ENERGY}Marketing").status_code == 403
    text = client.get("/fr/journal?kind=decision&target=consommation_energie").text
    door = "à exemple-startup (exemple), par la porte «\u00a0flux\u00a0», pour dpv:"
    assert f"Accordé {door}ResearchAndDevelopment, 3 lignes." in text
    assert f"Refusé {door}Marketing." in text
    assert '<a href="/fr/reasons/purpose_not_covered">' in text
    assert "Granted to exemple-startup (exemple)" in client.get("/en/journal?kind=decision").text


@pytest.mark.services
def test_its_question_is_that_of_the_entry(running: Running) -> None:
    running.client("exemple-startup").get(f"{ENERGY}Marketing")
    (entry,) = running.platform.journal.search(Search(kind="decision", target="consommation_energie", limit=1))
    told = told_entry(entry, running.platform)
    assert told is not None and told.why is not None and told.tone == "bad"
    asked = {name: value[0] for name, value in parse_qs(told.why).items()}
    assert (asked["organisation"], asked["purpose"], asked["channel"]) == ("exemple-startup", "dpv:Marketing", "feed")
    answer = running.client().get(f"/fr/why.json?{told.why}").json()
    assert answer["explanation"]["decision"]["allow"] is False
    assert answer["question"]["instant"] == entry.at.astimezone(ZoneInfo("Europe/Paris")).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.services
def test_journal_is_searched_by_day_of_legal_time(running: Running) -> None:
    client = running.client()
    client.get("/v1/feeds/subventions?limit=1")
    today = datetime.now(UTC).astimezone(ZoneInfo("Europe/Paris")).date()
    assert client.get(f"/fr/journal.json?since={today}&until={today}").json()["entries"]
    assert client.get(f"/fr/journal.json?since={today + timedelta(days=1)}").json()["entries"] == []
    assert client.get("/fr/journal.json?until=2020-01-01").json()["entries"] == []


@pytest.mark.services
def test_day_that_is_none_is_said_beside_its_field(running: Running) -> None:
    page = running.client().get("/fr/journal?since=hier")
    assert page.status_code == 200
    assert "Écrivez la date ainsi" in page.text and 'value="hier"' in page.text and 'id="f-since"' in page.text
