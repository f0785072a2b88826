"""Whether the clocks of the services beside us tell our time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx

from governance.api.words import reason
from governance.decisions.model import Reason
from governance.http_date import MOST_APART, ahead_of_us
from governance.settings import Settings
from governance.timed_client import timed_client

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
    asked_at = datetime.now(UTC)
    try:
        return ahead_of_us(client.get(url).headers.get("date"), asked_at)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def _told(name: str, ahead: timedelta) -> Reason:
    minutes = str(max(1, round(abs(ahead) / _MINUTE)))
    way_fr, way_en = ("avance", "ahead") if ahead > timedelta() else ("retarde", "behind")
    return reason("clock_apart", service=name, minutes=minutes, way_fr=way_fr, way_en=way_en)
