"""``archipel policy``: build the bundle, test the policies, write the pages of the reasons."""

import json
import subprocess
from typing import Annotated

import typer

from governance.contracts.model import ContractError
from governance.decisions.opa_server import PolicyEngineError, find_opa
from governance.decisions.reasons import PAGES, write_pages
from governance.federation import DeclarationError
from governance.journal.journal import Journal
from governance.pipeline.in_force import put_in_force
from governance.settings import PROJECT_ROOT, load_settings

LEAST_COVERAGE = 95.0
app = typer.Typer(help="Policies: build the bundle, test, document.", no_args_is_help=True)


@app.command("build")
def build(
    as_json: Annotated[bool, typer.Option("--json", help='Print {"revision": …}.')] = False,
) -> None:
    """Build the bundle of the declarations and put it in force."""
    try:
        settings = load_settings()
        revision = put_in_force(settings, Journal.from_settings(settings))
    except (DeclarationError, ContractError, PolicyEngineError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps({"revision": revision}) if as_json else revision)


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
