"""``archipel run``, ``harvest``, ``harmonise``, ``publish``: the main job and its steps, without Airflow."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import stamina
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from governance.commands.options import FederationOption, JsonOption, StateOption, chosen_settings
from governance.commands.table import print_summary
from governance.federation import DeclarationError
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.harmonise import harmonise as harmonise_step
from governance.pipeline.harvest import harvest as harvest_step
from governance.pipeline.publish import publish as publish_step
from governance.pipeline.run import run_main_job
from governance.pipeline.summary import summarise
from governance.platform import open_platform
from governance.settings import Settings
from governance.state.receipts import Receipt
from governance.telemetry.set_up import set_up_telemetry

# What a source answered is on its receipt, in words; the library's own warnings would say it again, in code.
stamina.instrumentation.set_on_retry_hooks([])


def _settings(federation: Path | None, state: Path | None) -> Settings:
    settings = chosen_settings(federation, state)
    set_up_telemetry(settings, "archipel")
    return settings


def _bar(console: Console) -> Progress:
    words = TextColumn("{task.description}")
    return Progress(words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console, transient=True)


def _say(receipt: Receipt) -> str:
    return f"{receipt.member_id}/{receipt.source_id}: {receipt.outcome}. {receipt.message_fr}"


def run(federation: FederationOption = None, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Run the main job in this process: harvest every source, harmonise, publish."""
    console = Console(stderr=True)
    with with_policy_engine(_settings(federation, state)) as settings, _bar(console) as bar:
        platform = open_platform(settings)
        task = bar.add_task("harvest", total=len(list(platform.federation.sources())))
        job = run_main_job(
            platform,
            say=lambda words: bar.update(task, description=words),
            told=lambda receipt: bar.update(task, advance=1, description=f"{receipt.member_id}/{receipt.source_id}"),
        )
        lines = summarise(platform, job.published.open_datasets)
    if as_json:
        outcome = {
            "lines": [asdict(line) for line in lines],
            "harmonised": asdict(job.harmonised),
            "published": job.published.counts(),
            "notices": dict(Counter(delivery.state for delivery in job.deliveries)),
        }
        typer.echo(json.dumps(outcome, ensure_ascii=False, default=str))
    else:
        print_summary(lines)
        typer.echo(f"harmonise: {job.harmonised.outcome} {job.harmonised.version}; publish: {job.published.counts()}")
        for became, count in Counter(delivery.state for delivery in job.deliveries).items():
            typer.echo(f"notify: {count} {became}")
    for failure in job.harmonised.failures:
        typer.echo(f"archipel: {failure}", err=True)
    if job.harmonised.failures:
        raise typer.Exit(1)


def harvest(
    member: Annotated[str, typer.Argument(help="Id of a member or partner.")],
    source: Annotated[str | None, typer.Option("--source", help="One source alone.")] = None,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask one member's sources, check their rows and keep the good ones. Ends with 1 if a source failed."""
    platform = open_platform(_settings(federation, state))
    organisation = platform.federation.organisations.get(member)
    if organisation is None:
        raise DeclarationError(f"no member {member!r}; known: {', '.join(platform.federation.organisations)}")
    asks = [(organisation, known) for known in organisation.sources if source in (None, known.id)]
    if not asks:
        raise DeclarationError(f"{member} has no source {source!r}; known: {[s.id for s in organisation.sources]}")
    receipts = harvest_step(platform, asks, lambda receipt: None if as_json else typer.echo(_say(receipt)))
    if as_json:
        typer.echo(json.dumps([receipt.model_dump(mode="json") for receipt in receipts], ensure_ascii=False))
    if any(receipt.outcome == "failed" for receipt in receipts):
        raise typer.Exit(1)


def harmonise(federation: FederationOption = None, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Make one dataset of many out of the accepted rows, and switch the shared layer to it."""
    outcome = harmonise_step(open_platform(_settings(federation, state)))
    typer.echo(json.dumps(asdict(outcome)) if as_json else f"{outcome.outcome}: {outcome.version}")
    for failure in outcome.failures:
        typer.echo(f"archipel: {failure}", err=True)
    if outcome.failures:
        raise typer.Exit(1)


def publish(federation: FederationOption = None, state: StateOption = None, as_json: JsonOption = False) -> None:
    """Ask the policies what is open and make the catalogue equal to the answer."""
    with with_policy_engine(_settings(federation, state)) as settings:
        published = publish_step(open_platform(settings))
    counts = published.counts()
    typer.echo(json.dumps(counts) if as_json else ", ".join(f"{count} {name}" for name, count in counts.items()))
