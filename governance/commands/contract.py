"""``archipel contract``: take a contract from the national registry or a file, and say what a new version changes.

Exit codes of ``diff``: 0 the version number says what the changes are, 1 it says too little, 2 a contract is unusable.
"""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from connectors.problems import ConnectorProblem
from connectors.session import Order, Session
from governance.commands.options import FederationOption, JsonOption, Language, chosen_settings
from governance.contracts.adopt import as_own
from governance.contracts.compare import LEVELS, compare, level_of, level_said
from governance.contracts.model import Classification, Contract, ContractError
from governance.contracts.odcs import dump_contract, load_contract
from governance.contracts.registry import REGISTRY, read_from_registry
from governance.contracts.table_schema import from_table_schema
from governance.intake.validate import compile_contract
from governance.reach import limits_of
from governance.scaffold.files import write_new
from governance.scaffold.problems import ScaffoldError
from governance.settings import Settings

app = typer.Typer(help="Contracts: import one, compare two versions.", no_args_is_help=True)
SAYINGS = {
    "fr": {
        "same": "Aucune différence.",
        "is": "Changement : {level} ({old} → {new}).",
        "too_little": "Le numéro de version en dit trop peu : passez à une version {level} supérieure.",
        "all": "tout le contrat",
        "kept": "Les textes sont ceux du schéma d'origine : réécrivez-les avec vos mots si vous les publiez.",
    },
    "en": {
        "same": "No difference.",
        "is": "Change: {level} ({old} → {new}).",
        "too_little": "The version number says too little: raise the {level} version.",
        "all": "the whole contract",
        "kept": "The texts are those of the original schema: put them in your own words if you publish them.",
    },
}


def read_contract(path: Path) -> Contract:
    """Read an ODCS file (YAML) or a Table Schema (JSON).

    Raises:
        ContractError: with the file and the reason.
    """
    if path.suffix.lower() != ".json":
        return load_contract(path)
    try:
        return from_table_schema(json.loads(path.read_text(encoding="utf-8")))
    except (ContractError, OSError, ValueError) as error:
        raise ContractError(f"{path}: {error}") from error


def _fetch(settings: Settings, url: str) -> bytes:
    with Session(limits_of(settings)) as session:
        return session.read(Order(url)).content


def _id_of(name: str) -> str:
    last = name.partition("@")[0].rstrip("/").rsplit("/", 1)[-1].removesuffix(".json").removesuffix(".yaml")
    return re.sub(r"[^a-z0-9]+", "_", last.lower().removeprefix("schema-")).strip("_")


@app.command("import")
def import_contract(
    name: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="Name in the registry, or a file.")],
    contract_id: Annotated[str | None, typer.Option("--id", help="Id of the dataset; by default, of the name.")] = None,
    classification: Annotated[Classification, typer.Option(help="Who may see it at all.")] = "restricted",
    registry: Annotated[str, typer.Option(help="Address of the registry's catalogue.")] = REGISTRY,
    federation: FederationOption = None,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Write the contract of a schema into the federation's contracts.

    Example: archipel contract import scdl/subventions@2.1.1 --id subventions
    """
    settings = chosen_settings(federation)
    try:
        path = Path(name)
        found = read_contract(path) if path.is_file() else read_from_registry(
            name, lambda url: _fetch(settings, url), registry
        )  # fmt: skip
        own = contract_id or _id_of(name)
        contract = as_own(found, id=own, classification=classification, title=found.title or own)
        compile_contract(contract)
        (written,) = write_new({settings.federation_dir / "contracts" / f"{own}.yaml": dump_contract(contract)})
    except (ContractError, ScaffoldError) as error:
        typer.echo(f"archipel: {error}", err=True)
        raise typer.Exit(2) from None
    except ConnectorProblem as problem:
        words = (problem.message_fr, problem.remedy_fr) if lang == "fr" else (problem.message_en, problem.remedy_en)
        typer.echo(f"archipel: {' '.join(words)}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"  {written} ({contract.version})\n{SAYINGS[lang.value]['kept']}")


@app.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(help="The contract as it was: ODCS (YAML) or Table Schema (JSON).")],
    new: Annotated[Path, typer.Argument(help="The contract as it is to be.")],
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Say what a new version of a contract changes, and whether its number says so.

    0 it does, 1 it says too little, 2 a contract cannot be read.
    """
    try:
        before, after = read_contract(old), read_contract(new)
    except ContractError as error:
        typer.echo(f"archipel: {error}", err=True)
        raise typer.Exit(2) from None
    changes, say = compare(before, after), SAYINGS[lang.value]
    level, said = level_of(changes), level_said(before.version, after.version)
    enough = level is None or (said is not None and LEVELS.index(said) >= LEVELS.index(level))
    if as_json:
        listed = [{"level": c.level, "column": c.column, "fr": c.fr, "en": c.en} for c in changes]
        typer.echo(json.dumps({"level": level, "said": said, "enough": enough, "changes": listed}, ensure_ascii=False))
        raise typer.Exit(0 if enough else 1)
    typer.echo(say["is"].format(level=level, old=before.version, new=after.version) if level else say["same"])
    for change in changes:
        typer.echo(f"  {change.level:5}  {change.column or say['all']}: {change.en if lang == 'en' else change.fr}")
    if not enough:
        typer.echo(say["too_little"].format(level=level))
    raise typer.Exit(0 if enough else 1)
