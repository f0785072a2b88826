"""``python -m infra.native run | stop | status | logs``: what the Makefile calls."""

import sys
import time

import typer

from governance.commands.failures import in_words
from governance.orchestrator.airflow import AirflowRefused
from governance.settings import Settings, load_settings
from infra.native import supervisor
from infra.native.main_job import run_through_airflow
from infra.native.opa_binary import OpaMissing
from infra.native.prepare import prepare
from infra.native.where import print_where_to_look

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


def _settings() -> Settings:
    return load_settings()


@app.command()
def run() -> None:
    """Start everything, run the main job through Airflow, say where to look, and leave the services up."""
    began = time.monotonic()
    settings = _settings()
    prepare(settings, typer.echo)
    if not supervisor.start(settings, typer.echo):
        typer.echo("  every service is up already; nothing was started")
    run_through_airflow(settings)
    print_where_to_look(settings)
    typer.echo(f"{time.monotonic() - began:.0f} s. `make stop` ends the services.")


@app.command()
def stop() -> None:
    """End every service."""
    typer.echo("stopped" if supervisor.stop(_settings()) else "nothing was running")


@app.command()
def status() -> None:
    """Say which services run; ends with 1 when one does not."""
    known = supervisor.states(_settings())
    for name, state in known.items():
        typer.echo(f"{name:24}{state}")
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


def main() -> None:
    """Run a command; a failure we know is said in words and ends with 2."""
    try:
        app()
    except Exception as error:
        words = in_words(error, also=(supervisor.StartFailed, OpaMissing, AirflowRefused))
        if words is None:
            raise
        typer.echo(words, err=True)
        sys.exit(2)


main()
