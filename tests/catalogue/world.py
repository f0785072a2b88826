"""A small federation with one dataset of each access level, and a decision point that answers by the rules given."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from governance.catalogue.publication import Publication, publish_open_data
from governance.contracts.model import Column, Constraints, Contract
from governance.decisions.model import Decision, DecisionRequest, Mask, Reason, denial_without_engine
from governance.decisions.ucast import TABLE
from governance.federation import Contact, Federation, Head, Member, Source
from governance.lake import Lake
from governance.shared_layer import SharedTable, SharedVersion
from governance.state.receipts import Receipt

PUBLIC = "https://donnees.example"
DAY_ONE = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
DAY_TWO = DAY_ONE + timedelta(days=1)
LICENCE = "https://spdx.org/licenses/etalab-2.0"
SECRETS = ("SECRET-COURRIEL", "SECRET-COMPTEUR", "SECRET-HABITANT", "auteur_courriel", "point_livraison_id")
"""Cells and column names that must be in no byte of the catalogue's folder."""


def _contract(identifier: str, classification: str, columns: tuple[Column, ...], **more: object) -> Contract:
    return Contract.model_validate(
        {
            "id": identifier,
            "version": "1.0.0",
            "title": f"Titre {identifier}",
            "title_en": f"Title {identifier}",
            "description": "Ce que contient le jeu de données.",
            "description_en": "What the dataset holds.",
            "row_is": "équipement",
            "classification": classification,
            "steward": "agglo",
            "columns": columns,
            **more,
        }
    )


def _digest(frame: pl.DataFrame, member: str) -> str:
    rows = frame.filter(pl.col("member_id") == member).rows()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


CONTRACTS = {
    contract.id: contract
    for contract in (
        _contract(
            "equipements",
            "open",
            (
                Column(name="nom", title="Nom", constraints=Constraints(required=True)),
                Column(name="ouvert_le", type="date", title="Ouverture"),
                Column(name="surface_m2", type="number"),
                Column(name="auteur_courriel", tags=("personal",)),
            ),
            theme="REGI",
            frequency="MONTHLY",
            keywords=("équipements", "sport"),
            conforms_to="https://schema.data.gouv.fr/schemas/scdl/equipements/0.1.5/schema.json",
            hvd_category="http://data.europa.eu/bna/c_b79e35eb",
            applicable_legislation=("http://data.europa.eu/eli/reg_impl/2023/138/oj",),
        ),
        _contract("bilan", "open", (Column(name="total", type="string"),), title_en="", description_en=""),
        _contract("energie", "restricted", (Column(name="point_livraison_id", tags=("confidential",)),)),
        _contract("plaintes", "personal", (Column(name="habitant", tags=("personal",)),)),
    )
}


PROVIDED = {"besne": ("equipements", "energie"), "donges": ("equipements", "plaintes")}


def _member(identifier: str, siren: str, insee: str | None, name: str) -> Member:
    return Member(
        id=identifier,
        name=name,
        siren=siren,
        kind="commune" if insee else "epci",
        insee_code=insee,
        cog_year=2026,
        population=1000,
        sources=tuple(Source(id=name, dataset=name, connector="http_file") for name in PROVIDED.get(identifier, ())),
        contact=Contact(name="Service des données (exemple)", email=f"donnees@{identifier}.example"),
    )


def build_federation() -> Federation:
    """An EPCI and two communes; SIRENs are those of public authorities."""
    members = [
        _member("agglo", "244400644", None, "Agglomération (exemple)"),
        _member("besne", "214400137", "44013", "Besné"),
        _member("donges", "214400525", "44052", "Donges"),
    ]
    head = Head(
        id="exemple",
        name="la fédération d'exemple",
        short_name="Exemple",
        siren="244400644",
        homepage="https://agglo.example",
        licence=LICENCE,
        contact=Contact(name="Service des données (exemple)", email="donnees@agglo.example"),
    )
    return Federation(head=head, members={each.id: each for each in members}, partners={}, root=Path("federation"))


@dataclass
class RuledDecisions:
    """A decision point with the rules of the house and a list of what members closed."""

    closed: set[tuple[str, str]] = field(default_factory=set)
    closed_columns: set[tuple[str, str, str]] = field(default_factory=set)
    silent: bool = False
    halved: bool = False
    """Whether the answer lacks its row filter."""
    version: str = "bundle-1"
    asked: list[DecisionRequest] = field(default_factory=list)

    def is_ready(self) -> bool:
        return not self.silent

    def decide(self, request: DecisionRequest) -> Decision:
        """Answer as the policies do; see ``policies/``."""
        self.asked.append(request)
        if self.silent:
            return denial_without_engine("policy_engine_unavailable", request.context.instant)
        contract, member = CONTRACTS[request.target.dataset], request.target.member_id
        closed = {who for dataset, who in self.closed if dataset == contract.id}
        allow = contract.classification == "open" and member not in closed
        names = [c.name for c in contract.columns if not set(c.tags) & {"personal", "confidential"}]
        masks = {name: Mask(mask="show", null_for=self._null_for(contract.id, name)) for name in [*names, "member_id"]}
        reason = Reason(code="open_data" if allow else "closed", rule="test", text_fr="Motif.", text_en="Reason.")
        return Decision(
            allow=allow,
            row_filter=self._row_filter(closed) if allow and not self.halved else None,
            column_masks=masks if allow else {},
            reasons=(reason,),
            policy_version=self.version,
            valid_until=request.context.instant + timedelta(minutes=5),
        )

    def _row_filter(self, closed: set[str]) -> dict[str, object]:
        rows = {"type": "field", "operator": "in", "field": f"{TABLE}.member_id", "value": sorted(closed)}
        return {"type": "compound", "operator": "not", "value": [rows]} if closed else {}

    def _null_for(self, dataset: str, column: str) -> tuple[str, ...]:
        return tuple(sorted(who for name, who, what in self.closed_columns if (name, what) == (dataset, column)))


ROWS: dict[str, list[tuple[object, ...]]] = {
    "equipements": [
        ("besne", "=HYPERLINK(1)", "2020-05-01", 12.5, "SECRET-COURRIEL-1"),
        ("besne", 'Salle "des fêtes"', "2021-02-03", -3.0, "SECRET-COURRIEL-2"),
        ("donges", "Gymnase, nº 1", "2019-01-01", 800.0, "SECRET-COURRIEL-3"),
        ("donges", "-12,5", None, None, "SECRET-COURRIEL-4"),
    ],
    "energie": [("besne", "SECRET-COMPTEUR-1")],
    "plaintes": [("donges", "SECRET-HABITANT-1")],
}


@dataclass
class World:
    """A lake with a shared version, and the one call that publishes it."""

    root: Path
    decisions: RuledDecisions = field(default_factory=RuledDecisions)
    federation: Federation = field(default_factory=build_federation)
    receipts: Sequence[Receipt] = ()
    version: int = 0
    shared: SharedVersion | None = None

    @property
    def lake(self) -> Lake:
        return Lake(self.root / "lake")

    @property
    def catalogue(self) -> Path:
        return self.root / "catalogue"

    @property
    def served(self) -> Path:
        return self.catalogue / "current"

    def share(self, rows: dict[str, list[tuple[object, ...]]], at: datetime = DAY_ONE) -> None:
        """Make a new shared version of these rows."""
        self.version += 1
        tables = {name: self._table(name, values, at) for name, values in rows.items()}
        self.shared = SharedVersion(version=f"v{self.version}", created_at=at, inputs="test", tables=tables)

    def _table(self, name: str, values: list[tuple[object, ...]], at: datetime) -> SharedTable:
        own = [column.name for column in CONTRACTS[name].columns]
        columns = own if name == "bilan" else ["member_id", *own]
        frame = pl.DataFrame(values, schema=columns, orient="row")
        if "ouvert_le" in columns:
            frame = frame.with_columns(pl.col("ouvert_le").str.to_date(), pl.col("surface_m2").cast(pl.Float64))
        path = self.lake.shared / f"v{self.version}" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path)
        counted = dict(frame["member_id"].value_counts(sort=True).iter_rows()) if "member_id" in columns else {}
        return SharedTable(
            dataset=name,
            model=f"shr_{name}",
            file=f"v{self.version}/{name}.parquet",
            rows=frame.height,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            columns=tuple((column, "VARCHAR") for column in columns),
            rows_by_member=counted,
            digests_by_member={member: _digest(frame, member) for member in counted},
            contract_version="1.0.0",
            updated_at=at,
        )

    def publish(self, at: datetime = DAY_ONE) -> Publication:
        """Publish the shared version."""
        assert self.shared is not None
        return publish_open_data(
            federation=self.federation,
            contracts=CONTRACTS,
            shared=self.shared,
            lake=self.lake,
            pdp=self.decisions,
            state_dir=self.root,
            public_address=PUBLIC,
            receipts=self.receipts,
            instant=at,
        )

    def snapshot(self) -> dict[str, tuple[int, int]]:
        """(inode, time of last change) of every file under the catalogue's folder, links not followed."""
        found = (path for path in self.catalogue.rglob("*") if not path.is_dir() or path.is_symlink())
        return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in found}

    def bytes_served(self) -> dict[str, bytes]:
        """Content of every file that readers can reach."""
        root = self.served.resolve()
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
