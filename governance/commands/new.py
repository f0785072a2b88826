"""``archipel new``: one command for each change path; what it writes passes the checks as it stands."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from governance.commands.options import FederationOption, chosen_settings
from governance.contracts.model import Classification, ContractError
from governance.decisions.opa_server import PolicyEngineError
from governance.federation import DeclarationError, Federation, Source, load_federation
from governance.scaffold.problems import ScaffoldError
from governance.settings import PROJECT_ROOT, Settings

app = typer.Typer(
    help="New: a member, a source, a dataset, a connector, a policy rule.", no_args_is_help=True, add_completion=False
)


@contextmanager
def _in_words() -> Iterator[None]:
    """Say in one line why nothing was written, and end with 2."""
    try:
        yield
    except (ScaffoldError, DeclarationError, ContractError, PolicyEngineError) as error:
        typer.echo(f"archipel: {error}", err=True)
        raise typer.Exit(2) from error


def _variables(settings: Settings) -> dict[str, str]:
    return {"example_sites": settings.example_sites_address}


def _federation(settings: Settings) -> Federation:
    return load_federation(settings.federation_dir, _variables(settings))


def _tell(written: Sequence[Path], then: Sequence[str]) -> None:
    for path in written:
        shown = path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path
        typer.echo(f"  {shown}")
    for line in then:
        typer.echo(f"→ {line}")


@app.command("member")
def member(
    member_id: Annotated[str, typer.Argument(metavar="ID", help="Lower case, never changed: saint-exemple.")],
    name: Annotated[str, typer.Option(prompt="Name as people know it", help="Name on screen.")],
    siren: Annotated[str, typer.Option(prompt="SIREN (9 digits)", help="SIREN of the authority.")],
    population: Annotated[int, typer.Option(prompt="Inhabitants", help="Legal population of that year.")],
    insee_code: Annotated[str, typer.Option(prompt="INSEE code (5 characters)", help="Empty for an EPCI.")] = "",
    kind: Annotated[Literal["commune", "epci"], typer.Option(help="commune or epci.")] = "commune",
    cog_year: Annotated[int | None, typer.Option(help="Year of the INSEE code; by default this one.")] = None,
    federation: FederationOption = None,
) -> None:
    """Declare a member; what is not given is asked for.

    Example: archipel new member saint-exemple --name "Saint-Exemple" --siren 000000059 --insee-code 44999
    --population 1200
    """
    from governance.scaffold.member_file import declare_member, write_member

    with _in_words():
        declared = declare_member(
            member_id, name=name, siren=siren.replace(" ", ""), population=population, kind=kind,
            insee_code=insee_code or None, cog_year=cog_year or date.today().year,
        )  # fmt: skip
        path = write_member(_federation(chosen_settings(federation)), declared)
    _tell([path], [f"add its first source: make new-source MEMBER={member_id} DATASET=…"])


@app.command("source")
def source(
    member_id: Annotated[str, typer.Argument(metavar="MEMBER", help="Id of a member or partner.")],
    dataset: Annotated[str, typer.Argument(help="Id of the dataset, as its contract is called.")],
    connector: Annotated[str, typer.Option(help="How it is fetched.")] = "http_file",
    option: Annotated[list[str] | None, typer.Option("--option", help="name=value, as often as need be.")] = None,
    url: Annotated[str | None, typer.Option(help="Short for --option url=…")] = None,
    source_id: Annotated[str | None, typer.Option("--id", help="Where a member has two of a dataset.")] = None,
    federation: FederationOption = None,
) -> None:
    """Declare where a member keeps a dataset; options that the connector needs are asked for.

    Example: archipel new source donges lieux_covoiturage --url https://www.donges.example/covoiturage.csv
    """
    from governance.contracts.odcs import load_contracts
    from governance.scaffold.source_entry import add_source, find_organisation, missing_options

    with _in_words():
        settings = chosen_settings(federation)
        declared = _federation(settings)
        find_organisation(declared, member_id)
        known = load_contracts(settings.federation_dir / "contracts")
        if dataset not in known:
            raise ScaffoldError(
                f"no contract {dataset!r}; known: {', '.join(known)}. A new one: make new-dataset ID={dataset}"
            )
        options = _options(option or [], url)
        for missing in missing_options(connector, options):
            options[missing.name] = typer.prompt(f"{missing.name} ({missing.description})")
        wanted = Source(id=source_id or dataset, dataset=dataset, connector=connector, options=options)
        path = add_source(declared, member_id, wanted, _variables(settings))
    _tell(
        [path],
        [
            f"other headers than the contract's? archipel map FILE --contract {dataset} --yaml",
            f"see what a harvest would take: make dry-run MEMBER={member_id}",
        ],
    )


def _options(pairs: Sequence[str], url: str | None) -> dict[str, str]:
    unread = [pair for pair in pairs if "=" not in pair]
    if unread:
        raise ScaffoldError(f"an option is written name=value; these are not: {', '.join(unread)}")
    given = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    return given if url is None else {"url": url, **given}


@app.command("dataset")
def dataset(
    dataset_id: Annotated[str, typer.Argument(metavar="ID", help="Plural noun, snake_case: arbres_remarquables.")],
    entity: Annotated[str, typer.Option(prompt="What is one row (singular, snake_case)", help="As in arbre.")],
    group: Annotated[str, typer.Option(prompt="dbt group that answers for it", help="One of dbt/models/groups.yml.")],
    schema: Annotated[Path | None, typer.Option(help="Table Schema (JSON) to make the contract of.")] = None,
    adopted: Annotated[str | None, typer.Option("--from", help="Contract of the library to adopt.")] = None,
    classification: Annotated[Classification, typer.Option(help="Who may see it at all.")] = "restricted",
    federation: FederationOption = None,
) -> None:
    """Write the contract (from a Table Schema or the library, unless it exists) and the dbt models of a dataset.

    Nothing is open by default: classification is restricted until you say open.

    Example: archipel new dataset arbres --schema arbres.schema.json --entity arbre --group territoire

    Example: archipel new dataset fontaines --from fontaines_eau --entity fontaine --group territoire
    """
    from governance.scaffold.dataset_files import NewDataset, write_dataset

    with _in_words():
        settings = chosen_settings(federation)
        wanted = NewDataset(dataset_id, entity, group, classification)
        written = write_dataset(_federation(settings), settings.dbt_dir, wanted, schema, adopted)
    words = [] if adopted else ["say in the contract, in French and English, what each column is"]
    _tell(written, [*words, "make docs"])


@app.command("connector")
def connector(name: Annotated[str, typer.Argument(help="Protocol and noun: ogc_features.")]) -> None:
    """Write a connector that works, its test, and its source in the suite that all connectors pass.

    Example: archipel new connector oai_pmh
    """
    from governance.scaffold.connector_files import write_connector

    with _in_words():
        written = write_connector(PROJECT_ROOT, name)
    _tell(written, [".venv/bin/pytest tests/connectors -k " + name, "make docs"])


@app.command("policy")
def policy(
    package: Annotated[str, typer.Argument(help="request, closure or agreement: the layer that refuses.")],
    name: Annotated[str, typer.Argument(help="The reason's code, a fact: agreement_expired.")],
) -> None:
    """Write a rule that refuses, its test, its place among the conditions and the page of its reason.

    Example: archipel new policy closure dataset_under_embargo
    """
    from governance.scaffold.policy_files import write_rule

    with _in_words():
        written = write_rule(PROJECT_ROOT, chosen_settings(None).policies_dir, package, name)
    _tell(written, ["put the condition and the words in place", "archipel policy test", "archipel policy reasons"])
