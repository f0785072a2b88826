"""A rehearsal says what a harvest would do, with remedies, and keeps nothing."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from governance.commands.rehearse import rehearse as command
from governance.contracts.odcs import load_contracts
from governance.federation import load_federation
from governance.pipeline.harvest import harvest
from governance.pipeline.rehearse import rehearse
from governance.platform import open_platform
from governance.reach import limits_of
from governance.settings import PROJECT_ROOT, Settings
from infra.town_halls.generate import generate
from infra.town_halls.serve import Sites

FEDERATION = PROJECT_ROOT / "federation"
APP = typer.Typer()
APP.command("rehearse")(command)


@dataclass(frozen=True)
class World:
    """The example sites, up, and settings that point at them."""

    settings: Settings

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(APP, list(arguments))

    def files(self) -> list[Path]:
        return list(self.settings.state_dir.rglob("*"))


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("sites")
    generate(folder)
    with Sites(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def world(sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    port = int(sites.address.rpartition(":")[2])
    settings = Settings(state_dir=tmp_path / "state", example_sites_port=port, fetch_attempts=1)
    monkeypatch.setattr("governance.commands.options.load_settings", lambda: settings)
    return World(settings)


@pytest.mark.parametrize("member_id", ["donges", "pornichet", "montoir-de-bretagne"])
def test_rehearsal_counts_what_the_first_harvest_counts(world: World, member_id: str) -> None:
    settings = world.settings
    exceptions = (settings.example_sites_address.removeprefix("http://"),)
    platform = open_platform(settings.model_copy(update={"egress_exceptions": exceptions}))
    organisation = platform.federation.organisations[member_id]
    contracts = load_contracts(FEDERATION / "contracts")
    rehearsed = {
        each.source_id: each.report.rows
        for each in rehearse(organisation, contracts, settings, limits_of(settings, exceptions))
        if each.report is not None
    }
    receipts = harvest(platform, [(organisation, source) for source in organisation.sources])
    harvested = {r.source_id: (r.rows_in, r.rows_accepted, r.rows_quarantined, r.rows_duplicates) for r in receipts}
    assert len(harvested) == len(organisation.sources) >= 4
    assert {name: (n.read, n.accepted, n.quarantined, n.duplicates) for name, n in rehearsed.items()} == harvested
    assert any(rows.quarantined for rows in rehearsed.values())


def test_rehearsal_keeps_nothing(world: World) -> None:
    done = world.run("donges")
    assert done.exit_code == 0, done.output
    assert "Rien n'a été enregistré" in done.output
    assert world.files() == []


def test_each_error_comes_with_its_line_and_its_remedy(world: World) -> None:
    text = world.run("donges", "--source", "equipements", "--errors", "1", "--lang", "en").output
    assert "Read 180" in text
    line, remedy = text.splitlines()[1:3]
    assert line.strip().startswith("Line ")
    assert remedy.strip().startswith("→ ")
    assert "and 4 more" in text or "more (--errors" in text


def test_json_holds_every_error(world: World) -> None:
    (told,) = json.loads(world.run("donges", "--source", "equipements", "--json").stdout)
    assert told["problem"] is None
    assert told["report"]["rows"]["quarantined"] == 4
    assert len(told["report"]["errors"]) >= 4


def test_member_that_is_down_is_told_apart_from_wrong_rows(world: World) -> None:
    done = world.run("besne", "--json")
    assert done.exit_code == 1
    assert {told["problem"]["code"] for told in json.loads(done.stdout)} == {"source_unavailable"}


def test_source_without_a_contract_is_a_problem_with_a_remedy(world: World) -> None:
    federation = load_federation(FEDERATION, {"example_sites": world.settings.example_sites_address})
    found = list(rehearse(federation.members["donges"], {}, world.settings, limits_of(world.settings)))
    assert len(found) == 5
    assert all(each.problem is not None and "make new-dataset" in each.problem.remedy_en for each in found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "nobody is called 'nowhere'"),
        (("donges", "--source", "absent"), "Connues : subventions"),
        (("exemple-eau",), "ne déclare aucune source"),
    ],
)
def test_nothing_to_rehearse_ends_with_2_and_words(world: World, arguments: tuple[str, ...], words: str) -> None:
    done = world.run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_other_addresses_of_this_machine_stay_forbidden(world: World, tmp_path: Path) -> None:
    """The exception is for the example town halls alone."""
    import shutil

    shutil.copytree(FEDERATION, tmp_path / "federation")
    path = tmp_path / "federation" / "members" / "donges.yaml"
    path.write_text(path.read_text("utf-8").replace("{example_sites}", "http://127.0.0.1:9"), encoding="utf-8")
    done = world.run("donges", "--federation", str(tmp_path / "federation"), "--json")
    assert done.exit_code == 1
    assert {told["problem"]["code"] for told in json.loads(done.stdout)} == {"egress_forbidden"}
