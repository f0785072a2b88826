"""``archipel check``: one file against one contract or Table Schema, with the same eyes as the harvest.

Exit codes: 0 every row is valid, 1 some rows are quarantined, 2 the file (or an argument) cannot be used.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from governance.commands.options import Language, chosen_settings
from governance.commands.show_report import show_report
from governance.contracts.earlier import followed, load_earlier
from governance.contracts.model import Contract, ContractError
from governance.contracts.odcs import load_contract, load_contracts
from governance.contracts.table_schema import from_table_schema
from governance.federation import DeclarationError, Source, load_federation
from governance.intake.examine import examine
from governance.intake.model import Examined, ReceivedFile
from governance.intake.report_files import write_quarantine_csv, write_report
from governance.lake import sha256_of
from governance.settings import Settings

EXIT_CODES = {"valid": 0, "invalid": 1, "unusable": 2}


SAYINGS = {
    "fr": {
        "one": "Donnez soit --contract, soit --schema, soit --source.",
        "no_source": "Aucune source « {id} » dans {root}. Écrivez MEMBRE/SOURCE ; connues : {known}.",
        "no_contract": "Le contrat « {id} » n'existe pas dans {root}. Contrats connus : {known}.",
        "no_file": "Le fichier {path} n'existe pas.",
        "no_write": "Impossible d'écrire : {why}.",
        "bad_schema": "Ce schéma ne peut pas être utilisé : {why}",
    },
    "en": {
        "one": "Give one of --contract, --schema and --source.",
        "no_source": "No source “{id}” in {root}. Write MEMBER/SOURCE; known: {known}.",
        "no_contract": "Contract “{id}” does not exist in {root}. Known contracts: {known}.",
        "no_file": "File {path} does not exist.",
        "no_write": "Cannot write: {why}.",
        "bad_schema": "This schema cannot be used: {why}",
    },
}


class _Refusal(Exception):
    """What was asked cannot be done; the message is for the person who asked."""


def _contract(
    contract: str | None, schema: Path | None, federation: Path, say: dict[str, str], source: Source | None
) -> Contract:
    try:
        if schema is not None:
            return from_table_schema(json.loads(schema.read_text(encoding="utf-8")))
        folder = federation / "contracts"
        path = folder / f"{contract}.yaml"
        known = sorted(item.stem for item in folder.glob("*.yaml"))
        if contract not in known:
            raise _Refusal(say["no_contract"].format(id=contract, root=folder, known=", ".join(known) or "–"))
        if source is not None and source.contract_major is not None:
            current = load_contracts(folder)
            found = followed(contract, source.contract_major, current, load_earlier(folder, current))
            if found is None:
                raise ContractError(f"{contract}: {source.contract_major}")
            return found
        return load_contract(path)
    except (ContractError, ValueError, OSError) as error:
        raise _Refusal(say["bad_schema"].format(why=error)) from error


def _source(named: str, settings: Settings, say: dict[str, str]) -> Source:
    try:
        declared = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
    except DeclarationError as error:
        raise _Refusal(say["bad_schema"].format(why=error)) from error
    known = {f"{organisation.id}/{source.id}": source for organisation, source in declared.sources()}
    if named not in known:
        raise _Refusal(say["no_source"].format(id=named, root=settings.federation_dir, known=", ".join(known)))
    return known[named]


def _examine(file: Path, contract: Contract, source: Source | None, say: dict[str, str]) -> Examined:
    if not file.is_file():
        raise _Refusal(say["no_file"].format(path=file))
    sha256 = sha256_of(file)
    received = ReceivedFile(file.name, file, file.name, sha256)
    if source is not None:
        received = ReceivedFile.of(source, key=file.name, path=file, filename=file.name, sha256=sha256)
    try:
        return examine([received], contract)[0]
    except ContractError as error:
        raise _Refusal(say["bad_schema"].format(why=error)) from error


def _write_rows(examined: Examined, accepted: Path | None, quarantine: Path | None) -> None:
    if accepted is not None:
        accepted.parent.mkdir(parents=True, exist_ok=True)
        examined.accepted_rows.sink_parquet(accepted)
    if quarantine is not None:
        write_quarantine_csv(examined.quarantined, quarantine)


def check(
    file: Annotated[Path, typer.Argument(help="CSV or workbook to check.")],
    contract: Annotated[str | None, typer.Option(help="Id of a contract of the federation.")] = None,
    schema: Annotated[Path | None, typer.Option(help="Table Schema (JSON) to check against instead.")] = None,
    source: Annotated[str | None, typer.Option(help="MEMBER/SOURCE: read as that source declares.")] = None,
    federation: Annotated[Path | None, typer.Option(help="Folder of the federation's declarations.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report here: .json, .csv or .html.")] = None,
    accepted: Annotated[Path | None, typer.Option(help="Write the accepted rows here, as Parquet.")] = None,
    quarantine: Annotated[Path | None, typer.Option(help="Write the quarantined rows here, as CSV.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Check a file: 0 every row is valid, 1 some rows are quarantined, 2 the file cannot be used.

    Example: archipel check export.csv --source donges/subventions
    """
    say = SAYINGS[lang.value]
    try:
        settings = chosen_settings(federation)
        if [contract, schema, source].count(None) != 2:
            raise _Refusal(say["one"])
        declared = None if source is None else _source(source, settings, say)
        chosen = _contract(declared.dataset if declared else contract, schema, settings.federation_dir, say, declared)
        examined = _examine(file, chosen, declared, say)
        if report is not None:
            write_report(examined.report, report, lang.value)
        _write_rows(examined, accepted, quarantine)
    except _Refusal as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(say["no_write"].format(why=error), err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(examined.report.model_dump(mode="json"), ensure_ascii=False))
    else:
        show_report(examined.report, lang.value)
    raise typer.Exit(EXIT_CODES[examined.report.status])
