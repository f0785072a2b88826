"""Which header of a file is which column, why, and what a harvest would refuse: a file is handed in, and not kept."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from governance.api.feeds import Words
from governance.api.gate import Gate
from governance.console.received_form import MAX_BYTES, ReceivedForm
from governance.console.refused import Refused, refused_of, shortened
from governance.console.shown import Shown
from governance.console.why import Choice, FormFault
from governance.contracts.model import Column, Contract
from governance.federation import Organisation, Reading
from governance.intake.header import Wanted
from governance.intake.messages import MESSAGES
from governance.intake.model import FileFacts, ReceivedFile, Report, RowCounts
from governance.intake.reading import read_file
from governance.intake.table import TextTable, UnreadableError
from governance.mapping.match import Match, Verdict
from governance.mapping.parsed import first_results
from governance.mapping.proposal import propose
from governance.mapping.rehearsal import FIRST_ROWS, rehearse_proposal
from governance.mapping.source_lines import source_lines

EXAMPLES = 3
TOO_LARGE = Words(
    fr=f"Ce fichier dépasse {MAX_BYTES >> 20} Mio : gardez-en les premières lignes pour cet essai.",
    en=f"This file is above {MAX_BYTES >> 20} MiB: keep its first rows for this trial.",
)


class MappedColumn(Shown):
    """One column of the contract and the header proposed for it."""

    name: str
    title: Words
    is_required: bool
    header: str | None
    headers: tuple[str, ...]
    """Those whose cells make up the column: several where they are put together."""
    constant: str | None
    score: float
    verdict: Verdict
    reasons: tuple[Words, ...]
    examples: tuple[str, ...]
    """First different values under the header, as written."""
    results: tuple[str, ...]
    """What a parser makes of the first rows; empty where the cell is taken whole."""


class Rehearsal(Shown):
    """What would come of the first rows if every proposal were declared."""

    looked_at: int
    of: int
    rows: RowCounts
    refused: Refused


class MappingPage(Shown):
    """The form, and the answer once a file was handed in."""

    contracts: tuple[Choice, ...]
    contract: str = ""
    organisations: tuple[Choice, ...] = ()
    organisation: str = ""
    """Whose file it is; empty where it is not said."""
    header_row: str = ""
    faults: tuple[FormFault, ...] = ()
    max_mib: int = MAX_BYTES >> 20
    file: FileFacts | None = None
    columns: tuple[MappedColumn, ...] = ()
    unused: tuple[str, ...] = ()
    """Headers that no column is proposed for."""
    rehearsal: Rehearsal | None = None
    lines: str = ""
    """YAML for the member's source."""


def empty_page(gate: Gate, fields: dict[str, str] | None = None, *faults: FormFault) -> MappingPage:
    """Return the form, as it was filled in."""
    given = fields or {}
    choices = tuple(
        Choice(value=one.id, label=Words(fr=one.title, en=one.title_en or one.title))
        for one in gate.platform.contracts.values()
    )
    row = given.get("header_row", "").strip()[:6]
    known = gate.platform.federation.organisations.values()
    unsaid = Choice(value="", label=Words(fr="Je ne le dis pas", en="I do not say"))
    whose = (Choice(value=one.id, label=Words.same(one.name)) for one in known)
    return MappingPage(
        contracts=choices,
        contract=given.get("contract", "")[:120],
        organisations=(unsaid, *whose),
        organisation=given.get("organisation", "")[:120],
        header_row=row,
        faults=faults,
    )


def mapping_page(gate: Gate, form: ReceivedForm) -> MappingPage:
    """Return the form with its answer; the file is gone when this returns."""
    page = empty_page(gate, form.fields, *_faults(gate, form))
    if page.faults:
        return page
    contract = gate.platform.contracts[page.contract]
    whose = gate.platform.federation.organisations.get(page.organisation)
    name = (form.file.filename if form.file else None) or ""
    with form.kept_for_now() as path:
        try:
            table = read_file(path, _reading(page.header_row), Wanted.of(contract, {}, ()))
        except UnreadableError as error:
            return page.model_copy(update={"faults": (FormFault(field="file", message=_words(error)),)})
        return page.model_copy(update=_answer(path, name, table, contract, whose, gate.platform.federation.communes))


def _faults(gate: Gate, form: ReceivedForm) -> Iterator[FormFault]:
    if form.fields.get("contract", "") not in gate.platform.contracts:
        message = Words(fr="Choisissez un jeu de données de la liste.", en="Choose a dataset of the list.")
        yield FormFault(field="contract", message=message)
    if form.fields.get("organisation", "") not in ("", *gate.platform.federation.organisations):
        message = Words(fr="Choisissez un organisme de la liste.", en="Choose an organisation of the list.")
        yield FormFault(field="organisation", message=message)
    row = form.fields.get("header_row", "").strip()
    if row and not (row.isascii() and row.isdigit() and 0 < int(row[:9]) < 1_048_577):
        message = Words(
            fr="Écrivez un numéro de ligne, comme 4, ou rien.", en="Write a line number, such as 4, or nothing."
        )
        yield FormFault(field="header_row", message=message)
    yield from form.file_faults(TOO_LARGE)


def _reading(header_row: str) -> Reading:
    return Reading(header_row=int(header_row)) if header_row else Reading()


def _words(error: UnreadableError) -> Words:
    said, words = MESSAGES[error.fault.rule], {"column": "", "value": "", "detail": error.fault.detail, "expected": "…"}
    return Words(fr=f"{said.fr} {said.remedy_fr}".format(**words), en=f"{said.en} {said.remedy_en}".format(**words))


def _answer(
    path: Path,
    name: str,
    table: TextTable,
    contract: Contract,
    whose: Organisation | None,
    communes: Mapping[str, str],
) -> dict[str, object]:
    matches = propose(table.headers, table.rows, contract, whose, communes)
    file = ReceivedFile(key="handed-in", path=path, filename=name, sha256="")
    report = rehearse_proposal(file, table, matches, contract)
    taken = {header for match in matches for header in match.headers}
    return {
        "file": report.file,
        "columns": tuple(_column(m, c, table) for m, c in zip(matches, contract.columns, strict=True)),
        "unused": tuple(dict.fromkeys(header for header in table.headers if header and header not in taken)),
        "rehearsal": _rehearsal(report, table.rows.height),
        "lines": source_lines(matches),
    }


def _column(match: Match, column: Column, table: TextTable) -> MappedColumn:
    return MappedColumn(
        name=match.column,
        title=Words(fr=column.title or column.name, en=column.title_en or column.title or column.name),
        is_required=column.constraints.required,
        header=match.header,
        headers=match.headers,
        constant=match.constant,
        score=match.score,
        verdict=match.verdict,
        reasons=tuple(Words(fr=reason.text("fr"), en=reason.text("en")) for reason in match.reasons),
        examples=_examples(table, match.header),
        results=tuple(map(shortened, _results(match, column, table))),
    )


def _results(match: Match, column: Column, table: TextTable) -> list[str]:
    return first_results(match, table.headers, table.rows, column, EXAMPLES) if match.is_parsed else []


def _examples(table: TextTable, header: str | None) -> tuple[str, ...]:
    if header is None:
        return ()
    values = table.rows[str(table.headers.index(header))].drop_nulls().head(FIRST_ROWS)
    texts = values.filter(values.str.strip_chars() != "").unique(maintain_order=True).head(EXAMPLES)
    return tuple(shortened(text) for text in texts.cast(pl.String))


def _rehearsal(report: Report, height: int) -> Rehearsal:
    return Rehearsal(looked_at=min(height, FIRST_ROWS), of=height, rows=report.rows, refused=refused_of(report.errors))
