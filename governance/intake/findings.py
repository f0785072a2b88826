"""Errors of one file: columnar while they are many, words only when somebody reads them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import polars as pl

from governance.contracts.checks import canonical_name
from governance.contracts.keys import foreign_keys_of, unique_keys_of
from governance.contracts.model import Check, Column, Contract
from governance.intake.corrections import Corrector
from governance.intake.digits import length_of
from governance.intake.insee_codes import LATEST, last_year_of
from governance.intake.messages import LANGUAGES, MESSAGES, TYPES_EN, TYPES_FR, WRITE, WRITE_MERGED
from governance.intake.model import RowError
from governance.intake.origin import NOWHERE, Origin, as_written, value_as_written, wanted_by_parser

SCHEMA = {
    "line": pl.Int64, "row": pl.Int64, "column": pl.String, "value": pl.String, "rule": pl.String,
    "detail": pl.String, "check": pl.UInt32, "blocks": pl.Boolean,
}  # fmt: skip
CORRECTABLE = frozenset(
    {
        "type-error",
        "pattern",
        "enum",
        "french-siret-value",
        "french-siren-value",
        "year-interval-value",
        "insee-code-value",
    }
)
EXAMPLE_OF = {
    "%Y": "2024", "%y": "24", "%-m": "3", "%m": "03", "%B": "mars", "%-d": "1", "%d": "01", "%H": "08", "%M": "30",
    "%S": "00",
}  # fmt: skip
"""What a message writes for each part of a pattern."""
SHOWN_VALUE = 200
"""Longest value that a message quotes; the error itself keeps it whole."""


class Findings(Sequence[RowError]):
    """The errors of one file, as a sequence that renders each when it is asked for.

    ``frame`` has the columns of ``SCHEMA``; ``detail`` is what the reader saw, ``check`` the number of the
    contract's custom check.
    """

    def __init__(self, frame: pl.DataFrame, contract: Contract, origin: Origin = NOWHERE) -> None:
        self.frame = frame
        self.contract = contract
        self.origin = origin

    def __len__(self) -> int:
        return self.frame.height

    @overload
    def __getitem__(self, index: int) -> RowError: ...
    @overload
    def __getitem__(self, index: slice) -> "Findings": ...
    def __getitem__(self, index: int | slice) -> "RowError | Findings":
        if isinstance(index, slice):
            return Findings(self.frame[index], self.contract, self.origin)
        return self._render(self.frame.row(index, named=True))

    def __iter__(self) -> Iterator[RowError]:
        return (self._render(found) for found in self.frame.iter_rows(named=True))

    @cached_property
    def _columns(self) -> dict[str, Column]:
        return {column.name: column for column in self.contract.columns}

    @cached_property
    def _correctors(self) -> dict[str, Corrector]:
        names = {"french-siret-value": "siret", "french-siren-value": "siren", "insee-code-value": "insee"}
        kinds = {
            check.columns[0]: kind for check in self.contract.checks if (kind := names.get(canonical_name(check.name)))
        }
        return {name: Corrector(column, kinds.get(name)) for name, column in self._columns.items()}

    def _render(self, found: dict[str, Any]) -> RowError:
        rule, value, name = found["rule"], found["value"], found["column"]
        message = MESSAGES[rule]
        check = None if found["check"] is None else self.contract.checks[found["check"]]
        shown = "" if value is None else value if len(value) <= SHOWN_VALUE else value[:SHOWN_VALUE] + "…"
        column = self._columns.get(name) if name else None
        header, formats = self.origin.header_of(name), self.origin.formats_of(name)
        words = {
            "column": f"{header} ({name})" if header else name or "",
            "value": shown,
            "detail": found["detail"] or "",
        }
        theirs = column and as_written(column, formats)
        in_french = words | {
            "expected": wanted_by_parser(rule, formats, "fr") or expected(rule, theirs, check, self.contract, TYPES_FR)
        }
        in_english = words | {
            "expected": wanted_by_parser(rule, formats, "en") or expected(rule, theirs, check, self.contract, TYPES_EN)
        }
        remedy_fr, remedy_en = message.remedy_fr.format(**in_french), message.remedy_en.format(**in_english)
        correction = None
        if rule in CORRECTABLE and column is not None and not (formats.takes_a_part or formats.join or formats.codes):
            correction = self._correctors[column.name].correct(value)
            if correction is not None:
                told = value_as_written(correction, column, formats)
                last = last_year_of(value or "") if rule == "insee-code-value" else None
                write = WRITE if last is None else WRITE_MERGED
                remedy_fr, remedy_en = (write[lang].format(correction=told, year=(last or 0) + 1) for lang in LANGUAGES)
        return RowError(
            line=found["line"],
            row=found["row"],
            column=name,
            value=value,
            rule=rule,
            severity="blocks" if found["blocks"] else "improves",
            message_fr=message.fr.format(**in_french),
            message_en=message.en.format(**in_english),
            remedy_fr=remedy_fr,
            remedy_en=remedy_en,
            correction=correction,
            header=header,
            is_part=formats.takes_a_part,
        )


def _type_words(column: Column, words: dict[str, str]) -> str:
    kind = column.format if column.type == "string" and column.format in words else column.type
    if column.type in ("date", "datetime", "time") and column.format not in ("default", "any"):
        shape = column.format
        for code, digits in EXAMPLE_OF.items():
            shape = shape.replace(code, digits)
        return f"{words[kind].rsplit(' ', 1)[0]} {shape}"
    if column.type == "number":
        return words[kind].replace("1234.5", f"1234{column.decimal_char}5")
    return words[kind].format(yes=column.true_values[0], no=column.false_values[0])


def _form_words(column: Column, words: dict[str, str]) -> str:
    """Say what a pattern wants as people do: how many digits, or an example; itself only where there is neither."""
    pattern = str(column.constraints.pattern)
    count = length_of(pattern.replace(r"\d", "[0-9]"))
    said = [words["digits"].format(count=count)] if count else []
    if column.example:
        said.append(words["example"].format(example=column.example))
    return ", ".join(said) or pattern


def expected(rule: str, column: Column | None, check: Check | None, contract: Contract, words: dict[str, str]) -> str:
    """Return what a rule wants, for a message in the language of ``words``."""
    if check is not None:
        if rule == "compare-columns-value":
            return f"{check.columns[0]} {check.parameters['op']} {check.columns[1]}"
        if rule == "sum-columns-value":
            return " + ".join(check.columns[1:])
        if rule == "insee-code-value":
            year = check.parameters.get("year", LATEST)
            return f"« {check.columns[1]} »" if len(check.columns) > 1 else f"Code officiel géographique {year}"
        return ", ".join(check.columns)
    if rule == "one-of-required":
        named = [item for item in contract.checks if column is not None and column.name == item.columns[0]]
        return ", ".join(next((item.columns for item in named if "one-of" in item.name), ()))
    if rule in ("primary-key", "conflict-between-sources", "conflict-between-members"):
        return ", ".join(contract.primary_key)
    if rule == "unique-key":
        return next((", ".join(key) for key in unique_keys_of(contract) if key[0] == (column and column.name)), "")
    if rule == "foreign-key":
        keys = [key for key in foreign_keys_of(contract) if column is not None and key.columns[0] == column.name]
        return " ; ".join(f"{key.resource} ({', '.join(key.fields)})".strip() for key in keys)
    if rule == "header-not-found":
        return ", ".join(item.name for item in contract.columns[:5]) + (" …" if len(contract.columns) > 5 else "")
    if column is None:
        return ""
    limits = column.constraints
    if rule == "enum":
        return ", ".join(str(item) for item in limits.enum or ())
    if rule == "array-item":
        return ", ".join(str(item) for item in ((column.items or {}).get("constraints") or {}).get("enum", ()))
    bounds = {
        "minimum": limits.minimum, "maximum": limits.maximum, "min-length": limits.min_length,
        "max-length": limits.max_length,
    }  # fmt: skip
    if rule in bounds:
        return str(bounds[rule])
    if rule == "pattern":
        return _form_words(column, words)
    return _type_words(column, words) if rule in ("type-error", "required") else ""
