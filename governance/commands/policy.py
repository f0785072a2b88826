"""``archipel policy``: build the bundles, say which are in force, test the policies, write the reasons' pages."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from governance.commands.impact import impact
from governance.commands.policy_lines import status_lines
from governance.contracts.model import ContractError
from governance.decisions.engine_status import ONE_COMMAND, policy_status
from governance.decisions.opa_server import Engine, PolicyEngineError, find_opa, main_engine, opa_command
from governance.decisions.reasons import PAGES, write_pages
from governance.federation import DeclarationError
from governance.journal.journal import Journal
from governance.pipeline.in_force import put_in_force
from governance.settings import PROJECT_ROOT, load_settings

LEAST_COVERAGE = 95.0
app = typer.Typer(
    help="Policies: see what a change would do, build the bundles, see which are in force, test, document.",
    no_args_is_help=True,
)

app.command("impact")(impact)


@app.command("build")
def build(
    as_json: Annotated[bool, typer.Option("--json", help='Print {"revision": …}.')] = False,
) -> None:
    """Build and sign the bundles of the declarations and put them in force."""
    try:
        settings = load_settings()
        revision = put_in_force(settings, Journal.from_settings(settings))
    except (DeclarationError, ContractError, PolicyEngineError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps({"revision": revision}) if as_json else revision)


@app.command("status")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
    lang: Annotated[str, typer.Option(help="fr or en.")] = "fr",
) -> None:
    """Say which version is in force and whether the engine decides by it; exit 0 when all is well, 1 otherwise."""
    found = policy_status(load_settings())
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        typer.echo("\n".join(status_lines(found, "en" if lang == "en" else "fr")))
    raise typer.Exit(0 if found.is_well else 1)


@app.command("engine")
def engine(
    name: Annotated[str, typer.Argument(help="Its name in reports: letters, digits, hyphens; not main nor command.")],
    folder: Annotated[Path, typer.Option("--to", help="Folder for its configuration and the bundles that it keeps.")],
    platform: Annotated[str | None, typer.Option(help="Address at which it reaches the platform.")] = None,
    port: Annotated[int, typer.Option(help="Port that it listens on.")] = 8181,
) -> None:
    """Write the configuration of one more engine, such as one beside each API, and print how to start it."""
    settings = load_settings()
    if name in {main_engine(settings).name, ONE_COMMAND} or not re.fullmatch(r"[a-z0-9-]{1,60}", name):
        typer.echo(
            f"{name!r} cannot be the name of an engine: letters, digits and hyphens; not main nor command", err=True
        )
        raise typer.Exit(2)
    made = Engine(name, folder.resolve(), port, (platform or main_engine(settings).platform).rstrip("/"))
    try:
        typer.echo(shlex.join(opa_command(settings, made)))
    except PolicyEngineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


@app.command("test")
def test() -> None:
    """Check the policies strictly, their layout, their tests and how much of them the tests reach."""
    policies = str(load_settings().policies_dir)
    try:
        opa = str(find_opa())
    except PolicyEngineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    for arguments in (["check", "--strict"], ["fmt", "--list", "--fail"], ["test"]):
        done = subprocess.run([opa, *arguments, policies], capture_output=True, text=True, timeout=120)
        typer.echo((done.stdout + done.stderr).strip() or f"opa {' '.join(arguments)}: ok")
        if done.returncode != 0:
            raise typer.Exit(1)
    done = subprocess.run([opa, "test", "--coverage", policies], capture_output=True, text=True, timeout=120)
    coverage = float(json.loads(done.stdout)["coverage"])
    typer.echo(f"coverage: {coverage:.1f} %")
    if coverage < LEAST_COVERAGE:
        raise typer.Exit(1)


@app.command("reasons")
def reasons() -> None:
    """Write docs/reasons from the annotations of the rules; words added by hand are kept."""
    try:
        written = write_pages(load_settings().policies_dir, PROJECT_ROOT / PAGES)
    except PolicyEngineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{len(written)} pages in {PAGES}")
