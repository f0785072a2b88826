"""Dates and times that sources give for how far they were read: compared as instants, kept as they were written."""

from datetime import UTC, datetime, timedelta

from connectors.problems import BadOptions

_AHEAD = timedelta(days=1)


def instant_of(value: object, option: str) -> datetime:
    """Return a date and time of ISO 8601; without a zone it is UTC, of an interval (``/``) it is the end.

    Raises:
        BadOptions: it is none; ``option`` is what was declared to hold one.
    """
    try:
        instant = datetime.fromisoformat(str(value).rpartition("/")[2])
    except ValueError:
        reason = f"a value of it is no date and time of ISO 8601: {str(value)[:40]!r}"
        raise BadOptions(option, reason) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def newest(mark: str | None, value: object, option: str) -> str | None:
    """Return the later of a mark and a row's value, as it was written.

    A row without a value moves nothing, nor does one of a day that is still to come: by one slip of the pen in a year
    every later row would pass unseen.

    Raises: as ``instant_of``.
    """
    if value is None or value == "":
        return mark
    instant = instant_of(value, option)
    if instant > datetime.now(UTC) + _AHEAD or (mark is not None and instant <= instant_of(mark, option)):
        return mark
    return str(value).rpartition("/")[2]
