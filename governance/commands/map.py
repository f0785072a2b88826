"""``archipel map``: for each column of a contract the header of a file that probably holds it, and why.

Nothing is applied unless a person asks for it, sees the lines and says yes; what is not sure only if it is named.
Exit codes: 0 there is a proposal or it was written, 1 the person said no, 2 file, contract or source cannot be used.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from governance.commands.options import FederationOption, JsonOption, Language, chosen_settings
from governance.commands.screen import open_screen
from governance.commands.write_mapping import open_target, stop, write_mapping
from governance.contracts.model import Contract
from governance.contracts.odcs import load_contracts
from governance.federation import DeclarationError, Organisation, Reading, load_federation
from governance.intake.header import Wanted
from governance.intake.messages import MESSAGES
from governance.intake.reading import read_file
from governance.intake.table import TextTable, UnreadableError
from governance.mapping.match import Match
from governance.mapping.parsed import first_results
from governance.mapping.proposal import propose
from governance.mapping.source_lines import source_lines
from governance.settings import Settings

WORDS = {
    "fr": {"column": "colonne du contrat", "header": "en-tête proposé", "score": "score", "verdict": "avis",
           "why": "pourquoi", "gives": "{why} ; donne : {values}",
           "no_member": "le membre « {id} » n'existe pas ; connus : {known}.",
           "sure": "sûr", "verify": "à vérifier", "none": "–",
           "kept": "Rien n'a été enregistré. --yaml : les lignes à copier ; --write MEMBRE/SOURCE : les ajouter.",
           "accept_what": "--accept va avec --write MEMBRE/SOURCE.",
           "no_contract": "le contrat « {id} » n'existe pas ; connus : {known}.",
           "no_file": "le fichier {path} n'existe pas."},
    "en": {"column": "contract column", "header": "proposed header", "score": "score", "verdict": "verdict",
           "why": "why", "gives": "{why}; gives: {values}",
           "no_member": "member {id!r} does not exist; known: {known}.",
           "sure": "sure", "verify": "to verify", "none": "–",
           "kept": "Nothing was kept. --yaml: the lines to copy; --write MEMBER/SOURCE: add them.",
           "accept_what": "--accept goes with --write MEMBER/SOURCE.",
           "no_contract": "contract {id!r} does not exist; known: {known}.",
           "no_file": "file {path} does not exist."},
}  # fmt: skip
FIRST = 3
"""Different results that are shown of a column that is made by a parser."""
_STYLES = {"sure": "green", "verify": "yellow", "none": "dim"}


def _as_json(match: Match, results: Sequence[str]) -> dict[str, object]:
    reasons = [{"code": r.code, "fr": r.text("fr"), "en": r.text("en")} for r in match.reasons]
    formats = match.formats.model_dump(mode="json", exclude_unset=True)
    return {"column": match.column, "header": match.header, "score": match.score, "verdict": match.verdict,
            "reasons": reasons, "formats": formats, "headers": match.headers, "constant": match.constant,
            "first_results": results}  # fmt: skip


def _results(match: Match, table: TextTable, contract: Contract) -> list[str]:
    column = contract.column(match.column)
    return first_results(match, table.headers, table.rows, column, FIRST) if match.is_parsed else []


def _show(matches: list[Match], table_of: TextTable, contract: Contract, lang: str, is_kept: bool) -> None:
    words, console = WORDS[lang], open_screen(at_least=120)
    table = Table()
    for name in ("column", "header", "score", "verdict", "why"):
        table.add_column(words[name])
    for match in matches:
        verdict = f"[{_STYLES[match.verdict]}]{words[match.verdict]}[/]"
        score = f"{match.score:.2f}" if match.origin else ""
        why = " ; ".join(reason.text(lang) for reason in match.reasons)
        results = _results(match, table_of, contract)
        why = words["gives"].format(why=why, values=" | ".join(results)) if results else why
        table.add_row(match.column, escape(match.origin), score, verdict, escape(why))
    console.print(table)
    if not is_kept:
        console.print(words["kept"])


def map_columns(
    file: Annotated[Path, typer.Argument(help="File as the member gives it.")],
    contract: Annotated[str, typer.Option(help="Id of a contract of the federation.")],
    header_row: Annotated[int | None, typer.Option(min=1, help="Line of the header; by default it is found.")] = None,
    federation: FederationOption = None,
    as_json: JsonOption = False,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the lines for the member's source.")] = False,
    member: Annotated[
        str | None, typer.Option(help="Whose file it is: what it declares of itself is proposed as constants.")
    ] = None,
    write: Annotated[
        str | None, typer.Option(help="MEMBER/SOURCE: add the lines to it, once shown and agreed.")
    ] = None,
    accept: Annotated[list[str] | None, typer.Option(help="COLUMN, or COLUMN=HEADER: yours to say, not sure.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --write: do not ask.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Propose which header is which column of a contract, with a score and why.

    Nothing is written without --write, which shows the lines and asks; a match that is not sure is written only if
    --accept names it. What was written is undone as any change of a declaration, with git.

    Example: archipel map subventions.csv --contract subventions --yaml

    Example: archipel map subventions.csv --contract subventions --write donges/subventions --accept objet
    """
    words, settings = WORDS[lang.value], chosen_settings(federation)
    known = load_contracts(settings.federation_dir / "contracts")
    if contract not in known:
        raise stop(words["no_contract"].format(id=contract, known=", ".join(known)))
    if not file.is_file():
        raise stop(words["no_file"].format(path=file))
    if accept and write is None:
        raise stop(words["accept_what"])
    target = None if write is None else open_target(settings, write, contract, lang.value)
    reading, declared = (Reading(), {}) if target is None else (target.source.read, target.source.columns)
    reading = reading.model_copy(update={"header_row": header_row}) if header_row else reading
    try:
        table = read_file(file, reading, Wanted.of(known[contract], declared, ()))
    except UnreadableError as error:
        raise stop(f"{file.name}: {_words_of(error, lang.value)}") from None
    whose, communes = _member(settings, member or (target.organisation_id if target else None), lang.value)
    matches = propose(table.headers, table.rows, known[contract], whose, communes)
    if as_json:
        found = [_as_json(match, _results(match, table, known[contract])) for match in matches]
        typer.echo(json.dumps(found, ensure_ascii=False))
    elif as_yaml:
        typer.echo(source_lines(matches), nl=False)
    else:
        _show(matches, table, known[contract], lang.value, is_kept=target is not None)
    if target is not None:
        write_mapping(target, matches, table, known[contract], accept or [], is_agreed=yes, language=lang.value)


def _member(settings: Settings, named: str | None, lang: str) -> tuple[Organisation | None, Mapping[str, str]]:
    """Return who is named and the communes of the federation with their codes; nobody named, nothing is read."""
    if named is None:
        return None, {}
    try:
        federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
        known = federation.organisations
    except DeclarationError as error:
        raise stop(str(error)) from error
    if named not in known:
        raise stop(WORDS[lang]["no_member"].format(id=named, known=", ".join(known)))
    return known[named], federation.communes


def _words_of(error: UnreadableError, lang: str) -> str:
    message = MESSAGES[error.fault.rule]
    said, remedy = (message.en, message.remedy_en) if lang == "en" else (message.fr, message.remedy_fr)
    return f"{said} {remedy}"
