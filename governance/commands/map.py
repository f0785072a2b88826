"""``archipel map``: for each column of a contract the header of a file that probably holds it, and why.

Nothing is applied: a person reads the proposal and writes what is right into the member's declaration.
Exit codes: 0 there is a proposal, 2 the file or the contract cannot be used.
"""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from governance.commands.options import FederationOption, JsonOption, Language, chosen_settings
from governance.commands.screen import open_screen
from governance.contracts.odcs import load_contracts
from governance.federation import Reading
from governance.intake.header import Wanted
from governance.intake.messages import MESSAGES
from governance.intake.reading import read_file
from governance.intake.table import UnreadableError
from governance.mapping.proposal import Match, propose
from governance.mapping.source_lines import source_lines

WORDS = {
    "fr": {"column": "colonne du contrat", "header": "en-tête proposé", "score": "score", "verdict": "avis",
           "why": "pourquoi", "sure": "sûr", "verify": "à vérifier", "none": "–",
           "kept": "Rien n'a été enregistré : --yaml donne les lignes à copier dans la déclaration, après lecture.",
           "no_contract": "le contrat « {id} » n'existe pas ; connus : {known}.",
           "no_file": "le fichier {path} n'existe pas."},
    "en": {"column": "contract column", "header": "proposed header", "score": "score", "verdict": "verdict",
           "why": "why", "sure": "sure", "verify": "to verify", "none": "–",
           "kept": "Nothing was kept: --yaml prints the lines to copy into the declaration, once read.",
           "no_contract": "contract {id!r} does not exist; known: {known}.",
           "no_file": "file {path} does not exist."},
}  # fmt: skip
_STYLES = {"sure": "green", "verify": "yellow", "none": "dim"}


def _stop(message: str) -> typer.Exit:
    typer.echo(f"archipel: {message}", err=True)
    return typer.Exit(2)


def _as_json(match: Match) -> dict[str, object]:
    reasons = [{"code": r.code, "fr": r.text("fr"), "en": r.text("en")} for r in match.reasons]
    formats = match.formats.model_dump(mode="json", exclude_unset=True)
    return {"column": match.column, "header": match.header, "score": match.score, "verdict": match.verdict,
            "reasons": reasons, "formats": formats}  # fmt: skip


def _show(matches: list[Match], lang: str) -> None:
    words, console = WORDS[lang], open_screen(at_least=120)
    table = Table()
    for name in ("column", "header", "score", "verdict", "why"):
        table.add_column(words[name])
    for match in matches:
        verdict = f"[{_STYLES[match.verdict]}]{words[match.verdict]}[/]"
        score = f"{match.score:.2f}" if match.header else ""
        why = " ; ".join(reason.text(lang) for reason in match.reasons)
        table.add_row(match.column, escape(match.header or ""), score, verdict, why)
    console.print(table)
    console.print(words["kept"])


def map_columns(
    file: Annotated[Path, typer.Argument(help="File as the member gives it.")],
    contract: Annotated[str, typer.Option(help="Id of a contract of the federation.")],
    header_row: Annotated[int | None, typer.Option(min=1, help="Line of the header; by default it is found.")] = None,
    federation: FederationOption = None,
    as_json: JsonOption = False,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the lines for the member's source.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Propose which header is which column of a contract, with a score and why; nothing is applied.

    Example: archipel map subventions.csv --contract subventions --yaml
    """
    words = WORDS[lang.value]
    known = load_contracts(chosen_settings(federation).federation_dir / "contracts")
    if contract not in known:
        raise _stop(words["no_contract"].format(id=contract, known=", ".join(known)))
    if not file.is_file():
        raise _stop(words["no_file"].format(path=file))
    try:
        table = read_file(file, Reading(header_row=header_row), Wanted.of(known[contract], {}, ()))
    except UnreadableError as error:
        raise _stop(f"{file.name}: {_words_of(error, lang.value)}") from None
    matches = propose(table.headers, table.rows, known[contract])
    if as_json:
        typer.echo(json.dumps([_as_json(match) for match in matches], ensure_ascii=False))
    elif as_yaml:
        typer.echo(source_lines(matches), nl=False)
    else:
        _show(matches, lang.value)


def _words_of(error: UnreadableError, lang: str) -> str:
    message = MESSAGES[error.fault.rule]
    said, remedy = (message.en, message.remedy_en) if lang == "en" else (message.fr, message.remedy_fr)
    return f"{said} {remedy}"
