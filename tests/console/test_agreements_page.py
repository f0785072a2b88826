"""Agreements as officers see them: how each stands today, who decided, and whether the engine decides by it."""

from datetime import date
from urllib.parse import urlsplit

import pytest

from governance.console.agreement_bars import draw_bars
from governance.console.agreements_page import agreements_page, standing_on
from governance.decisions.agreements import Agreement
from tests.api.small_platform import AGREEMENTS, Running

DAY = date(2026, 11, 29)


def _agreement(**changes: object) -> Agreement:
    return Agreement.model_validate({**AGREEMENTS[0], **changes})


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "in_force"),
        ({"valid_until": "2026-11-29"}, "ends_soon"),
        ({"valid_until": "2027-01-27"}, "ends_soon"),
        ({"valid_until": "2027-01-28"}, "in_force"),
        ({"valid_until": "2026-11-28"}, "ended"),
        ({"valid_from": "2026-11-30"}, "to_come"),
        ({"state": "suspended", "valid_until": "2026-11-28"}, "suspended"),
        ({"state": "offered"}, "open"),
        ({"state": "revoked"}, "ended"),
    ],
)
def test_agreement_stands_by_its_state_and_the_day(changes: dict[str, object], standing: str) -> None:
    assert standing_on(_agreement(**changes), DAY) == standing


def test_bars_span_whole_years_and_today_lies_among_them() -> None:
    spans = [("a", "Une", date(2025, 3, 1), date(2025, 3, 1), "ended"), ("b", "x" * 80, DAY, DAY, "in_force")]
    drawn = draw_bars(spans, DAY)
    assert drawn is not None
    assert [mark.year for mark in drawn.years] == [2025, 2026]
    assert drawn.bars[0].width >= 3 and drawn.bars[1].x == drawn.today
    assert len(drawn.bars[1].label) < 60
    assert draw_bars([], DAY) is None


@pytest.mark.services
def test_page_tells_who_gives_what_to_whom_and_how_it_stands(running: Running) -> None:
    text = running.client().get("/fr/agreements").text
    assert text.index("Recherche (exemple)") < text.index("Échue (exemple)")
    for expected in (
        "commune_insee est «\u00a044052\u00a0»",
        "recherche et développement",
        "citer la source",
        "expirée",
    ):
        assert expected in text
    told = running.client().get("/en/agreements.json").json()
    assert [(one["id"], one["standing"]) for one in told["agreements"]] == [
        ("exemple-startup", "in_force"),
        ("exemple-eau", "ended"),
    ]
    assert all(one["is_in_force_as_declared"] for one in told["agreements"])


@pytest.mark.services
def test_its_question_of_why_has_an_answer(running: Running) -> None:
    text = running.client().get("/fr/agreements").text
    start = text.index("/fr/why?organisation=exemple-startup")
    address = urlsplit(text[start : text.index('"', start)].replace("&amp;", "&"))
    answer = running.client().get(f"{address.path}.json?{address.query}").json()
    assert answer["explanation"]["decision"]["allow"] is True


@pytest.mark.services
def test_declaration_that_is_not_in_force_is_marked(running: Running) -> None:
    path = running.platform.settings.federation_dir / "agreements" / "exemple-startup.yaml"
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(before.replace("state: finalized", "state: suspended"), encoding="utf-8")
        page = agreements_page(running.platform)
        assert [one.id for one in page.agreements if not one.is_in_force_as_declared] == ["exemple-startup"]
        assert "pas encore en vigueur" in running.client().get("/fr/agreements").text
        path.write_text(before.replace("state: finalized", "state: fnalized"), encoding="utf-8")
        broken = running.client().get("/fr/agreements")
        assert broken.status_code == 200 and "exemple-startup.yaml" in broken.text and "fnalized" in broken.text
    finally:
        path.write_text(before, encoding="utf-8")
    assert agreements_page(running.platform).gone == ()
