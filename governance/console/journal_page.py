"""The journal as officers read it: search, and whether the chain holds."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from governance.api.feeds import Words
from governance.console.shown import Shown
from governance.journal.model import Entry, Kind, Search
from governance.platform import Platform

PAGE = 50


class JournalLine(Shown):
    """One entry; `details` are its fields in the order of their names."""

    number: int
    at: datetime
    kind: str
    subject: str | None
    target: str | None
    details: tuple[tuple[str, str], ...]


class JournalPage(Shown):
    """What was searched, what was found, and the state of the chain if it was asked for."""

    kind: str
    target: str
    kinds: tuple[str, ...]
    targets: tuple[str, ...]
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


def _line(entry: Entry) -> JournalLine:
    details = ((name, _words(value)) for name, value in sorted(entry.fields.items()) if value not in (None, [], ""))
    return JournalLine(
        number=entry.sequence,
        at=entry.at,
        kind=entry.kind,
        subject=entry.subject[:12] if entry.subject else None,
        target=entry.target,
        details=tuple(details),
    )


def journal_page(platform: Platform, parameters: Mapping[str, str]) -> JournalPage:
    """Return the newest entries that fit; with ``verify``, the whole chain is checked as well.

    Verifying reads every entry, so it is done when it is asked for and not at each look.
    """
    kinds = get_args(Kind)
    kind = parameters.get("kind", "") if parameters.get("kind") in kinds else ""
    target = parameters.get("target", "").strip()[:120]
    before = parameters.get("before", "")
    wanted = Search.model_validate(
        {
            "kind": kind or None,
            "target": target or None,
            "before": int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
            "limit": PAGE,
        }
    )
    entries = platform.journal.search(wanted)
    is_verified = "verify" in parameters
    finding = platform.journal.verify() if is_verified else None
    return JournalPage(
        kind=kind,
        target=target,
        kinds=kinds,
        targets=tuple(platform.contracts),
        entries=tuple(_line(entry) for entry in entries),
        next_before=entries[-1].sequence if len(entries) == PAGE else None,
        is_verified=is_verified,
        broken=Words(fr=finding.message_fr, en=finding.message_en) if finding else None,
    )
