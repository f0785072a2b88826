"""A new member is one YAML; a new source is a few lines more; both can be used at once."""

from pathlib import Path

import pytest

from governance.federation import load_federation
from tests.scaffold.conftest import New

SITES = {"example_sites": "http://sites.example"}
FACTS = ("--name", "Saint-Exemple", "--siren", "000000059", "--insee-code", "44999", "--population", "1200")
FILE = "https://www.saint-exemple.example/subventions.csv"


def test_new_member_is_one_file_that_loads_with_the_federation(new: New) -> None:
    before = new.tree()
    assert new("member", "saint-exemple", *FACTS).exit_code == 0
    assert set(new.tree()) - set(before) == {"federation/members/saint-exemple.yaml"}
    member = load_federation(new.project / "federation", SITES).members["saint-exemple"]
    assert (member.name, member.siren, member.insee_code, member.population) == (
        "Saint-Exemple", "000000059", "44999", 1200,
    )  # fmt: skip
    assert member.sources == ()


def test_what_is_not_given_is_asked_for(new: New) -> None:
    done = new("member", "saint-exemple", typed='L\'Exemple: à "côté"\n000000059\n1200\n44999\n')
    assert done.exit_code == 0, done.output
    member = load_federation(new.project / "federation", SITES).members["saint-exemple"]
    assert member.name == 'L\'Exemple: à "côté"'


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("donges", *FACTS), "takes part already, as Donges"),
        (("saint-exemple", *FACTS[:2], "--siren", "214400525", *FACTS[4:]), "is that of 'donges'"),
        (("saint-exemple", *FACTS[:4], "--insee-code", "44052", *FACTS[6:]), "is that of 'donges'"),
        (("saint-exemple", *FACTS[:2], "--siren", "214400526", *FACTS[4:]), "check digit"),
        (("Saint-Exemple", *FACTS), "id: "),
        (("saint-exemple", *FACTS[:4], "--insee-code", "4", *FACTS[6:]), "insee_code: "),
        (("saint-exemple", *FACTS[:6], "--population", "0"), "population: "),
    ],
)
def test_member_that_cannot_be_writes_nothing_and_says_why(new: New, arguments: tuple[str, ...], words: str) -> None:
    before = new.tree()
    done = new("member", *arguments)
    assert (done.exit_code, new.tree() == before) == (2, True)
    assert words in done.stderr


def test_sources_are_added_to_a_member_without_any_and_to_one_with_some(new: New) -> None:
    new("member", "saint-exemple", *FACTS)
    for member_id in ("saint-exemple", "donges"):
        before = load_federation(new.project / "federation", SITES).members[member_id].sources
        for dataset in ("lieux_covoiturage", "consommation_energie"):
            done = new("source", member_id, dataset, "--url", FILE)
            assert done.exit_code == 0, done.output
        after = load_federation(new.project / "federation", SITES).members[member_id].sources
        assert after[: len(before)] == before
        assert [(s.id, s.connector, s.options) for s in after[len(before) :]] == [
            ("lieux_covoiturage", "http_file", {"url": FILE}),
            ("consommation_energie", "http_file", {"url": FILE}),
        ]


def test_every_declaration_can_be_added_to_and_is_kept_to_the_letter(new: New) -> None:
    paths = sorted((new.project / "federation").glob("members/*.yaml"))
    paths += sorted((new.project / "federation").glob("partners/*.yaml"))
    assert len(paths) >= 15
    for path in paths:
        before = path.read_text(encoding="utf-8")
        done = new("source", path.stem, "equipements", "--id", "more", "--url", FILE)
        assert done.exit_code == 0, done.output
        kept = [line for line in before.splitlines() if line.strip() and line != "sources: []"]
        assert [line for line in path.read_text(encoding="utf-8").splitlines() if line in set(kept)][
            : len(kept)
        ] == kept


@pytest.mark.parametrize(
    "text",
    ["sources:\n- dataset: equipements\n  connector: http_file\n  options: {url: 'https://a.example/b'}\n", ""],
    ids=["not indented", "no list"],
)
def test_list_of_sources_may_be_written_in_any_usual_way(new: New, text: str) -> None:
    new("member", "saint-exemple", *FACTS)
    path = new.project / "federation" / "members" / "saint-exemple.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("sources: []\n", text), encoding="utf-8")
    done = new("source", "saint-exemple", "subventions", "--url", FILE)
    assert done.exit_code == 0, done.output
    assert load_federation(new.project / "federation", SITES).members["saint-exemple"].sources[-1].id == "subventions"


def test_options_that_a_connector_needs_are_asked_for(new: New, tmp_path: Path) -> None:
    done = new("source", "donges", "lieux_covoiturage", "--connector", "local_folder", typed=f"{tmp_path}\n")
    assert done.exit_code == 0, done.output
    source = load_federation(new.project / "federation", SITES).members["donges"].sources[-1]
    assert (source.connector, source.options) == ("local_folder", {"folder": str(tmp_path)})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "subventions", "--url", FILE), "nobody is called 'nowhere'; known: besne"),
        (("donges", "subvention", "--url", FILE), "no contract 'subvention'; known: consommation_energie"),
        (("donges", "subventions", "--url", FILE), "has a source 'subventions' already"),
        (("donges", "lieux_covoiturage", "--connector", "http_fil"), "Did you mean 'http_file'?"),
        (("donges", "lieux_covoiturage", "--url", "ftp://a.example/b"), "option url: an address begins with https://"),
        (("donges", "lieux_covoiturage", "--url", FILE, "--option", "urll=1"), "option urll"),
        (("donges", "lieux_covoiturage", "--url", FILE, "--option", "bearer"), "name=value"),
    ],
)
def test_source_that_cannot_be_writes_nothing_and_says_why(new: New, arguments: tuple[str, ...], words: str) -> None:
    before = new.tree()
    done = new("source", *arguments)
    assert (done.exit_code, new.tree() == before) == (2, True)
    assert words in done.stderr
