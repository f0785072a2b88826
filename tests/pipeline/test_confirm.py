"""A file that waits is taken once a person says that its rows are really gone, and who said so is on record."""

import pytest
from typer.testing import CliRunner

from governance.commands.main import app
from governance.journal.model import Search
from governance.pipeline.confirm import NothingHeld, confirm_held, find_held
from governance.pipeline.run_reports import read_run_report
from tests.pipeline.conftest import World

KEY = ("donges", "lieux_covoiturage")
WHO = "agent de Donges (exemple)"


@pytest.fixture
def held(world: World) -> World:
    world.hold()
    return world


def test_confirmed_file_is_taken_and_who_said_so_is_recorded(held: World) -> None:
    waiting = find_held(held.platform, *KEY)
    assert (waiting.rows_before, waiting.rows_after) == (20, 2)
    receipt = confirm_held(held.platform, waiting, WHO)
    assert receipt.outcome == "accepted"
    assert receipt.run_id != waiting.receipt.run_id
    assert held.accepted("donges") == 2
    (entry,) = held.platform.journal.search(Search(kind="confirmation"))
    assert entry.fields["rows_before"] == 20
    assert held.platform.journal.identity_of(entry.subject or "") == WHO


def test_confirmed_file_has_a_report_and_stays_taken(held: World) -> None:
    receipt = confirm_held(held.platform, find_held(held.platform, *KEY), WHO)
    report = read_run_report(held.platform.lake, receipt)
    assert report is not None
    assert report.report.rows.accepted == 2
    assert held.harvest()["donges"].outcome == "unchanged"
    assert held.accepted("donges") == 2


def test_nothing_is_confirmed_twice(held: World) -> None:
    confirm_held(held.platform, find_held(held.platform, *KEY), WHO)
    with pytest.raises(NothingHeld, match="nothing of donges/lieux_covoiturage waits"):
        find_held(held.platform, *KEY)


def test_held_file_says_how_to_confirm_it(held: World) -> None:
    receipt = find_held(held.platform, *KEY).receipt
    assert "archipel confirm donges lieux_covoiturage" in receipt.remedy_fr
    assert "archipel confirm donges lieux_covoiturage" in receipt.remedy_en


@pytest.mark.parametrize(
    ("member", "source", "words"),
    [
        ("nowhere", "lieux_covoiturage", "nobody is called 'nowhere'; known:"),
        ("donges", "menus", "donges has no source 'menus'; known: lieux_covoiturage"),
        ("trignac", "lieux_covoiturage", "nothing of trignac/lieux_covoiturage waits"),
    ],
)
def test_what_does_not_wait_is_named(held: World, member: str, source: str, words: str) -> None:
    with pytest.raises(NothingHeld, match=words):
        find_held(held.platform, member, source)


def test_command_asks_first_and_a_no_changes_nothing(held: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = held.platform.settings
    monkeypatch.setenv("ARCHIPEL_OPA_URL", "http://127.0.0.1:9")
    places = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    said_no = CliRunner().invoke(app, ["confirm", *KEY, *places], input="n\n")
    assert said_no.exit_code == 1
    assert "20 lignes valables avant, 2 dans le fichier" in said_no.output
    assert held.accepted("donges") == 20
    said_yes = CliRunner().invoke(app, ["confirm", *KEY, *places, "--by", WHO], input="y\n")
    assert said_yes.exit_code == 0
    assert held.accepted("donges") == 2
