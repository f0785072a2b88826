"""The journal as officers read it: search, each entry in a sentence, and whether the chain holds."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import get_args

from governance.api.feeds import Words
from governance.console.journal_words import KINDS, Told, told_entry
from governance.console.reasons import reason_titles
from governance.console.shown import Shown
from governance.console.source_state import title_of
from governance.console.why import FormFault
from governance.journal.model import Entry, Kind, Search
from governance.legal_time import LEGAL_TIME
from governance.platform import Platform

PAGE = 50


class JournalLine(Shown):
    """One entry; `details` are its fields in the order of their names."""

    number: int
    at: datetime
    kind: str
    kind_words: Words
    subject: str | None
    target: str | None
    told: Told | None
    """What it says, where its kind has a sentence."""
    reasons: tuple[tuple[str, Words], ...]
    """Code and title of each reason."""
    details: tuple[tuple[str, str], ...]


class JournalPage(Shown):
    """What was searched, what was found, and the state of the chain if it was asked for."""

    kind: str
    target: str
    since: str
    """First day, in legal time, as typed; empty for all."""
    until: str
    """Last day, included, as typed."""
    faults: tuple[FormFault, ...]
    kinds: tuple[tuple[str, Words], ...]
    targets: tuple[tuple[str, Words], ...]
    entries: tuple[JournalLine, ...]
    next_before: int | None
    is_verified: bool
    broken: Words | None


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _line(entry: Entry, platform: Platform, titles: Mapping[str, Words]) -> JournalLine:
    details = ((name, _words(value)) for name, value in sorted(entry.fields.items()) if value not in (None, [], ""))
    told = told_entry(entry, platform)
    return JournalLine(
        number=entry.sequence,
        at=entry.at,
        kind=entry.kind,
        kind_words=KINDS[entry.kind],
        subject=entry.subject[:12] if entry.subject else None,
        target=entry.target,
        told=told,
        reasons=tuple((code, titles.get(code, Words.same(code))) for code in (told.reasons if told else ())),
        details=tuple(details),
    )


def _day(name: str, text: str, faults: list[FormFault]) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        message = Words(fr="Écrivez la date ainsi : 2027-01-31.", en="Write the date so: 2027-01-31.")
        faults.append(FormFault(field=name, message=message))
        return None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), LEGAL_TIME) if day else None


def journal_page(platform: Platform, parameters: Mapping[str, str]) -> JournalPage:
    """Return the newest entries that fit; with ``verify``, the whole chain is checked as well.

    Verifying reads every entry, so it is done when it is asked for and not at each look.
    """
    kinds = get_args(Kind)
    kind = parameters.get("kind", "") if parameters.get("kind") in kinds else ""
    target, since, until = (parameters.get(name, "").strip()[:120] for name in ("target", "since", "until"))
    before, faults = parameters.get("before", ""), list[FormFault]()
    first, last = _day("since", since, faults), _day("until", until, faults)
    wanted = Search.model_validate(
        {
            "kind": kind or None,
            "target": target or None,
            "since": _midnight(first),
            "until": _midnight(last + timedelta(days=1)) if last and last < date.max else None,
            "before": int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
            "limit": PAGE,
        }
    )
    entries = [] if faults else platform.journal.search(wanted)
    titles = reason_titles(platform)
    is_verified = "verify" in parameters
    finding = platform.journal.verify() if is_verified else None
    return JournalPage(
        kind=kind,
        target=target,
        since=since,
        until=until,
        faults=tuple(faults),
        kinds=tuple((name, KINDS[name]) for name in kinds),
        targets=tuple((name, title_of(platform, name)) for name in platform.contracts),
        entries=tuple(_line(entry, platform, titles) for entry in entries),
        next_before=entries[-1].sequence if len(entries) == PAGE else None,
        is_verified=is_verified,
        broken=Words(fr=finding.message_fr, en=finding.message_en) if finding else None,
    )
