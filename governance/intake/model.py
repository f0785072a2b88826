"""What goes into an examination and what comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, field_serializer, field_validator

from governance.contracts.model import Severity
from governance.federation import ColumnFormats, Formats, Reading, Source
from governance.intake.spool import Spool

Status = Literal["valid", "invalid", "unusable"]


@dataclass(frozen=True)
class ReceivedFile:
    """A landed file and what its source declares about it; ``key`` is unique in a batch."""

    key: str
    path: Path
    filename: str
    sha256: str
    reading: Reading = Reading()
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    formats: Formats = Formats()
    column_formats: Mapping[str, ColumnFormats] = field(default_factory=dict)
    owner: str = ""
    """Whose it is, where it refers to other rows of the same owner."""

    @classmethod
    def of(cls, source: Source, *, key: str, path: Path, filename: str, sha256: str, owner: str = "") -> Self:
        """A file of a declared source."""
        return cls(
            key=key,
            path=path,
            filename=filename,
            sha256=sha256,
            reading=source.read,
            columns=source.columns,
            constants=source.constants,
            formats=source.formats,
            column_formats=source.column_formats,
            owner=owner,
        )


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RowError(_Frozen):
    """One thing to mend.

    ``line`` is the physical line in the file (or row of the sheet) as an editor numbers it, ``row`` the
    record's number from 1 under the header; both are null for what concerns the whole file.
    """

    line: int | None
    row: int | None
    column: str | None
    value: str | None
    rule: str
    severity: Severity
    message_fr: str
    message_en: str
    remedy_fr: str
    remedy_en: str
    correction: str | None = None
    """The one right value in the contract's notation, where it is certain."""
    header: str | None = None
    """The header, or headers, that the column is read from, where the file calls it otherwise."""
    is_part: bool = False
    """Whether the column is only a part of the cell, so that ``value`` tells of other columns too."""


class FileFacts(_Frozen):
    """What was read and how; what the source did not pin was detected."""

    name: str
    sha256: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    format: str | None = None
    header_rows: int | None = None
    member: str | None = None
    crs: str | None = None
    numbered: str | None = None


class ContractFacts(_Frozen):
    """Which contract the rows were checked against."""

    id: str
    version: str


class RowCounts(_Frozen):
    """Rows of a file: read = accepted + quarantined + duplicates; blank rows are not rows.

    Written as ``in`` in JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0


class Report(_Frozen):
    """What came of one file; stable as JSON. ``errors`` has no cap and is rendered when it is read."""

    status: Status
    file: FileFacts
    contract: ContractFacts
    rows: RowCounts
    errors: Sequence[RowError] = ()

    @field_validator("errors", mode="plain")
    @classmethod
    def _keep_lazy(cls, value: Any) -> Sequence[RowError]:
        """Rendered only when read: a file of a million wrong cells must not cost a million objects."""
        if isinstance(value, list | tuple):
            return tuple(item if isinstance(item, RowError) else RowError.model_validate(item) for item in value)
        if not isinstance(value, Sequence):
            raise ValueError("errors must be a sequence")
        return value

    @field_serializer("errors")
    def _render(self, errors: Sequence[RowError]) -> list[dict[str, Any]]:
        return [error.model_dump() for error in errors]

    @field_validator("rows", mode="before")
    @classmethod
    def _read_in(cls, value: Any) -> Any:
        """``in`` is a word of Python, so the field has another name."""
        return (
            {"read" if key == "in" else key: item for key, item in value.items()} if isinstance(value, dict) else value
        )

    @field_serializer("rows")
    def _write_in(self, rows: RowCounts) -> dict[str, int]:
        return {"in" if key == "read" else key: count for key, count in rows.model_dump().items()}


@dataclass(frozen=True)
class Examined:
    """What came of one file: its report and its rows.

    ``rows`` are the accepted ones, with the contract's columns, typed, and ``line_number``. ``quarantined`` has rows as
    the clerk wrote them (String), ``line_number``, and ``rules``: a list of rule codes. ``spool`` is what holds the
    rows of a long file; they can be read while it is kept.
    """

    key: str
    report: Report
    rows: pl.DataFrame | pl.LazyFrame
    quarantined: pl.DataFrame
    spool: Spool | None = None

    @property
    def accepted(self) -> pl.DataFrame:
        """The accepted rows, all in memory."""
        return self.rows if isinstance(self.rows, pl.DataFrame) else self.rows.collect()

    @property
    def accepted_rows(self) -> pl.LazyFrame:
        """The accepted rows, from where they are."""
        return self.rows.lazy()


class IntakeError(RuntimeError):
    """An identity of ours is broken: a fault of Archipel, never of the file."""
