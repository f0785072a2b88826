"""``python -m infra.native run | up | stop | status | logs | ckan``: what the Makefile calls; and one service alone."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from governance.commands.failures import in_words
from governance.commands.policy_lines import status_lines
from governance.decisions.engine_status import policy_status
from governance.orchestrator.airflow import AirflowRefused
from governance.settings import Settings
from infra.native import supervisor
from infra.native.backup import back_up, restore
from infra.native.installation import require_same_state, settle
from infra.native.main_job import run_through_airflow
from infra.native.one_service import COMMANDS
from infra.native.opa_binary import OpaMissing
from infra.native.profiles import PROFILES, ProfileName
from infra.native.service import StartFailed
from infra.native.services.ckan import run_ckan
from infra.native.services.console import CONSOLE
from infra.native.where import print_where_to_look

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
ProfileOption = Annotated[ProfileName, typer.Option(help="Which services make the platform.")]


def _settings() -> Settings:
    """The environment's alone: what an earlier start settled may hold no more, such as a port."""
    return Settings()


def _start(profile: ProfileName, names: list[str]) -> Settings:
    """Start the services of a profile, and return the platform's settings beside them."""
    chosen = PROFILES[profile]
    asked = _settings()
    settings = chosen.adapt(asked)
    require_same_state(settings)
    services = chosen.chosen(names)
    if CONSOLE in services:
        settle(asked, settings)
    if not supervisor.start(settings, services, typer.echo):
        typer.echo("  every service is up already; nothing was started")
    return settings


@app.command()
def run(profile: ProfileOption = "embedded") -> None:
    """Start everything, run the main job through Airflow, say where to look, and leave the services up."""
    began = time.monotonic()
    settings = _start(profile, [])
    run_through_airflow(settings)
    print_where_to_look(settings)
    typer.echo(f"{time.monotonic() - began:.0f} s. `make stop` ends the services.")


@app.command()
def up(
    names: Annotated[list[str] | None, typer.Argument(help="Services, with what they need; all by default.")] = None,
    profile: ProfileOption = "full",
) -> None:
    """Obtain, configure and start services, and leave them up."""
    began = time.monotonic()
    _start(profile, names or [])
    typer.echo(f"{time.monotonic() - began:.0f} s. `make services-down` ends the services.")


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
def ckan(words: Annotated[list[str], typer.Argument(help="What CKAN's own command is told.")]) -> None:
    """Run CKAN's own command on the CKAN of this platform: accounts, index, jobs."""
    raise typer.Exit(run_ckan(_settings(), words))


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="Archive to write, outside the state folder.")]) -> None:
    """Write all that cannot be made again into one archive, while the platform works."""
    back_up(PROFILES["full"].adapt(_settings()), target, typer.echo)
    typer.echo(f"{target} is written. It holds keys and personal data: encrypt it, and keep it elsewhere.")


@app.command(name="restore")
def restore_(source: Annotated[Path, typer.Argument(help="Archive that `backup` wrote.")]) -> None:
    """Make an empty state folder what an archive holds; what is missing is made by the next start."""
    restore(_settings(), source, typer.echo)
    typer.echo("Restored. `.venv/bin/archipel journal verify` says whether it is whole.")


@app.command()
def stop() -> None:
    """End every service."""
    typer.echo("stopped" if supervisor.stop(_settings()) else "nothing was running")


@app.command()
def status() -> None:
    """Say which services run and which policy is in force; ends with 1 when a service does not."""
    known = supervisor.states(_settings())
    for name, state in known.items():
        typer.echo(f"{name:24}{state}")
    if "opa" in known:
        typer.echo("\n".join(status_lines(policy_status(_settings()), "en")))
    if not known:
        typer.echo("nothing is running; `make run` starts everything")
    if not known or set(known.values()) != {"RUNNING"}:
        raise typer.Exit(1)


@app.command()
def logs(lines: int = 20) -> None:
    """Show the last lines of each service's log."""
    for path in sorted((_settings().state_dir / "logs").glob("*.log")):
        typer.echo(f"==> {path.name}")
        typer.echo("\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]))


for _one_service in COMMANDS:
    app.command()(_one_service)


def main() -> None:
    """Run a command; a failure we know is said in words and ends with 2."""
    try:
        app()
    except Exception as error:
        words = in_words(error, also=(StartFailed, OpaMissing, AirflowRefused))
        if words is None:
            raise
        typer.echo(words, err=True)
        sys.exit(2)


main()
