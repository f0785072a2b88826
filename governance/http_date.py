"""What an HTTP answer says of its server's clock (``Date``, RFC 9110, 6.6.1), held against ours.

A clock that is off lets tokens be refused that are good, and agreements begin or end at another hour than was agreed.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MOST_APART = timedelta(seconds=30)
"""What tokens are allowed to differ by; below it nobody notices."""


def ahead_of_us(date: str | None, asked_at: datetime) -> timedelta | None:
    """Return how far a server's clock is ahead of ours, by the ``Date`` of an answer that came just now.

    ``asked_at`` is when it was asked, by our clock. None where it does not say.
    """
    came_at = datetime.now(UTC)
    try:
        theirs = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    if theirs is None or theirs.tzinfo is None:
        return None
    # Theirs may be of any instant between asking and being answered, and is cut to the second.
    if asked_at - timedelta(seconds=1) <= theirs <= came_at:
        return timedelta()
    return theirs - (came_at if theirs > came_at else asked_at)
