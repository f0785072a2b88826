"""``archipel policy impact``: see what a change of agreements, rules or policies would do before it is in force."""

from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from governance.commands.options import JsonOption, Language
from governance.contracts.model import ContractError
from governance.decisions.opa_server import PolicyEngineError
from governance.federation import DeclarationError
from governance.pipeline.impact import PUBLIC, Effect, Impact, Line, Side, find_impact
from governance.platform import open_platform
from governance.settings import load_settings

_EFFECTS: dict[Effect, tuple[str, str]] = {
    "loses": ("accès perdu à", "access lost to"),
    "gains": ("accès gagné à", "access gained to"),
    "changes": ("autre vue de", "another view of"),
    "refused_otherwise": ("toujours sans accès, pour d'autres raisons, à", "still no access, for other reasons, to"),
}
_WORDS: dict[str, tuple[str, str]] = {
    "nothing": ("Rien ne change pour personne.", "Nothing changes for anybody."),
    "asked": ("questions posées de part et d'autre", "questions asked of each side"),
    "declared": ("Ce qui diffère dans les déclarations", "What differs in the declarations"),
    "public": ("le public", "the public"),
    "channel": ("par", "through"),
    "purposes": ("finalités", "purposes"),
    "no_purpose": ("sans finalité", "without a purpose"),
    "rows": ("lignes", "rows"),
    "filter": ("le filtre de lignes change", "the row filter changes"),
    "gained": ("colonnes en plus", "more columns"),
    "lost": ("colonnes en moins", "fewer columns"),
    "masked": ("colonnes autrement masquées", "columns masked otherwise"),
    "duties": ("obligations", "duties"),
    "why_before": ("aujourd'hui", "today"),
    "why_after": ("ensuite", "afterwards"),
    "added": ("ajouté", "added"),
    "removed": ("retiré", "removed"),
    "changed": ("modifié", "changed"),
    "publish": ("le catalogue", "the catalogue"),
    "feed": ("les flux", "the feeds"),
    "preview": ("l'aperçu", "the preview"),
    "export": ("l'export", "the export"),
    "in_force": ("Pour l'appliquer : archipel policy build", "To put it in force: archipel policy build"),
}


def impact(
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Say who would gain or lose what by the declarations as they stand; exit 0 nothing, 1 something, 2 unusable.

    Two engines are asked the same: one decides by what is in force, one by the declarations. Nothing is put in force.
    """
    try:
        platform = open_platform(load_settings())
        with Progress(TextColumn("{task.completed}/{task.total}"), transient=True, disable=as_json) as progress:
            task = progress.add_task("", total=None)
            found = find_impact(platform, lambda done, of: progress.update(task, completed=done, total=of))
    except (DeclarationError, ContractError, PolicyEngineError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(lines_of(found, lang)))
    raise typer.Exit(1 if found.lines else 0)


def lines_of(found: Impact, language: Language) -> list[str]:
    """Return the impact as lines of text."""
    said = {name: words[language == "en"] for name, words in _WORDS.items()}
    lines: list[str] = []
    if found.changes:
        lines.append(f"{said['declared']} :" if language == "fr" else f"{said['declared']}:")
        lines += [
            f"  {kind}, {said[what]}: {', '.join(names)}"
            for kind, told in found.changes.items()
            for what, names in told.items()
        ]
        lines.append("")
    for line in found.lines:
        lines += _difference(line, said, language)
    if found.lines:
        lines += ["", said["in_force"]]
    else:
        lines.append(said["nothing"])
    return [*lines, f"({found.asked} {said['asked']})"]


def _difference(line: Line, said: dict[str, str], language: Language) -> list[str]:
    who = ", ".join(said["public"] if each == PUBLIC else each for each in line.who)
    doors = ", ".join(said[channel] for channel in line.channels)
    head = f"{who} : {_EFFECTS[line.effect][language == 'en']} {line.dataset} ({said['channel']} {doors}"
    if line.who != (PUBLIC,):
        head += "; " + said["purposes"] + ": " + ", ".join(purpose or said["no_purpose"] for purpose in line.purposes)
    told = [head + ")"]
    rows = (line.before.rows or 0, line.after.rows or 0)
    if rows[0] != rows[1]:
        told.append(f"    {said['rows']}: {rows[0]} → {rows[1]}")
    if line.effect == "changes" and line.before.row_filter != line.after.row_filter:
        told.append(f"    {said['filter']}")
    for name, columns in (("gained", line.gained), ("lost", line.lost)):
        if columns:
            told.append(f"    {said[name]}: {', '.join(columns)}")
    if line.masked_otherwise:
        shapes = (
            f"{name} ({line.before.columns[name]} → {line.after.columns[name]})" for name in line.masked_otherwise
        )
        told.append(f"    {said['masked']}: {', '.join(shapes)}")
    if line.before.duties != line.after.duties:
        told.append(f"    {said['duties']}: {_list(line.before.duties)} → {_list(line.after.duties)}")
    return told if line.effect == "refused_otherwise" else [*told, *_reasons(line, said, language)]


def _list(items: tuple[str, ...]) -> str:
    return ", ".join(items) or "-"


def _reasons(line: Line, said: dict[str, str], language: Language) -> list[str]:
    sides: tuple[tuple[str, Side], ...] = (("why_before", line.before), ("why_after", line.after))
    return [
        f"    {said[name]}: {reason.text(language.value)} [{reason.code}]"
        for name, side in sides
        for reason in side.reasons
        if line.before.reasons != line.after.reasons
    ]
