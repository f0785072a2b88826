"""Legal time in France: what an instant without a zone is written in, and when a day begins and ends."""

from datetime import datetime
from zoneinfo import ZoneInfo

LEGAL_TIME = ZoneInfo("Europe/Paris")


def read_instant(text: str) -> datetime:
    """Return an instant as a person writes it (ISO 8601), in legal time unless it says otherwise.

    Raises:
        ValueError: it is no instant.
    """
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=LEGAL_TIME)
