"""Whether the clocks of the services beside us tell our time: each HTTP answer bears its server's (RFC 9110, 6.6.1).

A clock that is off lets tokens be refused that are good, and agreements begin or end at another hour than was agreed.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

import httpx

from governance.api.words import reason
from governance.decisions.model import Reason
from governance.settings import Settings
from governance.timed_client import timed_client

MOST_APART = timedelta(seconds=30)
"""What tokens are allowed to differ by; below it nobody notices."""
_PATIENCE_SECONDS = 2.0
_MINUTE = timedelta(minutes=1)


def clocks_apart(settings: Settings) -> tuple[Reason, ...]:
    """Ask each service that is set what time it is; return those that are off from ours, in words.

    One that does not answer is no clock that is off: whatever stands on it says so.
    """
    asked = {
        "OPA": f"{settings.opa_address}/health",
        "Keycloak": settings.token_jwks_url,
        "CKAN": settings.ckan_url,
    }
    known = {name: url for name, url in asked.items() if url is not None}
    with timed_client(_PATIENCE_SECONDS, trust_env=False) as client, ThreadPoolExecutor(len(asked)) as pool:
        differences = dict(zip(known, pool.map(partial(_ahead_of_us, client), known.values()), strict=True))
    return tuple(
        _told(name, ahead) for name, ahead in differences.items() if ahead is not None and abs(ahead) > MOST_APART
    )


def _ahead_of_us(client: httpx.Client, url: str) -> timedelta | None:
    before = datetime.now(UTC)
    try:
        told: str | None = client.get(url).headers.get("date")
        theirs: datetime | None = parsedate_to_datetime(told) if told else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    after = datetime.now(UTC)
    if theirs is None or theirs.tzinfo is None:
        return None
    # Theirs may be of any instant between asking and being answered, and is cut to the second.
    if before - timedelta(seconds=1) <= theirs <= after:
        return timedelta()
    return theirs - (after if theirs > after else before)


def _told(name: str, ahead: timedelta) -> Reason:
    minutes = str(max(1, round(abs(ahead) / _MINUTE)))
    way_fr, way_en = ("avance", "ahead") if ahead > timedelta() else ("retarde", "behind")
    return reason("clock_apart", service=name, minutes=minutes, way_fr=way_fr, way_en=way_en)
