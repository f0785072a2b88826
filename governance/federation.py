"""Who takes part and what they provide: the declarations in ``federation/``, read into frozen models.

A member or partner is one YAML file keyed by an immutable id. Names on screen are never keys.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, StringConstraints, ValidationError, model_validator
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from governance.code_tables import CodeTableError, with_code_tables
from governance.declaration import Declaration, Identifier, SecretReference
from governance.declared_place import Place, Wrong, place_of_check
from governance.external_catalogues import DeclaredCatalogue
from governance.portals import Portal
from governance.subscriptions import Subscription
from governance.yaml_text import parse_yaml

T = TypeVar("T", bound=BaseModel)
FileFormat = Literal[
    "csv", "xlsx", "xls", "ods", "json", "ndjson", "geojson", "xml", "parquet", "shapefile", "geopackage"
]
InseeCode = Annotated[str, StringConstraints(pattern=r"^([013-9]\d|2[AB1-9])\d{3}$")]


class Formats(Declaration):
    """How one member writes values; what is not declared is written as the contract says."""

    decimal: Literal[",", "."] | None = Field(None, description="sign between units and decimals")
    thousands: str | None = Field(
        None, max_length=1, description="sign between groups of three digits; one space is any"
    )
    unit: str | None = Field(
        None, min_length=1, max_length=10, description="unit or currency written behind a number, such as €; left out"
    )
    date: str | None = Field(None, description="pattern of a day, such as %d/%m/%Y, or %d %B %Y for 15 mars 2010")
    datetime: str | None = Field(None, description="pattern of an instant, such as %d/%m/%Y %H:%M")
    true: tuple[str, ...] = Field((), description="words that mean yes")
    false: tuple[str, ...] = Field((), description="words that mean no")

    @model_validator(mode="before")
    @classmethod
    def _unquoted_booleans_are_names(cls, values: Any) -> Any:
        """YAML reads a bare ``true:`` as a boolean key; nobody should have to know that."""
        if isinstance(values, dict):
            return {str(key).lower() if isinstance(key, bool) else key: value for key, value in values.items()}
        return values


AddressPart = Literal["number", "way", "street", "postcode", "town"]


class ColumnFormats(Formats):
    """How one column is made of the cells of a file: a closed list of parsers, applied in this order, never code."""

    join: tuple[str, ...] = Field(
        (), min_length=0, description="headers whose cells are put together, empty ones left out"
    )
    separator: str = Field(" ", max_length=10, description="what stands between the cells that `join` puts together")
    split: str | None = Field(
        None, min_length=1, max_length=10, description="sign or text that parts one cell in several"
    )
    part: int | None = Field(None, ge=1, le=50, description="with `split`: which part is this column's, from 1")
    parts: int | None = Field(
        None, ge=2, le=50, description="with `split`: how many there are; the last takes the rest"
    )
    coordinates: Literal["lat-lon", "lon-lat"] | None = Field(
        None,
        description="two coordinates in one cell, in that order: `47.28, -2.2`, `[47.28; -2.2]`, `POINT (-2.2 47.28)`",
    )
    take: Literal["latitude", "longitude"] | None = Field(
        None, description="with `coordinates`: which one this column is"
    )
    address: AddressPart | None = Field(
        None,
        description="a whole address in one cell, `12 bis rue Haute, 44480 Donges`: which part is this column's; "
        "`street` is number and way together",
    )
    codes: Mapping[str, str] = Field(
        default_factory=dict,
        description="code in the file: value of the contract; or the name of a CSV (`code;value`) beside the member",
    )
    default: str | None = Field(None, description="value of an empty cell, as the contract writes it")

    @model_validator(mode="after")
    def _goes_together(self) -> "ColumnFormats":
        """Half a parser would be a guess."""
        for name, other in (("split", "part"), ("coordinates", "take")):
            if (getattr(self, name) is None) != (getattr(self, other) is None):
                raise ValueError(f"{name} and {other} are declared together")
        if self.parts is not None and (self.part is None or self.part > self.parts):
            raise ValueError("parts is declared with split and part, and part is one of them")
        if sum(each is not None for each in (self.split, self.coordinates, self.address)) > 1:
            raise ValueError("a cell is parted by split, by coordinates or by address, by one of them only")
        if self.codes and any(getattr(self, name) for name in Formats.model_fields):
            raise ValueError("codes give the contract's value as it stands; no other notation goes with them")
        if len(self.join) == 1:
            raise ValueError("join needs two headers at least; one header is declared under columns")
        return self

    @property
    def takes_a_part(self) -> bool:
        """Whether the column is only a part of the cell that is read for it."""
        return self.split is not None or self.coordinates is not None or self.address is not None


class Reading(Declaration):
    """What is pinned about a file; what is absent is detected and written on the receipt."""

    format: FileFormat | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = Field(None, ge=1, description="physical line of the header, from 1")
    header_rows: int | None = Field(None, ge=1, le=5, description="rows that make up the header, the first included")
    last_row: int | None = Field(None, ge=1, description="physical line after which nothing belongs to the table")
    sheet: str | int | None = Field(None, description="name of a sheet or layer, or its number from 1")
    table: str | None = Field(None, description="name of a table in a workbook")
    range: str | None = Field(None, pattern=r"^[A-Z]{1,3}[1-9][0-9]{0,6}:[A-Z]{1,3}[1-9][0-9]{0,6}$")
    path: str | None = Field(None, description="where the rows are in JSON or XML, as in data.results or budget/line")
    member: str | None = Field(None, description="name of the file inside a ZIP")
    crs: str | None = Field(None, description="coordinates of the file, as in EPSG:2154; they become WGS 84")
    axes: Literal["lon-lat", "lat-lon"] | None = Field(None, description="lat-lon: exchange longitude and latitude")


class Source(Declaration):
    """Where one member or partner keeps one dataset."""

    id: Identifier
    dataset: Identifier
    connector: Identifier
    contract_major: int | None = Field(
        None, ge=0, description="major version of the contract that the file follows; by default the current one"
    )
    options: Mapping[str, Any] = Field(default_factory=dict)
    schedule: str | None = Field(None, description="cron line; by default the member's")
    read: Reading = Reading()
    columns: Mapping[str, str] = Field(default_factory=dict, description="contract column: header in the file")
    constants: Mapping[str, str] = Field(default_factory=dict, description="contract column: value for each row")
    formats: Formats = Formats()
    column_formats: Mapping[str, ColumnFormats] = Field(
        default_factory=dict, description="contract column: how it is made of the cells of the file"
    )
    secret: SecretReference | None = None
    max_shrink: float = Field(0.5, ge=0, le=1, description="share of rows that may vanish before a run is held")

    @model_validator(mode="before")
    @classmethod
    def _name_after_dataset(cls, values: Any) -> Any:
        """A source without an id bears its dataset's."""
        if isinstance(values, dict) and "id" not in values and "dataset" in values:
            return {"id": values["dataset"], **values}
        return values

    @model_validator(mode="after")
    def _has_one_origin_a_column(self) -> "Source":
        joined = {name for name, formats in self.column_formats.items() if formats.join}
        if (
            twice := joined & self.columns.keys()
            | joined & self.constants.keys()
            | self.columns.keys() & self.constants
        ):
            raise ValueError(f"a column comes from one place only; these from two: {', '.join(sorted(twice))}")
        return self


class Contact(Declaration):
    """Where to write; a function, never a named person."""

    name: str
    email: str


class Organisation(Declaration):
    """A member or partner: what both have in common."""

    id: Identifier
    name: str
    siren: str
    siret: str | None = Field(None, description="of the establishment that its files speak of, where that is known")
    homepage: str | None = None
    logo: str | None = Field(None, pattern=r"^https?://\S+$", description="address of an image, shown in the catalogue")
    contact: Contact | None = None
    example: bool = Field(False, description="invented for the example federation, and shown as such")
    schedule: str = "0 4 * * *"
    sources: tuple[Source, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> "Organisation":
        """SIREN is a key of the outside world: a wrong one would bind an agreement to somebody else."""
        if not self.example and not siren_number.is_valid(self.siren):
            raise ValueError(f"siren {self.siren!r} fails its check digit")
        self._siret_is_its_own()
        ids = [source.id for source in self.sources]
        if len(ids) != len(set(ids)):
            raise ValueError(f"source ids repeat: {sorted(i for i in ids if ids.count(i) > 1)}")
        unknown = {named for subscription in self.subscriptions for named in subscription.sources} - set(ids)
        if unknown:
            raise ValueError(f"subscriptions name sources that are not declared: {sorted(unknown)}")
        return self

    def _siret_is_its_own(self) -> None:
        if self.siret is None:
            return
        if not re.fullmatch(r"[0-9]{14}", self.siret):
            raise ValueError(f"siret {self.siret!r} is not 14 digits; write it in quotes, leading zeros included")
        if not self.siret.startswith(self.siren):
            raise ValueError(f"siret {self.siret!r} does not begin with the siren {self.siren!r}: it is another body's")
        if not self.example and not siret_number.is_valid(self.siret):
            raise ValueError(f"siret {self.siret!r} fails its check digit")


class Member(Organisation):
    """A municipality, or the EPCI itself."""

    kind: Literal["commune", "epci"]
    insee_code: InseeCode | None = None
    cog_year: int = Field(description="year of the official geographic code the INSEE code belongs to")
    population: int = Field(gt=0)
    portal: Portal | None = Field(None, description="its own portal, under its own name on the web")

    @model_validator(mode="after")
    def _commune_has_a_code(self) -> "Member":
        if self.kind == "commune" and self.insee_code is None:
            raise ValueError("a commune needs its insee_code")
        return self


class Partner(Organisation):
    """A private or public body outside the EPCI, as provider, as consumer or both."""

    kind: Literal["network_operator", "water_operator", "region", "startup", "public_body", "company"]
    roles: tuple[Literal["provider", "consumer"], ...]


class Head(Declaration):
    """``federation/federation.yaml``: what holds for all."""

    id: Identifier
    name: str
    short_name: str
    siren: str
    homepage: str
    licence: str = Field(description="URI of the licence of open datasets unless a contract says otherwise")
    contact: Contact


class DeclarationError(ValueError):
    """A file in ``federation/`` cannot be used; the message names the file, the field and the reason."""

    def __init__(self, message: str, wrong: Wrong | None = None) -> None:
        super().__init__(message)
        self.wrong = wrong


class Federation(Declaration):
    """The whole federation, keyed by id."""

    head: Head
    members: Mapping[str, Member]
    partners: Mapping[str, Partner]
    root: Path
    external: Mapping[str, DeclaredCatalogue] = Field(
        default_factory=dict, description="catalogues of others that stand beside ours"
    )

    @cached_property
    def organisations(self) -> dict[str, Member | Partner]:
        """Members first, then partners, each in the order of their ids."""
        return {**self.members, **self.partners}

    @cached_property
    def communes(self) -> dict[str, str]:
        """Name → INSEE code of each commune among the members."""
        return {m.name: m.insee_code for m in self.members.values() if m.kind == "commune" and m.insee_code}

    @cached_property
    def by_siren(self) -> dict[str, Member | Partner]:
        """Organisations keyed by SIREN."""
        return {organisation.siren: organisation for organisation in self.organisations.values()}

    def providers(self) -> list[Member | Partner]:
        """Whoever declares at least one source."""
        return [organisation for organisation in self.organisations.values() if organisation.sources]

    def sources(self) -> Iterator[tuple[Member | Partner, Source]]:
        """Every declared source with whose it is."""
        for organisation in self.organisations.values():
            for source in organisation.sources:
                yield organisation, source


def _read_yaml(path: Path, variables: Mapping[str, str]) -> Any:
    """Read a declaration, its tables of codes put in their place: what was read by is then kept whole with a run."""
    text = path.read_text(encoding="utf-8")
    for name, value in variables.items():
        text = text.replace("{" + name + "}", value)
    try:
        return with_code_tables(parse_yaml(text), path.parent)
    except CodeTableError as error:
        raise DeclarationError(f"{path}: {error}", Wrong(Place(path))) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(path, line=mark.line + 1 if mark else 1)
        raise DeclarationError(f"{path}: not valid YAML: {error}", Wrong(place)) from error


def load_declaration(model: type[T], path: Path, variables: Mapping[str, str] | None = None) -> T:
    """Read one YAML file into its model.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    try:
        return model.model_validate(_read_yaml(path, variables or {}))
    except ValidationError as error:
        found = error.errors()
        # A misspelt name says more than the field that is missing for it.
        first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
        where = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        wrong = Wrong(place_of_check(path, first), first)
        raise DeclarationError(f"{path}: {where}: {first['msg']} ({error.error_count()} in all)", wrong) from error


def load_named(model: type[T], path: Path, variables: Mapping[str, str] | None = None) -> T:
    """Read one YAML file whose ``id`` must be the file's name.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    found = load_declaration(model, path, variables)
    name = getattr(found, "id", None)
    if name != path.stem:
        wrong = Wrong(Place(path, ("id",)), french=f"L'id « {name} » n'est pas le nom du fichier.")
        raise DeclarationError(f"{path}: id: {name!r} differs from the file's name", wrong)
    return found


def load_organisation(path: Path, variables: Mapping[str, str] | None = None) -> Member | Partner:
    """Read one member's or partner's file; the folder it lies in says which.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    if path.parent.name == "partners":
        return load_named(Partner, path, variables)
    return load_named(Member, path, variables)


def _require_own_hosts(root: Path, members: Mapping[str, Member]) -> None:
    """Two portals under one name would show one commune's data as the other's."""
    known: dict[str, str] = {}
    for member in members.values():
        if member.portal:
            other = known.setdefault(member.portal.host, member.id)
            if other != member.id:
                where = root / "members" / f"{member.id}.yaml"
                raise DeclarationError(f"{where}: portal.host: {member.portal.host!r} is already the portal of {other}")


def load_federation(root: Path, variables: Mapping[str, str] | None = None) -> Federation:
    """Read ``federation.yaml``, ``members/*.yaml``, ``partners/*.yaml`` and ``external/*.yaml`` under a folder.

    ``variables`` replace ``{name}`` in the text, for addresses that differ by installation.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    known = variables or {}
    if not (root / "federation.yaml").is_file():
        raise DeclarationError(f"{root / 'federation.yaml'}: no such file; is this a federation's folder?")

    def folder(name: str) -> dict[str, Any]:
        found = [load_organisation(path, known) for path in sorted((root / name).glob("*.yaml"))]
        return {organisation.id: organisation for organisation in found}

    members, partners = folder("members"), folder("partners")
    _require_own_hosts(root, members)
    return Federation(
        head=load_declaration(Head, root / "federation.yaml", known),
        members=members,
        partners=partners,
        root=root,
        external=_load_external(root, known, {*members, *partners}),
    )


def _load_external(root: Path, variables: Mapping[str, str], taken: set[str]) -> dict[str, DeclaredCatalogue]:
    """In CKAN each is an organisation, so that none may bear the id of a member or partner."""
    paths = sorted((root / "external").glob("*.yaml"))
    found = {path.stem: load_named(DeclaredCatalogue, path, variables) for path in paths}
    for name in found.keys() & taken:
        where = root / "external" / f"{name}.yaml"
        raise DeclarationError(f"{where}: id: {name!r} is already a member or partner", Wrong(Place(where, ("id",))))
    return found
