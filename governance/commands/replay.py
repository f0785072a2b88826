"""``archipel replay``: make a dataset as it was at an instant again, and hold it against what was served."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from governance.commands.options import FederationOption, JsonOption, Language, StateOption, chosen_settings
from governance.legal_time import read_instant
from governance.pipeline.failures import StepFailed
from governance.pipeline.replay import Replayed
from governance.pipeline.replay import replay as replay_dataset
from governance.platform import open_platform

_SAYINGS = {
    "fr": {
        "same": "{dataset}, version {version} : refait à l'identique, {rows} lignes, SHA-256 {sha256}.",
        "differs": "{dataset}, version {version} : le résultat diffère. Servi {served}, refait {sha256}.",
        "rows": "Lignes seulement dans ce qui était servi : {gone} ; seulement dans ce qui est refait : {come}.",
        "no_file": "Le fichier servi n'est plus là : seules les empreintes sont comparées.",
        "columns": "Colonnes différentes : {columns}.",
        "bytes": "Les lignes sont les mêmes ; seule leur écriture en Parquet diffère.",
        "same_release": "Version de la plateforme : {now}, la même qu'alors.",
        "other_release": "Refait par une autre version de la plateforme : alors {then}, maintenant {now}.",
        "no_effect": "Elle donne le même résultat : la preuve tient.",
        "no_cause": "Ni le code qui lit et juge ni les bibliothèques n'ont changé : la différence vient d'ailleurs.",
        "perhaps": "La différence peut venir de là ({software}) : pour le savoir, refaites-le avec la version d'alors.",
        "where": "Fichier : {path}",
    },
    "en": {
        "same": "{dataset}, version {version}: made again, the same to the byte, {rows} rows, SHA-256 {sha256}.",
        "differs": "{dataset}, version {version}: the result differs. Served {served}, made again {sha256}.",
        "rows": "Rows only in what was served: {gone}; only in what was made again: {come}.",
        "no_file": "The file that was served is there no more: only hashes are compared.",
        "columns": "Columns that differ: {columns}.",
        "bytes": "The rows are the same; only how they are written as Parquet differs.",
        "same_release": "Release of the platform: {now}, the same as then.",
        "other_release": "Made again with another release of the platform: then {then}, now {now}.",
        "no_effect": "It gives the same result: the proof holds.",
        "no_cause": "Neither the code that reads and judges nor the libraries changed: the difference comes from "
        "elsewhere.",
        "perhaps": "The difference may come from that ({software}): to know, make it again with the release of then.",
        "where": "File: {path}",
    },
}


class NotAnInstant(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """What was given for an instant cannot be read."""


def replay(
    dataset: Annotated[str, typer.Argument(help="Id of a dataset of the shared layer.")],
    at: Annotated[str, typer.Option("--at", help="Instant, such as 2026-11-25T08:00; in legal time unless it says.")],
    to: Annotated[Path | None, typer.Option("--to", help="Folder to work in; by default one under the state.")] = None,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Make a dataset as readers had it at an instant again, from the bytes that were received.

    Ends with 0 when it is the same to the byte, with whichever release; 1 when it differs, 2 when it cannot be made,
    3 when it differs and was made again with another release than then, which may be why.


    Example: archipel replay subventions --at 2026-11-25T08:00
    """
    instant = _instant(at)
    replayed = replay_dataset(open_platform(chosen_settings(federation, state)), dataset, instant, to)
    if as_json:
        names = ("is_same", "is_by_another_release", "may_differ_by_release")
        told = {**asdict(replayed), **{name: getattr(replayed, name) for name in names}}
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
    else:
        for line in _said(replayed, _SAYINGS[lang.value]):
            typer.echo(line)
    if not replayed.is_same:
        raise typer.Exit(3 if replayed.may_differ_by_release else 1)


def _instant(text: str) -> datetime:
    try:
        return read_instant(text).astimezone(UTC)
    except ValueError:
        raise NotAnInstant(
            f"--at {text!r} is no instant; write it as 2026-11-25T08:00 or 2026-11-25T08:00:00Z"
        ) from None


def _said(replayed: Replayed, say: dict[str, str]) -> list[str]:
    facts = {"dataset": replayed.dataset, "version": replayed.version, "sha256": replayed.sha256, "rows": replayed.rows}
    last = [*_released(replayed, say), say["where"].format(path=replayed.path)]
    found = replayed.differences
    if found is None:
        return [say["same"].format(**facts), *last]
    lines = [say["differs"].format(**facts, served=replayed.served_sha256)]
    if found.only_served is None:
        lines.append(say["no_file"])
    elif found.only_served or found.only_again:
        lines += [say["rows"].format(gone=found.only_served, come=found.only_again), *found.first]
    elif not found.columns:
        lines.append(say["bytes"])
    if found.columns:
        lines.append(say["columns"].format(columns=", ".join(found.columns)))
    return [*lines, *last]


def _released(replayed: Replayed, say: dict[str, str]) -> list[str]:
    """By which releases it was made then and now, and what that means for the result."""
    if not replayed.is_by_another_release:
        return [say["same_release"].format(now=replayed.release_now)]
    then = ", ".join(sorted({replayed.release, *replayed.judged_by}))
    said = say["other_release"].format(then=then, now=replayed.release_now)
    if replayed.is_same:
        return [said, say["no_effect"]]
    if not replayed.may_differ_by_release:
        return [said, say["no_cause"]]
    return [said, say["perhaps"].format(software=", ".join(replayed.software_changed) or then)]
