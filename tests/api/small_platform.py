"""A small federation with three datasets and a few rows, a real policy engine and a real web server.

Everything in it is invented and synthetic. Tests of the API and of the console share it.
"""

import asyncio
import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import polars as pl
import yaml
from fastapi import FastAPI

from governance.api.server import server_command
from governance.contracts.model import Classification, Column, Constraints, Contract
from governance.contracts.odcs import dump_contract
from governance.decisions.opa_server import opa_command, wait_for_revision
from governance.identity.issuer import DevelopmentIssuer
from governance.intake.findings import SCHEMA, Findings
from governance.intake.model import ContractFacts, Examined, FileFacts, Report, RowCounts
from governance.lake import write_atomically
from governance.pipeline.export import ROW_GROUP
from governance.pipeline.in_force import put_in_force
from governance.pipeline.run_reports import write_run_reports
from governance.platform import Platform, open_platform
from governance.settings import Settings
from governance.shared_layer import SharedTable, SharedVersion, switch_to
from governance.shared_versions import record_path
from governance.state.receipts import Outcome, Receipt, store_receipts
from infra.native.services.console import platform_environment
from tests.decisions.engine import free_port, running

EPCI, STARTUP, WATER, REGION = "244400644", "000000042", "000000026", "000000034"

SUBVENTIONS = """
SELECT * FROM (VALUES
  ('Association exemple 01', 1500.5, DATE '2024-01-31', TRUE, '=1+1', 'donges'),
  ('Association exemple 02', 200.0, DATE '2024-02-29', FALSE, 'plain', 'donges'),
  ('Association exemple 03', 99999.0, NULL, TRUE, '-12,5', 'donges'),
  ('Association exemple 04', 1500.5, DATE '2023-06-01', NULL, NULL, 'trignac'),
  ('Association « exemple » 05, dite "cinq"', 7.25, DATE '2025-06-01', TRUE, '100 %', 'trignac')
) AS t(beneficiaire, montant, "dateConvention", notifie, objet, member_id)
"""
ENERGIE = """
SELECT * FROM (VALUES
  ('PDL-EXEMPLE-1', 'école', 'Rue exemple 1', '44052', '2024-01', 1200.0, 'exemple-reseau'),
  ('PDL-EXEMPLE-2', 'mairie', 'Rue exemple 2', '44052', '2024-02', 800.0, 'exemple-reseau'),
  ('PDL-EXEMPLE-3', 'logement', 'Rue exemple 3', '44052', '2024-01', 300.0, 'exemple-reseau'),
  ('PDL-EXEMPLE-4', 'école', 'Rue exemple 4', '44210', '2024-01', 650.0, 'exemple-reseau'),
  ('PDL-EXEMPLE-5', NULL, 'Rue exemple 5', '44052', '2024-03', 10.0, 'exemple-reseau')
) AS t(point_livraison_id, batiment_type, adresse, commune_insee, mois, consommation_kwh, member_id)
"""
LIEUX = """
SELECT * FROM (VALUES
  ('L-1', 'Aire exemple 1', -2.2137, 47.2735, DATE '2025-01-15', 'donges'),
  ('L-2', 'Aire exemple 2', -2.0653, 47.3266, DATE '2025-06-01', 'donges'),
  ('L-3', 'Aire exemple 3', -1.9000, 47.3000, DATE '2026-02-01', 'trignac'),
  ('L-4', 'Aire exemple sans place', NULL, NULL, NULL, 'trignac'),
  ('L-5', 'Aire exemple hors du globe', 355000.0, 6689000.0, NULL, 'trignac')
) AS t(id_lieu, nom, "Xlong", "Ylat", date_maj, member_id)
"""
SIGNALEMENTS = """
SELECT * FROM (VALUES
  ('S-1', 'voirie', 'Habitant exemple 1', 'habitant1@example.org', 'donges')
) AS t(signalement_id, categorie, auteur_nom, auteur_courriel, member_id)
"""


ROWS = {
    "subventions": SUBVENTIONS,
    "consommation_energie": ENERGIE,
    "signalements": SIGNALEMENTS,
    "lieux": LIEUX,
}


def _column(name: str, kind: str = "string", *tags: str, required: bool = False) -> Column:
    return Column.model_validate(
        {
            "name": name,
            "type": kind,
            "title": f"Titre de {name}",
            "description": f"Description de {name} (exemple synthétique).",
            "tags": tags,
            "constraints": Constraints(required=required),
        }
    )


def _contract(dataset: str, title: tuple[str, str], classification: Classification, columns: list[Column]) -> Contract:
    return Contract(
        id=dataset,
        version="1.0.0",
        title=title[0],
        title_en=title[1],
        description="Données synthétiques pour les tests.",
        description_en="Synthetic data for the tests.",
        row_is="exemple",
        classification=classification,
        licence="https://spdx.org/licenses/etalab-2.0",
        steward="carene",
        columns=tuple(columns),
        primary_key=(columns[0].name,),
    )


CONTRACTS = (
    _contract(
        "subventions",
        ("Subventions versées", "Grants paid"),
        "open",
        [
            _column("beneficiaire", required=True),
            _column("montant", "number"),
            _column("dateConvention", "date"),
            _column("notifie", "boolean"),
            _column("objet"),
        ],
    ),
    _contract(
        "consommation_energie",
        ("Consommation d'énergie", "Energy consumption"),
        "restricted",
        [
            _column("point_livraison_id", "string", "confidential"),
            _column("batiment_type"),
            _column("adresse", "string", "confidential"),
            _column("commune_insee"),
            _column("mois"),
            _column("consommation_kwh", "number"),
        ],
    ),
    _contract(
        "signalements",
        ("Signalements", "Citizens' reports"),
        "personal",
        [
            _column("signalement_id"),
            _column("categorie"),
            _column("auteur_nom", "string", "personal"),
            _column("auteur_courriel", "string", "personal"),
        ],
    ),
    _contract(
        "lieux",
        ("Lieux", "Places"),
        "open",
        [
            _column("id_lieu", required=True),
            _column("nom"),
            _column("Xlong", "number"),
            _column("Ylat", "number"),
            _column("date_maj", "date"),
        ],
    ),
    _contract("deliberations", ("Délibérations", "Deliberations"), "open", [_column("deliberation_id")]),
)
_AGREEMENT = {
    "example": True,
    "assigner": EPCI,
    "target": "consommation_energie",
    "actions": ["read"],
    "purposes": ["dpv:ResearchAndDevelopment"],
    "valid_from": "2024-01-01",
    "valid_until": "2099-12-31",
}
AGREEMENTS: tuple[dict[str, object], ...] = (
    {
        **_AGREEMENT,
        "id": "exemple-startup",
        "title": "Recherche (exemple)",
        "state": "finalized",
        "assignee": STARTUP,
        "row_filter": [
            {"column": "commune_insee", "operator": "eq", "value": "44052"},
            {"column": "batiment_type", "operator": "ne", "value": "logement"},
        ],
        "columns": {
            "point_livraison_id": "hash",
            "batiment_type": "show",
            "commune_insee": "show",
            "mois": "show",
            "consommation_kwh": "show",
        },
        "duties": [{"code": "attribute"}, {"code": "delete_after", "days": 365}],
    },
    {
        **_AGREEMENT,
        "id": "exemple-eau",
        "title": "Échue (exemple)",
        "state": "finalized",
        "valid_until": "2025-01-31",
        "assignee": WATER,
        "columns": {"commune_insee": "show", "consommation_kwh": "show"},
    },
)


def _yaml(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def write_federation(root: Path) -> None:
    """Write the declarations of the small federation."""
    contact = {"name": "Service des données (exemple)", "email": "donnees@federation.example"}
    head = {"id": "carene", "name": "Fédération d'exemple", "short_name": "Exemple", "siren": EPCI, "contact": contact}
    licence = "https://spdx.org/licenses/etalab-2.0"
    _yaml(root / "federation.yaml", {**head, "homepage": "https://federation.example", "licence": licence})
    members: list[tuple[str, str, str, str, str | None, int]] = [
        ("carene", "Fédération d'exemple", EPCI, "epci", None, 20000)
    ]
    members += [("donges", "Donges", "214400525", "commune", "44052", 8201)]
    members += [("trignac", "Trignac", "214402109", "commune", "44210", 8316)]
    for identifier, name, siren, kind, insee, population in members:
        source = {
            "dataset": "subventions",
            "connector": "http_file",
            "options": {"url": "https://mairie.example/s.csv"},
        }
        member = {
            "id": identifier,
            "name": name,
            "siren": siren,
            "kind": kind,
            "cog_year": 2026,
            "population": population,
        }
        extra: dict[str, str] = {"insee_code": insee} if insee else {}
        box = {"dataset": "lieux", "connector": "upload", "options": {"box": "donges/lieux"}}
        sources = [source, *([box] if identifier == "donges" else [])] if insee else []
        _yaml(root / "members" / f"{identifier}.yaml", {**member, **extra, "sources": sources})
    partners = [("exemple-startup", STARTUP, "startup"), ("exemple-eau", WATER, "water_operator")]
    partners += [("exemple-region", REGION, "region"), ("exemple-reseau", "000000018", "network_operator")]
    for identifier, siren, kind in partners:
        partner = {"id": identifier, "name": f"{identifier} (exemple)", "siren": siren, "kind": kind, "example": True}
        _yaml(root / "partners" / f"{identifier}.yaml", {**partner, "roles": ["consumer"]})
    for contract in CONTRACTS:
        path = root / "contracts" / f"{contract.id}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump_contract(contract), encoding="utf-8")
    for agreement in AGREEMENTS:
        _yaml(root / "agreements" / f"{agreement['id']}.yaml", agreement)


def write_shared(platform: Platform, version: str = "v1", **rows: str) -> SharedVersion:
    """Write a version of the shared layer from SQL, one statement a dataset, and make it current."""
    tables = {}
    for dataset, sql in rows.items():
        path = platform.lake.shared / version / f"shr_{dataset}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT *, 'source' AS source_id, 'abc' AS file_sha256, row_number() OVER () AS line_number,"
                f" 'run1' AS run_id, '1.0.0' AS contract_version,"
                f" NULL::VARCHAR AS overlap FROM ({sql})) TO '{path}'"
                f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
            )
            described = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
            by_member = connection.execute(f"SELECT member_id, count(*) FROM '{path}' GROUP BY 1").fetchall()
        tables[dataset] = SharedTable(
            dataset=dataset,
            model=f"shr_{dataset}",
            file=str(path.relative_to(platform.lake.shared)),
            rows=sum(count for _, count in by_member),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            columns=tuple((row[0], row[1]) for row in described),
            rows_by_member=dict(by_member),
            contract_version="1.0.0",
            updated_at=datetime.now(UTC),
        )
    shared = SharedVersion(version=version, created_at=datetime.now(UTC), inputs=version, tables=tables)
    # As much of the record as readers of an earlier version need; the pipeline writes the rest.
    write_atomically(record_path(platform.lake, version), f'{{"shared": {shared.model_dump_json()}}}'.encode())
    switch_to(platform.lake, shared)
    return shared


Wrong = tuple[int, str, str, str]
"""One wrong cell: line, column, value, rule."""


def _examined(contract: Contract, run_id: str, wrong: list[Wrong]) -> Examined:
    cells = [(line, line - 1, column, value, rule, "", None, True) for line, column, value, rule in wrong]
    findings = Findings(pl.DataFrame(cells, schema=SCHEMA, orient="row"), contract)
    report = Report(
        status="invalid",
        file=FileFacts(name=f"{contract.id}.csv", sha256="0" * 64),
        contract=ContractFacts(id=contract.id, version=contract.version),
        rows=RowCounts(read=5, accepted=3, quarantined=2),
        errors=findings,
    )
    names = dict.fromkeys((column.name for column in contract.columns), pl.String)
    quarantined = pl.DataFrame(schema={**names, "line_number": pl.Int64, "rules": pl.List(pl.String)})
    return Examined(run_id, report, pl.DataFrame(), quarantined)


def write_run(platform: Platform, run_id: str, member: str, dataset: str, wrong: list[Wrong]) -> None:
    """Write a run that quarantined rows: receipt and report."""
    contract = platform.contracts[dataset]
    write_run_reports(platform.lake, run_id, contract, [(run_id, _examined(contract, run_id, wrong))])
    _store_run(platform, run_id, member, dataset, "accepted", 2)


def _store_run(platform: Platform, run_id: str, member: str, dataset: str, outcome: Outcome, wrong: int | None) -> None:
    now = datetime.now(UTC)
    counts = (
        {"rows_in": 5, "rows_accepted": 5 - wrong, "rows_quarantined": wrong, "rows_duplicates": 0} if wrong else {}
    )
    receipt = Receipt.model_validate(
        {
            "run_id": run_id,
            "batch_id": run_id,
            "contract_version": platform.contracts[dataset].version,
            "member_id": member,
            "source_id": dataset,
            "dataset": dataset,
            "started_at": now,
            "finished_at": now,
            "outcome": outcome,
            "state": "invalid" if wrong else "not_checked",
            "file_name": f"{dataset}.csv",
            "message_fr": "3 lignes reprises, 2 à corriger." if wrong else "Le site ne répond pas.",
            "message_en": "3 rows taken, 2 to mend." if wrong else "The site does not answer.",
            "remedy_fr": "Corrigez les lignes du rapport." if wrong else "Vérifiez l'adresse de la source.",
            "remedy_en": "Mend the rows of the report." if wrong else "Check the source's address.",
            **counts,
        }
    )
    with platform.engine.begin() as connection:
        store_receipts(connection, [receipt])


def write_runs(platform: Platform) -> None:
    """One run with rows to mend, one of personal data, one that failed."""
    write_run(
        platform,
        "run-donges",
        "donges",
        "subventions",
        [
            (3, "dateConvention", "01/03/2024", "type-error"),
            (4, "montant", "=douze", "type-error"),
        ],
    )
    write_run(
        platform,
        "run-personal",
        "donges",
        "signalements",
        [(2, "auteur_courriel", "habitant9(at)example.org", "type-error")],
    )
    _store_run(platform, "run-trignac", "trignac", "subventions", "failed", None)


@dataclass(frozen=True)
class Running:
    """The small platform, served."""

    platform: Platform
    url: str

    def token(self, organisation: str) -> str:
        """Return a token of one of its organisations, by id."""
        return DevelopmentIssuer(self.platform.settings).mint(self.platform.federation.organisations[organisation])

    def client(self, organisation: str | None = None, **headers: str) -> httpx.Client:
        """Return a client that presents an organisation's token."""
        if organisation:
            headers["Authorization"] = f"Bearer {self.token(organisation)}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)


@contextmanager
def server_process(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """The server as the supervisor starts it, once it answers."""
    address = f"http://{settings.host}:{settings.console_port}"
    process = subprocess.Popen(server_command(settings), env={**os.environ, **platform_environment(settings)})
    try:
        while not _answers(f"{address}/health/live"):
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def served(platform: Platform) -> Iterator[str]:
    """Serve a platform as the supervisor does; gives its address."""
    with server_process(platform.settings):
        yield f"http://{platform.settings.host}:{platform.settings.console_port}"


@dataclass(frozen=True)
class InProcess:
    """An application asked in this process, where a test can change what no server of its own would let it."""

    app: FastAPI

    def get(self, address: str, **more: Any) -> httpx.Response:
        return self.ask("GET", address, **more)

    def ask(self, method: str, address: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://another") as client:
                return await client.request(method, address, **more)

        return asyncio.run(ask())


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def small_platform(root: Path, declare: Callable[[], None] = lambda: None, **changed: Any) -> Iterator[Running]:
    """Run the whole small platform under a folder, with other settings where some are named.

    ``declare`` may add to its declarations first.
    """
    write_federation(root / "federation")
    declare()
    changed |= {"federation_dir": root / "federation", "state_dir": root / "state"}
    settings = Settings(console_port=free_port(), opa_port=free_port(), **changed)
    platform = open_platform(settings)
    revision = put_in_force(settings, platform.journal)
    write_shared(platform, **ROWS)
    write_runs(platform)
    with running(opa_command(settings)), served(platform) as url:
        wait_for_revision(settings, revision)
        yield Running(platform, url)
