"""The example's clerk hands in once, into a box of the example, and into no box of an installation that is none."""

import shutil
from pathlib import Path

import pytest

from governance.federation import load_federation
from governance.journal.model import Search
from governance.pipeline.external import ask_external
from governance.pipeline.hand_in import Box, find_box, find_waiting, take_back
from governance.platform import Platform, open_platform
from governance.settings import PROJECT_ROOT, Settings
from infra.native.example_clerk import WHO, hand_in_examples
from infra.town_halls.generate import generate

MEMBER, SOURCE = "saint-malo-de-guersac", "equipements"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sites")
    generate(folder)
    return folder


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    declared = shutil.copytree(PROJECT_ROOT / "federation", tmp_path / "federation")
    return open_platform(Settings(state_dir=tmp_path / "state", federation_dir=declared))


def _box(platform: Platform) -> Box:
    return find_box(platform, MEMBER, SOURCE)


def test_the_first_file_is_handed_in_once_and_the_journal_says_who(platform: Platform, sites: Path) -> None:
    hand_in_examples(platform, sites)
    waiting = find_waiting(platform, _box(platform))
    assert waiting is not None and waiting.path.read_bytes() == (sites / MEMBER / "equipements.csv").read_bytes()
    hand_in_examples(platform, sites)
    (entry,) = platform.journal.search(Search(kind="source_change"))
    assert (entry.fields["action"], platform.journal.identity_of(entry.subject or "")) == ("handed_in", WHO)


def test_a_file_that_was_taken_back_is_not_handed_in_again(platform: Platform, sites: Path) -> None:
    hand_in_examples(platform, sites)
    take_back(platform, _box(platform), "clerk")
    hand_in_examples(platform, sites)
    assert find_waiting(platform, _box(platform)) is None


@pytest.mark.parametrize("box", [f"{MEMBER}/{SOURCE}", "exemples/x"])
def test_a_box_of_no_example_is_left_alone(platform: Platform, sites: Path, box: str) -> None:
    path = platform.settings.federation_dir / "members" / f"{MEMBER}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(f"exemple/{MEMBER}/{SOURCE}", box), encoding="utf-8")
    own = open_platform(platform.settings)
    assert own.federation != platform.federation
    hand_in_examples(own, sites)
    assert not own.settings.uploads_dir.exists()


def test_a_federation_without_that_town_hall_is_left_alone(platform: Platform, sites: Path) -> None:
    (platform.settings.federation_dir / "members" / f"{MEMBER}.yaml").unlink()
    own = open_platform(platform.settings)
    hand_in_examples(own, sites)
    assert not own.settings.uploads_dir.exists()


def test_the_portal_that_is_not_up_stops_nothing(platform: Platform) -> None:
    """As where commands are typed while the example sites are down."""
    quick = platform.settings.model_copy(update={"fetch_attempts": 1, "example_sites_port": 9})
    (asked,) = ask_external(open_platform(quick))
    assert asked.problem_fr and asked.datasets == 0
    assert load_federation(quick.federation_dir, {"example_sites": "http://127.0.0.1:9"}).external
