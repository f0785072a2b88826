"""Catalogues of others are asked when they are due, and one that is silent, empty or broken changes nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from governance.commands.main import app
from governance.decisions.opa import OpaDecisionPoint
from governance.federation import DeclarationError, load_federation
from governance.journal.model import Search
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.external import ask_external
from governance.pipeline.external_desk import ExternalDesk
from governance.pipeline.harmonise import harmonise
from governance.pipeline.publish import publish
from governance.platform import Platform, open_platform
from governance.settings import load_settings
from tests.connectors.api.dcat_catalogue import DcatCatalogue
from tests.connectors.api.served import Reply
from tests.pipeline.conftest import World, place

NOW = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)


@pytest.fixture
def portal() -> Iterator[DcatCatalogue]:
    made = DcatCatalogue()
    made.titles = {"d1": "Voirie de Donges", "d2": "Arbres de Besné", "d3": "Ailleurs"}
    with made.serving():
        yield made


def _declare(world: World, portal: DcatCatalogue, name: str = "departement", **changes: Any) -> Platform:
    told = {
        "id": name,
        "name": "Portail du département (exemple)",
        "homepage": "https://departement.example",
        "connector": "dcat",
        "options": {"url": f"{portal.address}/catalog"},
        "keep": {"territory": True},
        **changes,
    }
    path = world.platform.settings.federation_dir / "external" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    reach = {"egress_exceptions": (portal.endpoint,), "fetch_attempts": 1, "fetch_timeout_seconds": 5.0}
    return open_platform(world.platform.settings.model_copy(update=reach))


def _known(platform: Platform, name: str = "departement") -> dict[str, Any]:
    path = platform.settings.state_dir / "catalogue" / "external" / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_what_is_of_the_territory_is_kept(world: World, portal: DcatCatalogue) -> None:
    platform = _declare(world, portal)
    (asked,) = ask_external(platform, NOW)
    assert (asked.datasets, asked.problem_fr) == (2, "")
    titles = {each["record"]["title"] for each in _known(platform)["records"].values()}
    assert titles == {"Voirie de Donges", "Arbres de Besné"}


def test_one_that_answered_is_left_alone_until_it_is_due_or_declared_otherwise(
    world: World, portal: DcatCatalogue
) -> None:
    platform = _declare(world, portal, every_hours=20)
    ask_external(platform, NOW)
    assert ask_external(platform, NOW + timedelta(hours=19)) == []
    assert len(ask_external(platform, NOW + timedelta(hours=20))) == 1
    wider = _declare(world, portal, keep={"everything": True})
    assert [each.datasets for each in ask_external(wider, NOW + timedelta(hours=21))] == [3]


@pytest.mark.parametrize(
    "reply", [Reply(b"", 503), Reply(b"<html>", 200, {"Content-Type": "text/html"}), Reply(b"", 404)]
)
def test_one_that_fails_keeps_what_is_known_and_says_why(world: World, portal: DcatCatalogue, reply: Reply) -> None:
    platform = _declare(world, portal)
    ask_external(platform, NOW)
    before = _known(platform)
    portal.refusal = reply
    (asked,) = ask_external(platform, NOW + timedelta(days=40))
    after = _known(platform)
    assert asked.problem_fr
    assert asked.problem_en
    assert (after["records"], after["asked_at"]) == (before["records"], before["asked_at"])
    portal.refusal = None
    (asked,) = ask_external(platform, NOW + timedelta(days=41))
    assert (asked.problem_fr, asked.datasets) == ("", 2)


def test_one_that_lists_nothing_at_all_is_not_believed(world: World, portal: DcatCatalogue) -> None:
    platform = _declare(world, portal)
    ask_external(platform, NOW)
    portal.titles = {}
    (asked,) = ask_external(platform, NOW + timedelta(days=1))
    assert "aucun jeu" in asked.problem_fr
    assert all(each["absent_since"] is None for each in _known(platform)["records"].values())


def test_a_silent_one_stops_no_other(world: World, portal: DcatCatalogue) -> None:
    _declare(world, portal, "absent", options={"url": "http://127.0.0.1:9/catalog"})
    platform = _declare(world, portal)
    asked = {each.id: each for each in ask_external(platform, NOW)}
    assert asked["absent"].problem_fr
    assert asked["departement"].datasets == 2


def test_a_defect_in_reading_one_is_said_and_stops_no_other(
    world: World, portal: DcatCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = _declare(world, portal)
    monkeypatch.setattr("governance.pipeline.external.find_connector", lambda _: 1 / 0)
    (asked,) = ask_external(platform, NOW)
    assert "anomalie" in asked.problem_fr


def test_the_command_tells_what_came_and_ends_with_one_when_one_was_silent(
    world: World, portal: DcatCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = _declare(world, portal)
    monkeypatch.setenv("ARCHIPEL_EGRESS_EXCEPTIONS", json.dumps([portal.endpoint]))
    monkeypatch.setenv("ARCHIPEL_FETCH_ATTEMPTS", "1")
    load_settings.cache_clear()
    folders = ["--federation", str(platform.settings.federation_dir), "--state", str(platform.settings.state_dir)]
    done = CliRunner().invoke(app, ["external", *folders])
    assert (done.exit_code, "2 jeu(x) de données du territoire" in done.stdout) == (0, True), done.output
    portal.refusal = Reply(b"", 404)
    done = CliRunner().invoke(app, ["external", *folders, "--lang", "en"])
    assert (done.exit_code, "2 dataset(s)" in done.stdout, "404" in done.stdout) == (1, True, True), done.output


def test_who_asks_by_the_command_is_in_the_journal_as_by_the_page_and_a_schedule_is_nobody(
    world: World, portal: DcatCatalogue
) -> None:
    platform = _declare(world, portal)
    ask_external(platform, NOW)
    assert platform.journal.search(Search(kind="source_change")) == []
    folders = ["--federation", str(platform.settings.federation_dir), "--state", str(platform.settings.state_dir)]
    CliRunner().invoke(app, ["external", "departement", "--by", "agente (exemple)", *folders])
    desk = ExternalDesk(platform.settings, platform.journal)
    assert desk.ask("departement", "agente (exemple)")
    desk.close()
    by_page, by_command = platform.journal.search(Search(kind="source_change"))
    assert by_command.fields == {"action": "external_asked", "external": "departement"}
    assert (by_command.fields, by_command.subject) == (by_page.fields, by_page.subject)


def test_an_id_of_a_member_is_refused_with_the_file(world: World, portal: DcatCatalogue) -> None:
    with pytest.raises(DeclarationError, match=r"external/donges\.yaml.*already a member"):
        _declare(world, portal, "donges")


def test_a_federation_that_declares_none_asks_nobody(world: World) -> None:
    assert ask_external(replace(world.platform), NOW) == []
    assert load_federation(Path(world.platform.settings.federation_dir)).external == {}


def test_what_was_kept_is_published_and_journalled_and_asked_of_nobody_again(
    world: World, portal: DcatCatalogue
) -> None:
    world.write("donges", place(1))
    world.harvest()
    harmonise(world.platform)
    declared = _declare(world, portal)
    ask_external(declared)
    portal.asked.clear()
    with with_policy_engine(declared.settings) as settings:
        platform = replace(declared, settings=settings, pdp=OpaDecisionPoint.from_settings(settings))
        first = publish(platform)
        theirs = [name for name in first.result.created if name.startswith("externe--departement--")]
        served = settings.state_dir / "catalogue" / "current" / "external" / "departement.ttl"
        assert len(theirs) == 2
        assert "Arbres de Besné" in served.read_text(encoding="utf-8")
        (entry,) = platform.journal.search(Search(kind="publication"))
        assert set(theirs) <= set(entry.fields["created"])
        assert publish(platform).result.changed is False
    assert portal.asked == []
