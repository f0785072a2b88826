"""The part of ``archipel map`` that writes: the lines are shown, a person says yes, and only then are they added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import typer

from governance.contracts.model import Contract
from governance.federation import DeclarationError, Federation, Source, load_federation
from governance.intake.table import TextTable
from governance.mapping.match import Match
from governance.mapping.proposal import accepted
from governance.mapping.written_lines import Edit, find_source, plan_edit, still_to_declare, write_edit
from governance.scaffold.problems import ScaffoldError
from governance.settings import Settings

SAYINGS = {
    "fr": {
        "other": "{source} donne le jeu « {dataset} », pas « {contract} ».",
        "nothing": "Rien à ajouter à {source} : ce qui est sûr y est déjà, ou se reconnaît sans déclaration.",
        "left": "Non repris, car pas sûr : {columns}. Pour le faire : --accept COLONNE, ou --accept COLONNE=EN-TÊTE.",
        "unknown": "--accept {what} : ni une colonne du contrat avec une proposition, ni un en-tête du fichier.",
        "ask": "Ajouter ces lignes ? [oui/non]",
        "no": "Rien n'a été écrit.",
        "done": "Écrit dans {path}. Pour revenir en arrière : git checkout -- {path}",
        "then": "Voyez ce qui serait pris : archipel check FICHIER --source {source}",
    },
    "en": {
        "other": "{source} gives the dataset {dataset!r}, not {contract!r}.",
        "nothing": "Nothing to add to {source}: what is sure is there, or is recognised without being declared.",
        "left": "Not taken, since not sure: {columns}. To take them: --accept COLUMN, or --accept COLUMN=HEADER.",
        "unknown": "--accept {what}: neither a column of the contract with a proposal, nor a header of the file.",
        "ask": "Add these lines? [yes/no]",
        "no": "Nothing was written.",
        "done": "Written to {path}. To undo: git checkout -- {path}",
        "then": "See what would be taken: archipel check FILE --source {source}",
    },
}
YES = frozenset({"oui", "o", "yes", "y"})


@dataclass(frozen=True)
class Target:
    """The source that lines are to be added to, and what the federation was read with."""

    federation: Federation
    variables: Mapping[str, str]
    named: str
    organisation_id: str
    source: Source


def stop(message: str) -> typer.Exit:
    """Say why nothing was done, and return what ends the command with 2."""
    typer.echo(f"archipel: {message}", err=True)
    return typer.Exit(2)


def open_target(settings: Settings, named: str, contract: str, language: str) -> Target:
    """Return the source that ``MEMBER/SOURCE`` names; ends the command where there is none for that contract."""
    variables = {"example_sites": settings.example_sites_address}
    try:
        federation = load_federation(settings.federation_dir, variables)
        organisation_id, source = find_source(federation, named)
    except (DeclarationError, ScaffoldError) as error:
        raise stop(str(error)) from error
    if source.dataset != contract:
        told = SAYINGS[language]["other"]
        raise stop(told.format(source=named, dataset=source.dataset, contract=contract))
    return Target(federation, variables, named, organisation_id, source)


def write_mapping(
    target: Target, matches: Sequence[Match], table: TextTable, contract: Contract, accept: Sequence[str],
    *, is_agreed: bool, language: str,
) -> None:  # fmt: skip
    """Show what would be added, ask unless it is agreed, and write it."""
    say = SAYINGS[language]
    said = {name: header or None for name, _, header in (each.partition("=") for each in accept)}
    try:
        taken = accepted(matches, said, table.headers, table.rows, contract)
        lines = still_to_declare(taken, target.source)
        edit = plan_edit(target.federation, target.organisation_id, target.source, lines)
    except KeyError as error:
        raise stop(say["unknown"].format(what=error.args[0])) from None
    except ScaffoldError as error:
        raise stop(str(error)) from error
    _tell_left(matches, taken, target, say)
    if not lines.parts:
        typer.echo(say["nothing"].format(source=target.named))
        return
    typer.echo(edit.diff)
    if not is_agreed and str(typer.prompt(say["ask"], default="", show_default=False)).strip().lower() not in YES:
        typer.echo(say["no"])
        raise typer.Exit(1)
    _write(edit, target, say)


def _tell_left(matches: Sequence[Match], taken: Sequence[Match], target: Target, say: Mapping[str, str]) -> None:
    decided = {match.column for match in taken} | target.source.columns.keys() | target.source.constants.keys()
    left = [f"{m.column} ({m.origin})" for m in matches if m.verdict == "verify" and m.column not in decided]
    if left:
        typer.echo(say["left"].format(columns=", ".join(left)))


def _write(edit: Edit, target: Target, say: Mapping[str, str]) -> None:
    try:
        write_edit(edit, target.variables)
    except ScaffoldError as error:
        raise stop(str(error)) from error
    typer.echo(say["done"].format(path=edit.path))
    typer.echo(say["then"].format(source=target.named))
