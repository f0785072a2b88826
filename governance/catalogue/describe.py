"""From what is open and who provides it to the words of a catalogue. Pure: no file, no network, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from governance.catalogue.distributions import catalogue_id
from governance.catalogue.model import (
    Catalogue,
    Organisation,
    Period,
    Place,
    PublishedColumn,
    PublishedDataset,
    Quality,
    Text,
)
from governance.catalogue.openings import Opening
from governance.catalogue.store import StoredDataset
from governance.contracts.model import Contract
from governance.federation import Federation, Member
from governance.federation import Organisation as Declared
from governance.state.receipts import Receipt

_PROVENANCE_TITLES = {
    "member_id": "Identifiant de l'organisation qui fournit la ligne",
    "source_id": "Source déclarée d'où vient la ligne",
    "file_sha256": "Empreinte du fichier reçu",
    "line_number": "Numéro de ligne dans le fichier reçu",
    "run_id": "Identifiant du traitement",
    "contract_version": "Version du contrat de données appliquée",
    "overlap": "Si la ligne est aussi donnée ailleurs, et si les deux se contredisent",
}

_SYNTHETIC = Text(fr="Données synthétiques d'exemple. ", en="Synthetic example data. ")


@dataclass(frozen=True)
class Stored:
    """One opening with its files."""

    opening: Opening
    files: StoredDataset


def quality_by_organisation(receipts: Sequence[Receipt]) -> dict[tuple[str, str], Quality]:
    """Add up receipts by (dataset, organisation); those that never read a file count for nothing."""
    sums: dict[tuple[str, str], list[int]] = {}
    for receipt in receipts:
        if receipt.rows_in is None:
            continue
        counts = (receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined, receipt.rows_duplicates)
        known = sums.setdefault((receipt.dataset, receipt.member_id), [0, 0, 0, 0])
        for place, count in enumerate(counts):
            known[place] += count or 0
    return {
        key: Quality(rows_in=v[0], rows_accepted=v[1], rows_quarantined=v[2], rows_duplicates=v[3])
        for key, v in sums.items()
    }


def _total(parts: Sequence[Quality]) -> Quality | None:
    if not parts:
        return None
    return Quality(
        rows_in=sum(part.rows_in for part in parts),
        rows_accepted=sum(part.rows_accepted for part in parts),
        rows_quarantined=sum(part.rows_quarantined for part in parts),
        rows_duplicates=sum(part.rows_duplicates for part in parts),
    )


def _place(organisation: Declared) -> Place | None:
    if not isinstance(organisation, Member):
        return None
    if organisation.insee_code:
        return Place(kind="commune", code=organisation.insee_code, name=organisation.name)
    return Place(kind="epci", code=organisation.siren, name=organisation.name)


def _organisation(declared: Declared) -> Organisation:
    is_member = isinstance(declared, Member)
    return Organisation(
        id=declared.id,
        kind="member" if is_member else "partner",
        name=declared.name,
        siren=declared.siren,
        homepage=declared.homepage,
        contact_name=declared.contact.name if declared.contact else None,
        contact_email=declared.contact.email if declared.contact else None,
        insee_code=declared.insee_code if isinstance(declared, Member) else None,
        population=declared.population if isinstance(declared, Member) else None,
        logo=declared.logo,
        example=declared.example,
    )


def _columns(stored: Stored) -> tuple[PublishedColumn, ...]:
    """Dictionary of what leaves; a column that is hidden is not even named."""
    known = {column.name: column for column in stored.opening.contract.columns}
    masks = stored.opening.decision.column_masks
    return tuple(
        PublishedColumn(
            name=name,
            type=known[name].type if name in known else "string",
            title=(known[name].title or name) if name in known else _PROVENANCE_TITLES.get(name, name),
            description=known[name].description if name in known else "",
            mask=masks[name].mask,
        )
        for name, _ in stored.files.columns
    )


class _Describer:
    """One federation's publication in the making."""

    def __init__(self, federation: Federation, quality: Mapping[tuple[str, str], Quality]) -> None:
        self.federation = federation
        self.quality = quality
        self.epci = federation.by_siren.get(federation.head.siren)

    @property
    def publisher(self) -> str:
        """Id of the organisation that answers for the whole catalogue."""
        return self.epci.id if self.epci else self.federation.head.id

    def name(self, organisation_id: str) -> str:
        declared = self.federation.organisations.get(organisation_id)
        return declared.name if declared else organisation_id

    def title(self, contract: Contract, organisation_id: str | None) -> Text:
        if organisation_id is None:
            return Text(fr=contract.title, en=contract.title_en)
        name = self.name(organisation_id)
        return Text(fr=f"{contract.title} : {name}", en=f"{contract.title_en}: {name}" if contract.title_en else "")

    def description(self, opening: Opening) -> Text:
        contract = opening.contract
        row = f" Une ligne par {contract.row_is}." if contract.row_is else ""
        if opening.organisation_id is None:
            short = self.federation.head.short_name
            fr, en = f" Données harmonisées de {short}.", f" Harmonised data of {short}."
        else:
            name = self.name(opening.organisation_id)
            fr, en = f" Part fournie par {name}.", f" The part provided by {name}."
        base_en = contract.description_en or contract.title_en
        return Text(fr=f"{contract.description or contract.title}{row}{fr}", en=f"{base_en}{en}" if base_en else "")

    def provenance(self, opening: Opening) -> Text:
        mark = _SYNTHETIC if self.is_synthetic(opening.members) else Text(fr="", en="")
        identifier, version = opening.contract.id, opening.contract.version
        fr, en = f"« {identifier} » {version}", f"“{identifier}” {version}"
        if opening.members is None:
            return Text(
                fr=f"{mark.fr}Calculé à partir des jeux de données harmonisés, selon le contrat {fr}.",
                en=f"{mark.en}Computed from the harmonised datasets, under the contract {en}.",
            )
        names = ", ".join(self.name(member) for member in opening.members)
        return Text(
            fr=f"{mark.fr}Fourni par : {names}. Chaque ligne est contrôlée selon le contrat {fr}.",
            en=f"{mark.en}Provided by: {names}. Each row is checked against the contract {en}.",
        )

    def is_synthetic(self, members: Sequence[str] | None) -> bool:
        """Whether some rows come from the example sites, told by reserved ``.example`` addresses (RFC 2606)."""
        asked = self.federation.organisations if members is None else members
        known = (self.federation.organisations.get(member) for member in asked)
        return any(
            each.example or (each.contact is not None and each.contact.email.endswith(".example"))
            for each in known
            if each
        )

    def places(self, opening: Opening) -> tuple[Place, ...]:
        members = opening.members if opening.members is not None else (self.publisher,)
        found = (_place(self.federation.members[member]) for member in members if member in self.federation.members)
        return tuple(place for place in found if place)

    def quality_of(self, opening: Opening) -> Quality | None:
        keys = [(opening.contract.id, member) for member in opening.members or ()]
        return _total([self.quality[key] for key in keys if key in self.quality])

    def dataset(self, stored: Stored) -> PublishedDataset:
        opening, files, contract = stored.opening, stored.files, stored.opening.contract
        publisher = opening.organisation_id or contract.steward
        known = publisher if publisher in self.federation.organisations else self.publisher
        has_period = files.first_day is not None and files.last_day is not None
        return PublishedDataset(
            id=catalogue_id(opening),
            dataset=contract.id,
            part_of=contract.id if opening.organisation_id else None,
            publisher=known or self.publisher,
            title=self.title(contract, opening.organisation_id),
            description=self.description(opening),
            provenance=self.provenance(opening),
            keywords=contract.keywords,
            theme=contract.theme,
            frequency=contract.frequency,
            licence=contract.licence or self.federation.head.licence,
            conforms_to=contract.conforms_to,
            hvd_category=contract.hvd_category,
            applicable_legislation=contract.applicable_legislation,
            places=self.places(opening),
            period=Period.model_validate({"start": files.first_day, "end": files.last_day}) if has_period else None,
            contract_version=contract.version,
            rows=files.rows,
            columns=_columns(stored),
            quality=self.quality_of(opening),
            distributions=files.distributions,
            has_feed=opening.has_feed,
            issued=files.issued,
            modified=files.modified,
            policy_version=opening.decision.policy_version or "",
        )


def describe_catalogue(
    federation: Federation,
    stored: Sequence[Stored],
    quality: Mapping[tuple[str, str], Quality],
    public_address: str,
) -> Catalogue:
    """Return the catalogue of what is open, described in the words of contracts and declarations.

    Its dates are those of its datasets, so the same content always gives the same catalogue.
    """
    describer = _Describer(federation, quality)
    head = federation.head
    datasets = tuple(describer.dataset(each) for each in stored)
    named = {dataset.publisher for dataset in datasets} | {describer.publisher}
    organisations = [_organisation(each) for each in federation.organisations.values() if each.id in named]
    if not describer.epci:
        organisations.insert(0, _of_head(federation))
    epoch = datetime.fromtimestamp(0, UTC)
    return Catalogue(
        id=head.id,
        title=Text(fr=f"Données ouvertes de {head.name}", en=f"Open data of {head.name}"),
        description=Text(
            fr="Jeux de données harmonisés des communes et partenaires, et la part de chacun sous son nom.",
            en="Harmonised datasets of the municipalities and partners, and each one's part under its own name.",
        ),
        publisher=describer.publisher,
        homepage=f"{public_address}/fr/",
        licence=head.licence,
        public_address=public_address,
        issued=min((dataset.issued for dataset in datasets), default=epoch),
        modified=max((dataset.modified for dataset in datasets), default=epoch),
        organisations=tuple(organisations),
        datasets=datasets,
    )


def _of_head(federation: Federation) -> Organisation:
    """The federation itself, where no member bears its SIREN."""
    head = federation.head
    return Organisation(
        id=head.id,
        kind="federation",
        name=head.name,
        siren=head.siren,
        homepage=head.homepage,
        contact_name=head.contact.name,
        contact_email=head.contact.email,
    )
