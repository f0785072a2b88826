"""The example federation, its own policies and the real policy engine: what leaves is what they open.

Rows are synthetic: each cell of a tagged column says which column it comes from.
"""

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from pyshacl import validate
from rdflib import DCAT, RDF, Graph

from governance.catalogue.publication import Publication, publish_open_data
from governance.contracts.model import Column, Contract
from governance.contracts.odcs import load_contracts
from governance.decisions.opa import OpaDecisionPoint
from governance.federation import Federation, load_federation
from governance.lake import Lake
from governance.pipeline.engine import with_policy_engine
from governance.settings import PROJECT_ROOT, Settings
from governance.shared_layer import SharedTable, SharedVersion
from tests.decisions.engine import new_settings

pytestmark = pytest.mark.services
SHAPES = PROJECT_ROOT.parent / "shared" / "suites" / "dcat-ap-shacl"
NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
NEVER_OUT = {"personal", "confidential"}
CLOSURE = """
id: exemple-trignac-menus
by: trignac
dataset: menus_collectifs
columns: []
channels: [publish]
ground: under_review
since: 2026-09-01
note_fr: Règle d'un test.
note_en: A rule of a test.
example: true
"""


def _cell(column: Column) -> object:
    match column.type:
        case "integer" | "year":
            return 2024
        case "number":
            return 12.5
        case "boolean":
            return True
        case "date" | "datetime":
            return date(2024, 3, 1)
    return f"SECRET-{column.name}" if set(column.tags) & NEVER_OUT else f"cell {column.name}"


def _table(lake: Lake, contract: Contract, providers: list[str]) -> SharedTable:
    row = {column.name: _cell(column) for column in contract.columns}
    frame = pl.DataFrame([{**row, "member_id": member, "run_id": "r1"} for member in providers or ["carene"]])
    path = lake.shared / "v1" / f"{contract.id}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    return SharedTable(
        dataset=contract.id,
        model=f"shr_{contract.id}",
        file=f"v1/{contract.id}.parquet",
        rows=frame.height,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        columns=tuple((name, str(kind)) for name, kind in frame.schema.items()),
        rows_by_member=dict.fromkeys(providers, 1),
        contract_version=contract.version,
        updated_at=NOW,
    )


class Published:
    """The example federation's catalogue in a folder of its own."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.state_dir
        self.federation: Federation = load_federation(settings.federation_dir, {"example_sites": "http://127.0.0.1:1"})
        self.contracts = load_contracts(settings.federation_dir / "contracts")
        lake = Lake(self.root / "lake")
        providers: dict[str, list[str]] = {}
        for organisation, source in self.federation.sources():
            providers.setdefault(source.dataset, []).append(organisation.id)
        tables = {each.id: _table(lake, each, providers.get(each.id, [])) for each in self.contracts.values()}
        self.publication: Publication = publish_open_data(
            federation=self.federation,
            contracts=self.contracts,
            shared=SharedVersion(version="v1", created_at=NOW, inputs="test", tables=tables),
            lake=lake,
            pdp=OpaDecisionPoint.from_settings(settings),
            state_dir=self.root,
            public_address="https://donnees.example",
            receipts=(),
            instant=NOW,
        )

    def everything(self) -> str:
        """All that lies in the catalogue's folder, as text; Parquet read."""
        files = [path for path in (self.root / "catalogue").rglob("*") if path.is_file()]
        cells = [str(pl.read_parquet(path).rows(named=True)) for path in files if path.suffix == ".parquet"]
        plain = [path.read_text() for path in files if path.suffix != ".parquet"]
        return "\n".join([*map(str, files), *plain, *cells])


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    state: Path = tmp_path_factory.mktemp("state")
    declared = shutil.copytree(PROJECT_ROOT / "federation", state / "federation")
    (declared / "rules").mkdir(exist_ok=True)
    (declared / "rules" / "exemple-trignac-menus.yaml").write_text(CLOSURE, encoding="utf-8")
    with with_policy_engine(new_settings(state, federation_dir=declared)) as settings:
        yield Published(settings)


def test_open_datasets_are_published_and_no_other(published: Published) -> None:
    names = {dataset.dataset for dataset in published.publication.catalogue.datasets}
    opened = {each.id for each in published.contracts.values() if each.classification == "open"}
    assert names == opened
    assert len(opened) >= 5


def test_closed_datasets_and_tagged_columns_are_in_no_byte(published: Published) -> None:
    everything = published.everything()
    assert "cell COLL_NOM" in everything
    assert "SECRET-" not in everything
    assert "signalements" not in everything.lower()
    assert "consommation_energie" not in everything
    closed = [each for each in published.contracts.values() if each.classification != "open"]
    tagged = {column.name for each in closed for column in each.columns if set(column.tags) & NEVER_OUT}
    shown = {column.name for dataset in published.publication.catalogue.datasets for column in dataset.columns}
    assert "auteur_nom" in tagged
    assert not (tagged - {"adresse"}) & shown


def test_commune_that_closed_its_menus_has_no_slice_of_them(published: Published) -> None:
    names = {dataset.id for dataset in published.publication.catalogue.datasets}
    providers = {who.id for who, source in published.federation.sources() if source.dataset == "menus_collectifs"}
    assert "trignac" in providers
    assert {f"menus_collectifs--{who}" for who in providers - {"trignac"}} <= names
    assert "menus_collectifs--trignac" not in names
    files = (published.root / "catalogue" / "current" / "files").glob("menus_collectifs.*.parquet")
    (whole,) = [pl.read_parquet(path) for path in files]
    assert set(whole["member_id"]) == providers - {"trignac"}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("page", "shapes"),
    [
        ("catalog.ttl", ("3.0.1/shapes.ttl", "3.0.1/range.ttl")),
        ("catalog-2.1.1.ttl", ("2.1.1/dcat-ap_2.1.1_shacl_shapes.ttl",)),
    ],
)
def test_whole_catalogue_is_within_the_shapes(published: Published, page: str, shapes: tuple[str, ...]) -> None:
    graph = Graph().parse(published.root / "catalogue" / "current" / page)
    rules = Graph()
    for name in shapes:
        rules.parse(SHAPES / name, format="turtle")
    assert len(list(graph.subjects(RDF.type, DCAT.Dataset))) > 30
    conforms, _, report = validate(graph, shacl_graph=rules)
    assert conforms, report
