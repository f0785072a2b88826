"""The console's two languages: sentences, numbers, dates and plurals.

Templates hold the French sentences; ``locale/en/LC_MESSAGES/console.po`` holds the English ones. Catalogues are
compiled in memory at start, so that no binary file is kept.
"""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel.dates import format_date, format_datetime, format_timedelta, get_day_names
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from governance.legal_time import LEGAL_TIME

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
_LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_ENGLISH = Path(__file__).parent / "locale" / "en" / "LC_MESSAGES" / "console.po"


def english_catalogue() -> Catalog:
    """Return the English sentences, keyed by the French ones."""
    with _ENGLISH.open("rb") as file:
        return read_po(file, locale="en", domain="console")


def _french_catalogue(english: Catalog) -> Catalog:
    """French is the language of the templates; a catalogue is made for its plural rule (0 and 1 are singular)."""
    french = Catalog(locale="fr", domain="console")
    for message in english:
        if message.id:
            french.add(message.id, string=message.id, context=message.context)
    return french


@lru_cache(maxsize=2)
def load_translations(language: Language) -> Translations:
    """Return the compiled sentences of a language."""
    english = english_catalogue()
    compiled = BytesIO()
    write_mo(compiled, _french_catalogue(english) if language == "fr" else english)
    compiled.seek(0)
    return Translations(compiled, domain="messages")


def by_letters(text: str) -> str:
    """Return what sorts a text as a dictionary does: É beside E, not behind Z; small and great alike."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


class Writing:
    """Numbers and dates as a language writes them; an absent value is a dash."""

    def __init__(self, language: Language) -> None:
        self._locale = _LOCALES[language]

    def number(self, value: int | float | Decimal | None) -> str:
        """A number with its separators."""
        return "–" if value is None else format_decimal(value, locale=self._locale)

    def day(self, value: date | datetime | None) -> str:
        """A day in full."""
        if value is None:
            return "–"
        local = value.astimezone(LEGAL_TIME) if isinstance(value, datetime) else value
        return self._first(format_date(local, "long", locale=self._locale))

    def instant(self, value: datetime | None) -> str:
        """A day and time, in legal time."""
        if value is None:
            return "–"
        return self._first(format_datetime(value, "d MMM y, HH:mm", tzinfo=LEGAL_TIME, locale=self._locale))

    def _first(self, text: str) -> str:
        """French says *premier* of the first of a month, which no locale data knows."""
        return f"1er {text[2:]}" if self._locale == "fr_FR" and text.startswith("1 ") else text

    def schedule(self, cron: str) -> str:
        """A cron line as a sentence where it is a plain one (daily, weekly, monthly), else as it stands."""
        minute, hour, day, month, weekday = (cron.split() + ["?"] * 5)[:5]
        if not (minute.isdigit() and hour.isdigit() and month == "*"):
            return cron
        at = f"{int(hour):02d}:{int(minute):02d}"
        french = self._locale == "fr_FR"
        if (day, weekday) == ("*", "*"):
            return f"chaque jour à {at}" if french else f"every day at {at}"
        names = get_day_names("wide", locale=self._locale)
        if day == "*" and weekday in "0123456":
            name = names[(int(weekday) - 1) % 7]
            return f"chaque {name} à {at}" if french else f"every {name} at {at}"
        first, dash, last = weekday.partition("-")
        if day == "*" and dash and first in "0123456" and last in "0123456":
            start, end = (names[(int(number) - 1) % 7] for number in (first, last))
            return f"du {start} au {end} à {at}" if french else f"{start} to {end} at {at}"
        if day.isdigit() and weekday == "*":
            date = "1er" if day == "1" else day
            return f"le {date} du mois à {at}" if french else f"on day {day} of the month at {at}"
        return cron

    def ago(self, value: datetime | None) -> str:
        """How long ago."""
        if value is None:
            return "–"
        passed = value - datetime.now(UTC)
        if abs(passed) < timedelta(minutes=1):
            passed = timedelta(minutes=-1)
        return format_timedelta(passed, add_direction=True, locale=self._locale)
