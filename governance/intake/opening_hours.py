"""OpenStreetMap's opening_hours notation, as far as town halls write it.

A grammar of ours covers days, weeks, months, hours, holidays and closings; rarer selectors are refused
with a remedy that shows a plain writing.
"""

import re

_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)"
_DAYS = rf"{_DAY}(?:\s?-\s?{_DAY})?(?:\[-?\d(?:[,-]-?\d)*\])?"
_WEEKDAYS = rf"{_DAYS}(?:\s?,\s?{_DAYS})*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = rf"(?:\d{{4}}\s)?(?:{_MONTH}|easter)(?:\s\d{{1,2}})?"
_DATES = rf"{_DATE}(?:\s?-\s?(?:{_DATE}|\d{{1,2}}))?"
_WEEK = r"week\s\d{1,2}(?:-\d{1,2})?(?:/\d)?(?:,\d{1,2}(?:-\d{1,2})?)*"
_SEASON = rf"(?:{_DATES}(?:\s?,\s?{_DATES})*|{_WEEK}|\d{{4}}(?:-\d{{4}})?)"
_CLOCK = r"(?:(?:[01]?\d|2\d):[0-5]\d|\(?(?:sunrise|sunset|dawn|dusk)(?:[+-]\d\d:\d\d\))?)"
_SPAN = rf"{_CLOCK}(?:\s?-\s?{_CLOCK}\+?|\+)"
_HOURS = rf"{_SPAN}(?:\s?,\s?{_SPAN})*"
_STATE = r"(?:off|closed|open|unknown)"
_RULE = re.compile(
    rf"(?=\S)(?:24/7|(?:{_SEASON}:?)?\s?(?:{_WEEKDAYS}:?)?\s?(?:{_HOURS})?)\s?{_STATE}?\s?(?:\"[^\"]*\")?", re.ASCII
)


def is_opening_hours(written: str) -> bool:
    """Tell whether a text is an ``opening_hours`` value, such as ``Mo-Fr 08:30-12:00; Sa off``."""
    rules = re.split(r"\s*(?:;|\|\|)\s*", written.strip().rstrip(";"))
    return all(rule and _RULE.fullmatch(rule) for rule in rules)
