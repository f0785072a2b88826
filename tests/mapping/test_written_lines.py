"""A proposal is written only when a person says so; what stood in the declaration stays to the letter."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from governance.commands.main import app
from governance.federation import Source, load_organisation
from governance.settings import PROJECT_ROOT

SITES = {"example_sites": "http://127.0.0.1:9100"}
FILE = """Association;SIRET bénéficiaire;Montant voté (€);Date de la décision;Objet de la subvention;Montant payé;Nature
Association A (synthétique);38047555800058;1 200,50;05/03/2024;Fonctionnement;2 000,00;N
Association B (synthétique);38047555800058;14 700,00;17/04/2024;Festival;15 000,00;N
"""
FRESH = """
  # kept: a remark
  - id: more
    dataset: subventions  # kept: another
    connector: http_file
    options: {url: "{example_sites}/more.csv"}
"""


@pytest.fixture
def federation(tmp_path: Path) -> Path:
    folder = tmp_path / "federation"
    shutil.copytree(PROJECT_ROOT / "federation", folder)
    path = folder / "members" / "besne.yaml"
    path.write_text(path.read_text(encoding="utf-8").rstrip() + FRESH, encoding="utf-8")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "subventions.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def write(file: Path, federation: Path, source: str, *options: str, typed: str | None = None) -> Result:
    arguments = ["map", str(file), "--contract", "subventions", "--header-row", "1", "--federation", str(federation)]
    return CliRunner().invoke(app, [*arguments, "--write", source, *options], input=typed)


def declared(federation: Path, named: str) -> Source:
    member, _, source_id = named.partition("/")
    sources = load_organisation(federation / "members" / f"{member}.yaml", SITES).sources
    return next(source for source in sources if source.id == source_id)


def text(federation: Path, member: str) -> str:
    return (federation / "members" / f"{member}.yaml").read_text(encoding="utf-8")


def test_sure_lines_are_added_and_every_line_that_stood_there_stays(file: Path, federation: Path) -> None:
    before = text(federation, "besne").splitlines()
    done = write(file, federation, "besne/more", "--yes")
    assert done.exit_code == 0, done.output
    after = text(federation, "besne").splitlines()
    assert [line for line in after if line in before] == before
    source = declared(federation, "besne/more")
    assert source.columns == {
        "dateConvention": "Date de la décision", "nomBeneficiaire": "Association",
        "idBeneficiaire": "SIRET bénéficiaire", "objet": "Objet de la subvention", "montant": "Montant voté (€)",
    }  # fmt: skip
    assert (source.formats.decimal, source.formats.thousands, source.formats.date) == (",", " ", "%d/%m/%Y")


def test_the_lines_are_shown_before_a_person_is_asked_and_a_no_writes_nothing(file: Path, federation: Path) -> None:
    before = text(federation, "besne")
    done = write(file, federation, "besne/more", typed="non\n")
    assert (done.exit_code, text(federation, "besne")) == (1, before)
    assert done.output.index("+      montant: Montant voté (€)") < done.output.index("Ajouter ces lignes")


def test_a_yes_writes_and_says_how_to_undo(file: Path, federation: Path) -> None:
    done = write(file, federation, "besne/more", typed="oui\n")
    assert done.exit_code == 0
    assert "git checkout" in done.output


def test_nothing_below_the_threshold_is_written_unless_a_person_names_it(file: Path, federation: Path) -> None:
    write(file, federation, "besne/more", "--yes")
    assert "nature" not in declared(federation, "besne/more").columns
    done = write(file, federation, "besne/more", "--yes", "--accept", "conditionsVersement=Nature")
    assert done.exit_code == 0, done.output
    assert declared(federation, "besne/more").columns["conditionsVersement"] == "Nature"


def test_what_somebody_declared_is_never_changed(file: Path, federation: Path) -> None:
    before = declared(federation, "donges/subventions")
    assert write(file, federation, "donges/subventions", "--yes").exit_code == 0
    after = declared(federation, "donges/subventions")
    assert before.columns.items() <= after.columns.items()
    assert after.formats == before.formats
    assert after.columns["objet"] == "Objet de la subvention"


def test_a_second_time_adds_nothing(file: Path, federation: Path) -> None:
    write(file, federation, "besne/more", "--yes")
    before = text(federation, "besne")
    done = write(file, federation, "besne/more", "--yes")
    assert (done.exit_code, text(federation, "besne")) == (0, before)
    assert "Rien à ajouter" in done.output


def test_every_source_of_the_federation_can_be_added_to(file: Path, federation: Path) -> None:
    paths = sorted((federation / "members").glob("*.yaml"))
    named = [
        f"{path.stem}/{source.id}" for path in paths for source in load_organisation(path, SITES).sources
        if source.dataset == "subventions"
    ]  # fmt: skip
    assert len(named) >= 10
    for each in named:
        before = text(federation, each.partition("/")[0])
        done = write(file, federation, each, "--yes")
        assert done.exit_code == 0, done.output
        assert set(before.splitlines()) <= set(text(federation, each.partition("/")[0]).splitlines())


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("besne/nothing", (), "besne/subventions"),
        ("nobody/subventions", (), "nobody"),
        ("donges/equipements", (), "equipements"),
        ("besne/more", ("--accept", "nothing"), "nothing"),
        ("besne/more", ("--accept", "objet=Nulle part"), "Nulle part"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_the_file_alone(
    file: Path, federation: Path, source: str, options: tuple[str, ...], said: str
) -> None:
    before = {path: path.read_text(encoding="utf-8") for path in federation.rglob("*.yaml")}
    done = write(file, federation, source, "--yes", *options)
    assert done.exit_code == 2
    assert said in done.output
    assert before == {path: path.read_text(encoding="utf-8") for path in federation.rglob("*.yaml")}


def test_a_source_written_on_one_line_is_left_to_a_person(file: Path, federation: Path) -> None:
    path = federation / "members" / "besne.yaml"
    flow = path.read_text(encoding="utf-8").replace(
        FRESH, '\n  - {id: more, dataset: subventions, connector: http_file, options: {url: "https://a.example/b"}}\n'
    )
    path.write_text(flow, encoding="utf-8")
    done = write(file, federation, "besne/more", "--yes")
    assert (done.exit_code, path.read_text(encoding="utf-8")) == (2, flow)


def test_what_the_member_declares_of_itself_is_written_as_constants_only_if_it_is_named(
    file: Path, federation: Path
) -> None:
    assert write(file, federation, "besne/more", "--yes").exit_code == 0
    assert not declared(federation, "besne/more").constants
    done = write(file, federation, "besne/more", "--yes", "--accept", "nomAttribuant")
    assert done.exit_code == 0, done.output
    assert declared(federation, "besne/more").constants == {"nomAttribuant": "Besné"}
    assert "idAttribuant (= 214400137" in done.output


def test_codes_and_joined_cells_are_written_as_parsers(federation: Path, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(
        "Association;Jour;Mois;Année;Nature aide\nA (synthétique);5;3;2024;Numéraire\nB;17;4;2024;Numéraire\n",
        encoding="utf-8",
    )
    accepted = [part for name in ("dateConvention", "nature") for part in ("--accept", name)]
    done = write(path, federation, "besne/more", "--yes", *accepted)
    assert done.exit_code == 0, done.output
    formats = declared(federation, "besne/more").column_formats
    assert formats["dateConvention"].join == ("Jour", "Mois", "Année")
    assert formats["nature"].codes == {"Numéraire": "aide en numéraire"}
