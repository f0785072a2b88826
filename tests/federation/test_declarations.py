"""The example federation's declarations: right facts, small files, and a source for each file of the example sites."""

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from stdnum.fr import siren as siren_number

from connectors.registry import find_connector
from governance.contracts.odcs import load_contracts
from governance.federation import Federation, Member, Partner, Source, load_federation
from governance.settings import PROJECT_ROOT
from infra.native.example_clerk import BOXES
from infra.town_halls.habits import load_files
from infra.town_halls.portal import CATALOGUE
from infra.town_halls.portal import FOLDER as PORTAL
from infra.town_halls.towns import TOWNS, siret_of

ROOT = PROJECT_ROOT / "federation"
SITES = "http://sites.example"
FEDERATION = load_federation(ROOT, {"example_sites": SITES})
CONTRACTS = load_contracts(ROOT / "contracts")
SOURCES = list(FEDERATION.sources())
COMMUNES = {
    "saint-nazaire": ("44184", 74_778),
    "pornichet": ("44132", 12_837),
    "trignac": ("44210", 8_316),
    "donges": ("44052", 8_201),
    "montoir-de-bretagne": ("44103", 7_385),
    "saint-andre-des-eaux": ("44151", 7_130),
    "la-chapelle-des-marais": ("44030", 4_519),
    "saint-joachim": ("44168", 4_182),
    "besne": ("44013", 3_359),
    "saint-malo-de-guersac": ("44176", 3_273),
}
PARTNERS = {
    "exemple-reseau-energie": ("000000018", "network_operator"),
    "exemple-eau": ("000000026", "water_operator"),
    "exemple-region": ("000000034", "region"),
    "exemple-startup": ("000000042", "startup"),
}


def _label(value: object) -> str:
    return getattr(value, "id", "")


def _path(one: Member | Partner, source: Source) -> str:
    """Of its file on its site; of one that is handed in, where the clerk of the example keeps it."""
    if source.connector == "upload":
        assert source.options == {"box": f"{BOXES}{one.id}/{source.dataset}"}
        return next(file.path for file in load_files() if (file.town.id, file.dataset) == (one.id, source.dataset))
    return unquote(source.options["url"].removeprefix(f"{SITES}/"))


def test_members_are_the_epci_and_its_ten_communes() -> None:
    communes = {
        id_: (one.insee_code, one.population) for id_, one in FEDERATION.members.items() if one.kind == "commune"
    }
    assert communes == COMMUNES
    assert [one.id for one in FEDERATION.members.values() if one.kind == "epci"] == ["carene"]


def test_epci_has_as_many_inhabitants_as_its_communes() -> None:
    assert FEDERATION.members["carene"].population == sum(population for _, population in COMMUNES.values()) == 133_980


def test_epci_and_head_are_the_same_body() -> None:
    assert FEDERATION.head.siren == FEDERATION.members["carene"].siren == "244400644"


def test_every_siren_passes_its_check_digit_and_is_nobody_else_s() -> None:
    sirens = [one.siren for one in FEDERATION.organisations.values()]
    assert len(set(sirens)) == len(sirens) == 15
    assert all(siren_number.is_valid(siren) for siren in sirens)


def test_communes_have_the_siren_that_their_example_site_writes() -> None:
    assert {id_: TOWNS[id_].siren for id_ in COMMUNES} == {id_: FEDERATION.members[id_].siren for id_ in COMMUNES}


def test_partners_are_evidently_invented() -> None:
    assert {id_: (one.siren, one.kind) for id_, one in FEDERATION.partners.items()} == PARTNERS
    for partner in FEDERATION.partners.values():
        assert partner.example
        assert "(exemple)" in partner.name
        assert partner.siren.startswith("000")


@pytest.mark.parametrize("one", FEDERATION.organisations.values(), ids=_label)
def test_contact_is_a_function_at_an_example_domain(one: Member | Partner) -> None:
    assert one.contact is not None
    assert one.contact.email.endswith(".example")
    assert "(exemple)" in one.contact.name


def test_declarations_say_that_their_files_are_synthetic() -> None:
    heads = [
        path.read_text().split("\n", 1)[0]
        for path in ROOT.glob("*/*.yaml")
        if path.parent.name in {"members", "partners"}
    ]
    assert len(heads) == 15
    assert all(re.match("# .*(synthetic|[Ii]nvented)", head) for head in heads)


def test_declarations_stay_small() -> None:
    sizes = {path.name: len(path.read_text().splitlines()) for path in ROOT.glob("members/*.yaml")}
    assert max(sizes.values()) <= 90


def test_every_declared_source_has_its_file_and_every_file_its_source() -> None:
    declared = {(one.id, source.dataset, _path(one, source)) for one, source in SOURCES}
    assert declared == {(file.town.id, file.dataset, file.path) for file in load_files()}
    assert len(declared) == len(SOURCES)


def test_files_that_are_handed_in_are_those_that_their_clerk_keeps() -> None:
    handed_in = {(one.id, source.dataset) for one, source in SOURCES if source.connector == "upload"}
    assert handed_in == {("saint-malo-de-guersac", "equipements")}
    assert handed_in == {(file.town.id, file.dataset) for file in load_files() if file.habit.by_hand}


def test_the_one_catalogue_of_others_is_evidently_invented_and_on_the_example_sites() -> None:
    (external,) = FEDERATION.external.values()
    assert external.id == PORTAL == "exemple-departement" and "(exemple)" in external.name
    assert external.options == {"url": f"{SITES}/{CATALOGUE}"}
    assert external.homepage == f"{SITES}/{PORTAL}/"
    assert "synthetic" in (ROOT / "external" / "exemple-departement.yaml").read_text(encoding="utf-8").split("\n")[0]


@pytest.mark.parametrize(("one", "source"), SOURCES, ids=_label)
def test_source_names_a_contract_its_columns_and_a_connector_that_takes_its_options(
    one: Member | Partner, source: Source
) -> None:
    columns = {column.name for column in CONTRACTS[source.dataset].columns}
    assert set(source.columns) | set(source.constants) | set(source.column_formats) <= columns
    assert not set(source.columns) & set(source.constants)
    find_connector(source.connector).Options.model_validate(dict(source.options))


@pytest.mark.parametrize(("one", "source"), SOURCES, ids=_label)
def test_declared_formats_write_and_read_a_date(one: Member | Partner, source: Source) -> None:
    moment = datetime(2025, 12, 31)
    for pattern in filter(None, (source.formats.date, source.formats.datetime)):
        assert datetime.strptime(moment.strftime(pattern), pattern) == moment


def test_constants_name_the_member_itself() -> None:
    given = [(one, name, value) for one, source in SOURCES for name, value in source.constants.items()]
    sirets = [(value, siret_of(one.siren)) for one, name, value in given if name in {"idAttribuant", "COLL_SIRET"}]
    names = [(value, one.name) for one, name, value in given if name in {"nomAttribuant", "COLL_NOM"}]
    assert len(sirets) == len(names) > 3
    assert all(value == own for value, own in [*sirets, *names])


def test_federation_bears_no_secret_and_no_address_of_its_own() -> None:
    assert [one.id for one, source in SOURCES if source.secret] == []
    texts = [path.read_text() for path in ROOT.glob("[mp]*/*.yaml")]
    # Names below .localhost are nobody's address (RFC 6761, 6.3): the example portals have them.
    assert not any(re.search(r"127\.0\.0\.1|(?<![a-z0-9]\.)localhost", text) for text in texts)
    fetched = [source for _, source in SOURCES if source.connector != "upload"]
    assert all(source.options["url"].startswith(f"{SITES}/") for source in fetched)


def _is_loaded_from(root: Path) -> Federation:
    return load_federation(root, {"example_sites": SITES})


def test_loading_twice_gives_the_same() -> None:
    assert _is_loaded_from(ROOT) == FEDERATION
