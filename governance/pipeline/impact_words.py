"""What a change would do, told: the one vocabulary and shape for the terminal and the officer's page.

Its own file because an impact is facts, and whoever reads it (a command in lines, a page in cards) must read the same.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from governance.api.decision_words import DOORS, duty_words, filter_words, mask_words
from governance.api.feeds import Words
from governance.decisions.changes import Changes
from governance.decisions.model import Frozen, Reason
from governance.pipeline.impact import PUBLIC, Effect, Impact, Line, Side
from governance.platform import Platform

EFFECTS: Mapping[Effect, Words] = {
    "loses": Words(fr="accès perdu", en="access lost"),
    "gains": Words(fr="accès gagné", en="access gained"),
    "changes": Words(fr="autre vue", en="another view"),
    "refused_otherwise": Words(
        fr="toujours sans accès, pour d'autres raisons", en="still no access, for other reasons"
    ),
}
KINDS: Mapping[str, Words] = {
    "agreements": Words(fr="conventions", en="agreements"),
    "closures": Words(fr="règles de fermeture", en="closing rules"),
    "datasets": Words(fr="jeux de données", en="datasets"),
    "organisations": Words(fr="organisations", en="organisations"),
    "policies": Words(fr="règles communes", en="common rules"),
    "reasons": Words(fr="textes des motifs", en="texts of reasons"),
}
WAYS: Mapping[str, Words] = {
    "added": Words(fr="ajouts", en="added"),
    "removed": Words(fr="retraits", en="removed"),
    "changed": Words(fr="modifications", en="changed"),
}
LABELS: Mapping[str, Words] = {
    "nothing": Words(fr="Rien ne change pour personne.", en="Nothing changes for anybody."),
    "asked": Words(fr="questions posées de part et d'autre", en="questions asked of each side"),
    "declared": Words(fr="Ce qui diffère dans les déclarations", en="What differs in the declarations"),
    "doors": Words(fr="par", en="through"),
    "purposes": Words(fr="finalités", en="purposes"),
    "rows": Words(fr="lignes", en="rows"),
    "filter": Words(fr="lignes permises", en="rows allowed"),
    "gained": Words(fr="colonnes en plus", en="more columns"),
    "lost": Words(fr="colonnes en moins", en="fewer columns"),
    "masked": Words(fr="colonnes vues autrement", en="columns seen otherwise"),
    "duties": Words(fr="obligations", en="duties"),
    "reasons": Words(fr="motifs", en="reasons"),
    "before": Words(fr="aujourd'hui", en="today"),
    "after": Words(fr="ensuite", en="afterwards"),
    "none": Words(fr="aucune", en="none"),
    "in_force": Words(fr="Pour l'appliquer : archipel policy build", en="To put it in force: archipel policy build"),
    "supposed": Words(
        fr="Question imaginaire : les déclarations n'ont pas changé.",
        en="A question of what if: the declarations have not changed.",
    ),
}
_PUBLIC = Words(fr="le public", en="the public")
_NO_PURPOSE = Words(fr="sans finalité", en="without a purpose")


class Named(Frozen):
    """Something by its id, and by the name that people know."""

    id: str
    name: Words


class Said(Frozen):
    """One sentence, with the code of its reason where it is one."""

    text: Words
    code: str | None = None


class Shift(Frozen):
    """What is said of one thing before and after."""

    name: Literal["filter", "duties", "reasons"]
    before: tuple[Said, ...]
    after: tuple[Said, ...]


class ColumnSeen(Frozen):
    """One column and how it is seen on each side; nothing where it does not leave."""

    name: str
    before: Words | None
    after: Words | None


class Card(Frozen):
    """One difference, told."""

    who: tuple[Named, ...]
    dataset: Named
    effect: Effect
    doors: tuple[Words, ...]
    purposes: tuple[Words, ...]
    """None for the public, who is asked for none."""
    rows: tuple[int, int] | None
    """Rows that leave before and after, where they are not as many."""
    gained: tuple[ColumnSeen, ...]
    lost: tuple[ColumnSeen, ...]
    masked: tuple[ColumnSeen, ...]
    shifts: tuple[Shift, ...]


class Difference(Frozen):
    """Things of one kind that became different in one way."""

    kind: Words
    what: Words
    names: tuple[str, ...]


class ToldImpact(Frozen):
    """The whole impact, told."""

    differences: tuple[Difference, ...]
    asked: int
    cards: tuple[Card, ...]
    """What matters most first."""


def told_differences(changes: Changes) -> tuple[Difference, ...]:
    """Return what differs between two versions, in words; a kind that has none is shown by its name."""
    return tuple(
        Difference(kind=_words_of(KINDS, kind), what=_words_of(WAYS, what), names=tuple(names))
        for kind, ways in changes.items()
        for what, names in ways.items()
    )


def told_impact(impact: Impact, platform: Platform) -> ToldImpact:
    """Return an impact in words; names are those of the platform's declarations."""
    return ToldImpact(
        differences=told_differences(impact.changes),
        asked=impact.asked,
        cards=tuple(_card(line, platform) for line in impact.lines),
    )


def _words_of(table: Mapping[str, Words], name: str) -> Words:
    return table.get(name, Words.same(name))


def _card(line: Line, platform: Platform) -> Card:
    rows = (line.before.rows or 0, line.after.rows or 0)
    is_of_public = line.who == (PUBLIC,)
    return Card(
        who=tuple(_organisation(one, platform) for one in line.who),
        dataset=_dataset(line.dataset, platform),
        effect=line.effect,
        doors=tuple(DOORS[channel] for channel in line.channels),
        purposes=() if is_of_public else tuple(_purpose(purpose) for purpose in line.purposes),
        rows=rows if rows[0] != rows[1] else None,
        gained=_seen(line.gained, line),
        lost=_seen(line.lost, line),
        masked=_seen(line.masked_otherwise, line),
        shifts=() if line.effect == "refused_otherwise" else tuple(_shifts(line)),
    )


def _organisation(identifier: str, platform: Platform) -> Named:
    known = platform.federation.organisations.get(identifier)
    if identifier == PUBLIC:
        return Named(id=PUBLIC, name=_PUBLIC)
    name = known.name if known else identifier
    return Named(id=identifier, name=Words.same(name))


def _dataset(identifier: str, platform: Platform) -> Named:
    known = platform.contracts.get(identifier)
    title = known.title if known else identifier
    return Named(id=identifier, name=Words(fr=title, en=(known.title_en if known else None) or title))


def _purpose(purpose: str | None) -> Words:
    return Words.same(purpose) if purpose else _NO_PURPOSE


def _seen(names: tuple[str, ...], line: Line) -> tuple[ColumnSeen, ...]:
    sides = (line.before.columns, line.after.columns)
    return tuple(
        ColumnSeen(name=name, before=before, after=after)
        for name in names
        for before, after in [tuple(mask_words(side[name]) if name in side else None for side in sides)]
    )


def _shifts(line: Line) -> Iterator[Shift]:
    said: dict[Literal["filter", "duties", "reasons"], Callable[[Side], tuple[Said, ...]]] = {
        "filter": _filter,
        "duties": lambda side: tuple(Said(text=duty_words(duty)) for duty in side.duties),
        "reasons": lambda side: tuple(_reason(reason) for reason in side.reasons),
    }
    for name, say in said.items():
        before, after = say(line.before), say(line.after)
        if before != after:
            yield Shift(name=name, before=before, after=after)


def _filter(side: Side) -> tuple[Said, ...]:
    return (Said(text=filter_words(side.row_filter)),) if side.allow else ()


def _reason(reason: Reason) -> Said:
    return Said(text=Words(fr=reason.text_fr, en=reason.text_en), code=reason.code)
