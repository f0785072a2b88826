"""``archipel compare``: what of other portals we have already, before it is taken in."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from connectors.base import FetchRequest, Limits
from connectors.problems import ConnectorProblem
from connectors.registry import find_connector
from governance.catalogue.already_there import AlreadyThere, Compared, Kind, counted
from governance.catalogue.file_catalogue import FileCatalogue
from governance.commands.options import FederationOption, JsonOption, Language, StateOption, chosen_settings
from governance.federation import load_federation
from governance.reach import example_site_of, limits_of

_KINDS: dict[Kind, dict[str, str]] = {
    "new": {"fr": "nouveau", "en": "new"},
    "ours": {"fr": "le nôtre, revenu (à ne pas reprendre)", "en": "ours, come back (not to be taken in)"},
    "same_identifier": {"fr": "déjà là : même identifiant", "en": "already there: same identifier"},
    "same_landing_page": {"fr": "déjà là : même page", "en": "already there: same page"},
    "same_content": {"fr": "déjà là : même contenu", "en": "already there: same content"},
}
_LIKE = {"fr": "comme {like}", "en": "like {like}"}


def compare(
    portals: Annotated[list[str], typer.Argument(help="Addresses of DCAT catalogues, such as …/catalog.ttl.")],
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Read other portals' catalogues and say which datasets are ours, which are already there and why, which are new.

    Reads pages to the last and keeps nothing. Ends with 0 when all portals were read, 2 when one could not be.

    Example: archipel compare https://data.example.org/catalog.ttl
    """
    settings = chosen_settings(federation, state)
    declared = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
    index = FileCatalogue(settings.state_dir / "catalogue").read_index()
    known = AlreadyThere(declared, index, settings.public_address)
    limits = limits_of(settings, example_site_of(settings, declared))
    found: list[Compared] = []
    for portal in portals:
        try:
            found += [known.compare(portal, record) for record in _records(portal, limits)]
        except ConnectorProblem as problem:
            typer.echo(problem.message_fr if lang is Language.fr else problem.message_en, err=True)
            raise typer.Exit(2) from problem
    if as_json:
        answer = {"counts": counted(found), "datasets": [each.model_dump(mode="json") for each in found]}
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    for each in found:
        like = f" ({_LIKE[lang.value].format(like=each.like)}, {each.by})" if each.like else ""
        typer.echo(f"{_KINDS[each.kind][lang.value]}{like} : {each.title} {each.uri}")
    typer.echo("; ".join(f"{_KINDS[kind][lang.value]} {count}" for kind, count in counted(found).items()))


def _records(portal: str, limits: Limits) -> list[dict[str, object]]:
    """Every dataset of a catalogue, in a stable order."""
    with tempfile.TemporaryDirectory() as folder:
        request = FetchRequest(options={"url": portal}, into=Path(folder), limits=limits)
        fetched = find_connector("dcat").fetch(request)
        lines = fetched.path.read_text(encoding="utf-8").splitlines() if fetched.path else []
    return [json.loads(line) for line in lines]
