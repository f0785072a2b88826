"""``archipel lineage``: where a dataset's numbers come from, and what stops if a source stops."""

from typing import Annotated

import typer
from rich.table import Table

from governance.commands.options import FederationOption, JsonOption, Language, StateOption, chosen_settings
from governance.commands.screen import open_screen
from governance.lineage.answers import Answer, Lineage, Touched
from governance.lineage.graph import Graph, Node
from governance.pipeline.failures import StepFailed
from governance.platform import open_platform

_SAYINGS = {
    "fr": {
        "from": "D'où vient ce chiffre : {node}",
        "columns": ("De qui", "Jeu", "Fichier", "Empreinte", "Reçu", "Lignes", "Contrat", "Passage"),
        "nothing": "Aucune ligne reçue n'y est encore.",
        "version": "Version servie : {version}, faite le {at:%d/%m/%Y à %H:%M} UTC",
        "policy": "Publiée selon les règles {policy}, par {count} décisions du moteur",
        "steps": "Calculs sur le chemin : {steps}",
        "stops": "Ce qui s'arrête si cela s'arrête",
        "touched": ("Quoi", "Nature", "Effet"),
        "none": "Rien n'en dépend.",
        "grace": "Les dernières lignes valables restent servies {days} jours après la disparition de la source.",
        "effects": {
            "stops": "s'arrête", "loses_rows": "perd {rows} lignes sur {of_rows}", "recomputed": "recalculé sans elle",
            "goes_on": "inchangé : aucune de ses lignes n'y est",
        },
        "kinds": {
            "dataset": "jeu de données", "entry": "entrée du catalogue", "feed": "flux",
            "agreement": "partenaire sous convention", "source": "source", "model": "calcul",
        },
    },
    "en": {
        "from": "Where this number comes from: {node}",
        "columns": ("From whom", "Dataset", "File", "Hash", "Received", "Rows", "Contract", "Run"),
        "nothing": "No row received is in it yet.",
        "version": "Version served: {version}, made on {at:%Y-%m-%d at %H:%M} UTC",
        "policy": "Published under policies {policy}, by {count} decisions of the engine",
        "steps": "Computations on the way: {steps}",
        "stops": "What stops if it stops",
        "touched": ("What", "Kind", "Effect"),
        "none": "Nothing depends on it.",
        "grace": "The last good rows stay served for {days} days after the source is gone.",
        "effects": {
            "stops": "stops", "loses_rows": "loses {rows} rows of {of_rows}", "recomputed": "computed without it",
            "goes_on": "unchanged: none of its rows is in it",
        },
        "kinds": {
            "dataset": "dataset", "entry": "catalogue entry", "feed": "feed",
            "agreement": "partner under agreement", "source": "source", "model": "computation",
        },
    },
}  # fmt: skip


class NothingOfThatName(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """Neither a dataset nor a source, model or catalogue entry is called so."""


def lineage(
    name: Annotated[str, typer.Argument(help="A dataset, MEMBER/SOURCE, a dbt model or a catalogue entry.")],
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Say where a dataset's numbers come from, and what stops if a source stops.

    Files, runs and contract versions are those of what is served now; the console draws the same under /lineage.

    Example: archipel lineage subventions
    """
    known = Lineage(open_platform(chosen_settings(federation, state)), sees_all=True)
    answer = known.answer(_find(known.graph, name))
    if as_json:
        typer.echo(answer.model_dump_json(indent=2))
    else:
        _print(answer, lang.value)


def _find(graph: Graph, name: str) -> Node:
    kinds = ("source",) if "/" in name else ("dataset", "model", "entry")
    for kind in kinds:
        node = graph.find(kind, name)
        if node is not None:
            return node
    known = sorted(node.name for node in graph.nodes.values() if node.kind == ("source" if "/" in name else "dataset"))
    raise NothingOfThatName(f"nothing is called {name!r}; known: {', '.join(known)}")


def _print(answer: Answer, lang: str) -> None:
    said, screen = _SAYINGS[lang], open_screen(120)
    label = answer.node.label_fr if lang == "fr" else answer.node.label_en
    screen.print(str(said["from"]).format(node=f"{label} ({answer.node.name})"), style="bold")
    if answer.version and answer.made_at:
        screen.print(str(said["version"]).format(version=answer.version, at=answer.made_at))
    if answer.policy_version:
        count = len(answer.engine_decisions)
        screen.print(str(said["policy"]).format(policy=answer.policy_version[:24], count=count))
    if answer.origins:
        table = Table(*said["columns"])
        for one in answer.origins:
            at = f"{one.received_at:%Y-%m-%d %H:%M}" if one.received_at else "–"
            cells = (one.member_name, one.dataset, one.file_name, (one.file_sha256 or "")[:12], at, one.rows)
            more = (one.contract_version, (one.run_id or "")[:8])
            table.add_row(*("–" if cell is None else str(cell) for cell in (*cells, *more)))
        screen.print(table)
    else:
        screen.print(str(said["nothing"]))
    if answer.steps:
        screen.print(str(said["steps"]).format(steps=" → ".join(step.name for step in answer.steps)))
    screen.print(str(said["stops"]), style="bold")
    if answer.node.kind == "source":
        screen.print(str(said["grace"]).format(days=answer.grace_days))
    if not answer.touched:
        screen.print(str(said["none"]))
        return
    table = Table(*said["touched"])
    for touched in answer.touched:
        table.add_row(*_cells(touched, lang))
    screen.print(table)


def _cells(touched: Touched, lang: str) -> tuple[str, str, str]:
    effects, kinds = _SAYINGS[lang]["effects"], _SAYINGS[lang]["kinds"]
    assert isinstance(effects, dict) and isinstance(kinds, dict)
    node = touched.node
    label = node.label_fr if lang == "fr" else node.label_en
    effect = str(effects[touched.effect]).format(rows=touched.rows, of_rows=touched.of_rows)
    return f"{label} ({node.name})", str(kinds[node.kind]), effect
