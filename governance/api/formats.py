"""The formats of a feed: the one table that the API, its OpenAPI description, the console and the documents show.

Which one an answer takes: ``format=`` in the address, else ``Accept`` (RFC 9110, 12.5.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from governance.api.problems import ProblemError
from governance.api.words import reason

FormatName = Literal["json", "csv", "csv-excel-fr", "ndjson", "geojson", "parquet", "arrow"]


@dataclass(frozen=True)
class Format:
    """One way to write the rows of a feed."""

    name: FormatName
    """What ``format=`` says."""
    media_type: str
    extension: str
    said_fr: str
    said_en: str
    is_compressible: bool = True
    """Whether the answer may be compressed on the way; a Parquet file is compressed within."""
    needs_geometry: bool = False

    @property
    def content_type(self) -> str:
        """The media type as it is sent."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type

    def said(self, language: str) -> str:
        """What the format is, in French (``fr``) or, for anything else, in English."""
        return self.said_fr if language == "fr" else self.said_en


FORMATS = (
    Format("json", "application/json", "json", "JSON, un tableau d'objets", "JSON, one array of objects"),
    Format("csv", "text/csv", "csv", "CSV (RFC 4180) : virgule, UTF-8", "CSV (RFC 4180): comma, UTF-8"),
    Format(
        "csv-excel-fr", "text/csv", "excel.csv",
        "CSV pour Excel en français : point-virgule, virgule décimale, VRAI et FAUX, marque UTF-8",
        "CSV for a French Excel: semicolon, decimal comma, VRAI and FAUX, UTF-8 mark",
    ),
    Format("ndjson", "application/x-ndjson", "ndjson", "JSON, un objet par ligne", "JSON, one object a line"),
    Format(
        "geojson", "application/geo+json", "geojson",
        "GeoJSON (RFC 7946) : longitude et latitude WGS 84", "GeoJSON (RFC 7946): WGS 84 longitude and latitude",
        needs_geometry=True,
    ),
    Format(
        "parquet", "application/vnd.apache.parquet", "parquet",
        "Parquet ; GeoParquet 1.0 où il y a une géométrie", "Parquet; GeoParquet 1.0 where there is a geometry",
        is_compressible=False,
    ),
    Format(
        "arrow", "application/vnd.apache.arrow.stream", "arrows",
        "Flux Arrow IPC, lu sans conversion", "Arrow IPC stream, read without conversion",
    ),
)  # fmt: skip
BY_NAME: dict[str, Format] = {known.name: known for known in FORMATS}


def formats_of(has_geometry: bool) -> tuple[Format, ...]:
    """The formats that a feed with or without geometry is served in, the default first."""
    return tuple(known for known in FORMATS if has_geometry or not known.needs_geometry)


def format_of(asked: str | None, accept: str | None, possible: Sequence[Format]) -> Format:
    """Return the format that ``format=`` names, else the one that ``Accept`` prefers; JSON when all are equal.

    Raises:
        ProblemError: 406, none of the possible ones is asked for.
    """
    if asked is None:
        return _accepted(accept, possible)
    known = BY_NAME.get(asked.lower())
    if known is not None and known.needs_geometry and known not in possible:
        raise ProblemError(406, reason("format_needs_geometry", format=known.name))
    if known not in possible:
        raise _not_available(possible)
    assert known is not None
    return known


def _accepted(accept: str | None, possible: Sequence[Format]) -> Format:
    ranges = [_range_of(part) for part in accept.split(",")] if accept and accept.strip() else [("*/*", 1.0)]
    found: list[tuple[float, int, int, Format]] = []
    for place, known in enumerate(possible):
        matching = [(_closeness(wanted, known), weight, at) for at, (wanted, weight) in enumerate(ranges)]
        closeness, weight, at = max(matching, key=lambda match: match[0])
        if closeness and weight > 0:
            found.append((-weight, at, place, known))
    if not found:
        raise _not_available(possible)
    return min(found, key=lambda one: one[:3])[3]


def _closeness(wanted: str, known: Format) -> int:
    """How narrowly a media range names a format: the most specific range counts (RFC 9110, 12.5.1); 0 not at all."""
    kind = known.media_type.partition("/")[0]
    return {known.media_type: 3, f"{kind}/*": 2, "*/*": 1}.get(wanted, 0)


def _range_of(part: str) -> tuple[str, float]:
    wanted, *parameters = (piece.strip().lower() for piece in part.split(";"))
    return wanted, weight_of(parameters)


def weight_of(parameters: Sequence[str]) -> float:
    """The ``q`` among the parameters of one item of an ``Accept…`` header; 1 without it, 0 when it is no number."""
    try:
        return next((float(text[2:]) for text in parameters if text.startswith("q=")), 1.0)
    except ValueError:
        return 0.0


def _not_available(possible: Sequence[Format]) -> ProblemError:
    return ProblemError(406, reason("format_not_available", possible=", ".join(known.name for known in possible)))
