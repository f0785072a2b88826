"""A data contract as the rest of the platform sees it, whatever notation it was written in.

Column types, formats and constraints bear the names and the meaning of Table Schema v1; what surrounds
them (classification, steward, licence, freshness) comes from the Open Data Contract Standard 3.1.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from governance.declared_place import Wrong

Classification = Literal["open", "restricted", "personal"]
Severity = Literal["blocks", "improves"]
ColumnType = Literal[
    "string", "number", "integer", "boolean", "date", "datetime", "time",
    "year", "yearmonth", "duration", "array", "object", "geopoint", "geojson", "any",
]  # fmt: skip


class ContractError(ValueError):
    """A contract or schema cannot be used; the message names the file, the field and the reason."""

    def __init__(self, message: str, wrong: Wrong | None = None) -> None:
        super().__init__(message)
        self.wrong = wrong


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Constraints(_Frozen):
    """Constraints of one column, as Table Schema names them; bounds are kept as written."""

    required: bool = False
    unique: bool = False
    pattern: str | None = None
    enum: tuple[Any, ...] | None = None
    minimum: Any | None = None
    maximum: Any | None = None
    min_length: int | None = None
    max_length: int | None = None


class Column(_Frozen):
    """One column of a contract."""

    name: str
    type: ColumnType = "string"
    format: str = "default"
    title: str = ""
    description: str = ""
    example: str = ""
    constraints: Constraints = Constraints()
    true_values: tuple[str, ...] = ("true", "True", "TRUE", "1")
    false_values: tuple[str, ...] = ("false", "False", "FALSE", "0")
    decimal_char: str = "."
    group_char: str = ""
    bare_number: bool = True
    tags: tuple[str, ...] = Field((), description="such as personal, identifier, confidential")
    physical_type: str | None = Field(None, description="DuckDB type where the logical one is too wide")
    title_en: str = ""
    description_en: str = ""
    missing_values: tuple[str, ...] | None = Field(None, description="replaces the contract's for this column")
    items: Mapping[str, Any] | None = Field(None, description="rule of each element of an array (arrayItem)")
    extra: Mapping[str, Any] = Field(default_factory=dict, description="other Table Schema keys, kept as written")


class Check(_Frozen):
    """A rule over one or several columns, named as the national registry's custom checks are.

    ``parameters`` are as the registry writes them (``column``, ``othercolumns``, ``op``); ``columns`` are the
    columns that they name, in order.
    """

    name: str
    columns: tuple[str, ...]
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    severity: Severity = "blocks"


class Place(_Frozen):
    """A circle that holds a commune: its centre in degrees (WGS 84)."""

    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)
    radius_km: float = Field(gt=0)


class Upgrade(_Frozen):
    """How one column of a later version is made: of a column of this one (``from``), or a constant for each row.

    ``codes`` says which values are written otherwise there. Texts are as the contracts write them in plain notation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    source: str | None = Field(None, alias="from")
    codes: Mapping[str, str] = Field(default_factory=dict)
    constant: str | None = None


class Contract(_Frozen):
    """One dataset's contract."""

    id: str
    version: str
    title: str
    title_en: str = ""
    description: str = ""
    description_en: str = ""
    row_is: str = Field("", description="completes 'une ligne par …'")
    classification: Classification = "open"
    licence: str | None = None
    steward: str | None = Field(None, description="id of the organisation that answers for it")
    theme: str | None = Field(None, description="EU data theme code, such as GOVE")
    hvd_category: str | None = Field(None, description="URI in the EU high-value datasets vocabulary")
    applicable_legislation: tuple[str, ...] = Field((), description="ELI URIs")
    frequency: str | None = Field(None, description="EU frequency code, such as MONTHLY")
    conforms_to: str | None = Field(None, description="URI of the schema it is equal to, where there is one")
    keywords: tuple[str, ...] = ()
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    missing_values: tuple[str, ...] = ("",)
    checks: tuple[Check, ...] = ()
    places: Mapping[str, Place] = Field(
        default_factory=dict, description="where communes lie, by INSEE code and SIREN, for a check of coordinates"
    )
    supported_until: date | None = Field(None, description="last day on which this earlier version may be followed")
    upgrade: Mapping[str, Upgrade] = Field(
        default_factory=dict, description="column of the current version: its origin"
    )
    served_as: "Contract | None" = Field(None, description="the current version, where this is an earlier one")
    extra: Mapping[str, Any] = Field(default_factory=dict, description="other Table Schema keys, kept as written")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the whole contract: whoever keeps something made with it keeps this too."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises:
            KeyError: the contract has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
