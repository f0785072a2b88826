"""``archipel policy impact``: see what a change of agreements, rules or policies would do before it is in force."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from governance.api.feeds import Words
from governance.commands.options import JsonOption, Language
from governance.contracts.model import ContractError
from governance.decisions.opa_server import PolicyEngineError
from governance.federation import DeclarationError
from governance.pipeline.impact import PUBLIC, Impact, Supposed, UnknownAgreementError, find_impact
from governance.pipeline.impact_words import EFFECTS, LABELS, Card, ColumnSeen, Said, ToldImpact, told_impact
from governance.pipeline.unusable import Unusable, unusable
from governance.platform import open_platform
from governance.settings import load_settings


def impact(
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
    if_ended: Annotated[
        str | None, typer.Option(metavar="AGREEMENT", help="What if this agreement had ended yesterday?")
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What if today were this day, such as an end?")
    ] = None,
) -> None:
    """Say who would gain or lose what by the declarations as they stand; exit 0 nothing, 1 something, 2 unusable.

    Two engines are asked the same: one decides by what is in force, one by the declarations. Nothing is put in force.
    """
    supposed = Supposed(ended=if_ended, on=on.date() if on else None)
    try:
        platform = open_platform(load_settings())
        with Progress(TextColumn("{task.completed}/{task.total}"), transient=True, disable=as_json) as progress:
            task = progress.add_task("", total=None)
            found = find_impact(platform, lambda done, of: progress.update(task, completed=done, total=of), supposed)
    except UnknownAgreementError as error:
        typer.echo(f"{error}: aucune convention déclarée n'a cet id. / no agreement has this id.", err=True)
        raise typer.Exit(2) from error
    except (DeclarationError, ContractError, PolicyEngineError) as error:
        typer.echo("\n".join(unusable_lines(unusable(load_settings(), error), lang)), err=True)
        raise typer.Exit(2) from error
    told = told_impact(found, platform)
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(lines_of(told, found, lang)))
    raise typer.Exit(1 if found.lines else 0)


def unusable_lines(why: Unusable, language: Language) -> Iterator[str]:
    """Yield why declarations cannot be used: place, reason, remedy, and the check's own sentence."""
    if why.file:
        line = f", {'ligne' if language == Language.fr else 'line'} {why.line}" if why.line else ""
        yield f"{why.file}{line}:"
    yield from (f"  {why.message.text(language)}", f"  {why.remedy.text(language)}", f"  ({why.detail})")


def lines_of(told: ToldImpact, found: Impact, language: Language) -> Iterator[str]:
    """Yield the impact as lines of text."""
    if found.supposed.is_something:
        yield _label("supposed", language)
    if told.differences:
        yield f"{_label('declared', language)}:"
        for one in told.differences:
            yield f"  {one.kind.text(language)}, {one.what.text(language)}: {', '.join(one.names)}"
        yield ""
    for card in told.cards:
        yield from _card(card, language)
    if not told.cards:
        yield _label("nothing", language)
    elif not found.supposed.is_something:
        yield from ("", _label("in_force", language))
    yield f"({told.asked} {_label('asked', language)})"


def _label(name: str, language: Language) -> str:
    return LABELS[name].text(language)


def _card(card: Card, language: Language) -> Iterator[str]:
    doors = f"{_label('doors', language)}: {_list(card.doors, language)}"
    purposes = f"; {_label('purposes', language)}: {_list(card.purposes, language)}" if card.purposes else ""
    # Ids, not names: they are what is looked for in the declarations.
    who = ", ".join(one.name.text(language) if one.id == PUBLIC else one.id for one in card.who)
    yield f"{who}: {EFFECTS[card.effect].text(language)}, {card.dataset.id} ({doors}{purposes})"
    if card.rows:
        yield f"    {_label('rows', language)}: {card.rows[0]} → {card.rows[1]}"
    for name, columns in (("gained", card.gained), ("lost", card.lost), ("masked", card.masked)):
        if columns:
            yield f"    {_label(name, language)}: {', '.join(_column(one, language) for one in columns)}"
    for shift in card.shifts:
        yield f"    {_label(shift.name, language)}:"
        yield f"      {_label('before', language)}: {_said(shift.before, language)}"
        yield f"      {_label('after', language)}: {_said(shift.after, language)}"


def _column(column: ColumnSeen, language: Language) -> str:
    return f"{column.name} ({' → '.join(seen.text(language) for seen in (column.before, column.after) if seen)})"


def _list(words: Iterable[Words], language: Language) -> str:
    return ", ".join(each.text(language) for each in words)


def _said(sentences: tuple[Said, ...], language: Language) -> str:
    told = (one.text.text(language) + (f" [{one.code}]" if one.code else "") for one in sentences)
    return "; ".join(told) or _label("none", language)
