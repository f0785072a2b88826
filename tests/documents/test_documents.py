"""What the documents claim about the tree is so: links resolve, lists are whole, named files exist."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from governance.lineage.names import PRODUCER

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)]*)?\)")
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.MULTILINE)
NAME = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z]+\])?")


def _direct_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return {found.group() for line in lines if (found := NAME.match(line))}


def test_there_are_pages_to_look_at() -> None:
    assert len(PAGES) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_resolve(page: Path) -> None:
    targets = [match.group(1) for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def _anchors(page: Path) -> set[str]:
    """Ids of a page's headings as a forge makes them: lower case, words joined by hyphens, punctuation gone."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_a_heading_name_one_that_is_there(page: Path) -> None:
    wanted = re.findall(r"\]\(([^)\s#]*\.md)?#([^)\s]+)\)", page.read_text(encoding="utf-8"))
    missing = [anchor for target, anchor in wanted if anchor not in _anchors(page.parent / target if target else page)]
    assert missing == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in reached:
            continue
        reached.add(page)
        targets = [match.group(1) for match in LINK.finditer(page.read_text(encoding="utf-8"))]
        ahead += [page.parent / target for target in targets if target.endswith(".md") and "://" not in target]
    alone = {page.resolve() for page in PAGES} - reached
    # Read where a forge looks for them, or linked from nowhere because they are the top of something else.
    assert {page.name for page in alone} <= {"CHANGELOG.md", "SECURITY.md"}


def test_every_direct_dependency_has_its_reason_and_no_other_has() -> None:
    rows = dict(ROW.findall((ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")))
    assert set(rows) == _direct_dependencies()
    assert all(len(reason) > 10 for reason in rows.values())


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = {match.group(1) for match in LINK.finditer((folder / "README.md").read_text(encoding="utf-8"))}
    assert listed == {path.name for path in folder.glob("0*.md")}
    assert len(listed) >= 5


def test_every_word_of_the_glossary_has_its_french() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    words = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")][2:]
    assert len(words) > 25
    assert all(len(cells) == 4 and all(cells[:3]) for cells in words)
    assert len({cells[0] for cells in words}) == len(words)


def test_licence_is_the_one_that_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "EUPL-1.2"
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_publiccode_has_what_version_0_4_requires() -> None:
    told = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {"name", "url", "platforms", "developmentStatus", "softwareType", "description", "legal"}
    assert required | {"maintenance", "localisation", "publiccodeYmlVersion"} <= set(told)
    assert told["publiccodeYmlVersion"] == "0.4"
    assert told["legal"]["license"] == project["license"]
    released = re.findall(r"^## \[?(\d[\d.]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert told.get("softwareVersion") == (project["version"] if released else None)
    assert ("releaseDate" in told) is bool(released)
    assert set(told["description"]) == set(told["localisation"]["availableLanguages"]) == {"fr", "en"}
    for words in told["description"].values():
        assert len(words["shortDescription"]) <= 150
        assert 150 <= len(words["longDescription"]) <= 10_000
        assert words["features"] and all(len(feature) <= 100 for feature in words["features"])


def test_publiccode_names_nobody_who_is_not_there() -> None:
    """A contact must be a person; an address that is reserved for examples is nobody's, and stands for ours alone."""
    text = (ROOT / "publiccode.yml").read_text(encoding="utf-8")
    told = yaml.safe_load(text)
    assert (told["maintenance"]["type"] in {"internal", "community"}) is bool(told["maintenance"].get("contacts"))
    assert "exemple" not in text
    assert re.findall(r"\S+\.example\S*", text) == [PRODUCER] == [told["url"]]
