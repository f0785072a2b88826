"""Which format an answer takes: ``format=`` in the address, else ``Accept`` (RFC 9110, 12.5.1)."""

from governance.api.problems import ProblemError
from governance.api.rows import MEDIA_TYPES, FileFormat
from governance.api.words import reason


def format_of(asked: str | None, accept: str | None) -> FileFormat:
    """Return the format that ``format=`` names, else the first that ``Accept`` admits; JSON when all are equal.

    Raises:
        ProblemError: 406, none of ours is asked for.
    """
    if asked is not None:
        for name in MEDIA_TYPES:
            if name == asked.lower():
                return name
        raise ProblemError(406, reason("format_not_available"))
    if not accept:
        return "json"
    ranges = [_range_of(part) for part in accept.split(",")]
    for wanted, weight in sorted(ranges, key=lambda pair: -pair[1]):
        for name, media in MEDIA_TYPES.items():
            own = media.partition(";")[0]
            if weight > 0 and wanted in (own, own.partition("/")[0] + "/*", "*/*"):
                return name
    raise ProblemError(406, reason("format_not_available"))


def _range_of(part: str) -> tuple[str, float]:
    wanted, *parameters = (piece.strip().lower() for piece in part.split(";"))
    try:
        return wanted, next((float(text[2:]) for text in parameters if text.startswith("q=")), 1.0)
    except ValueError:
        return wanted, 0.0
