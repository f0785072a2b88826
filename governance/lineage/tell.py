"""Tell what runs did: keep the events, and send them to a lineage server where one is set.

Telling is never a reason for a run to fail: a full disk or a server that is down is said once, and the run goes on.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.problems import is_out_of_room
from governance.lineage.facts import PublicationFacts, RestsOn
from governance.platform import Platform
from governance.settings import Settings
from governance.shared_layer import SharedTable
from governance.state.receipts import Receipt

if TYPE_CHECKING:
    from governance.lineage.events import RunTold

log = logging.getLogger(__name__)
SILENCE_SECONDS = 60.0
"""How long a lineage server that failed is left alone; what happens meanwhile is kept here and not sent."""
_left_alone: dict[str, float] = {}


def tell_receipts(platform: Platform, receipts: Sequence[Receipt]) -> None:
    """Tell what pulls of sources came to; those that found nothing new are not told of."""
    if any(receipt.outcome != "unchanged" for receipt in receipts):
        from governance.lineage.events import harvested

        _tell(platform, lambda: [harvested(platform, receipt) for receipt in receipts])


def tell_version(
    platform: Platform, version: str, made: Mapping[str, tuple[SharedTable, Sequence[RestsOn]]], started_at: datetime
) -> None:
    """Tell which datasets of a version of the shared layer were made anew, and of what."""
    if made:
        from governance.lineage.events import harmonised

        _tell(platform, lambda: [harmonised(platform, *one, version, started_at) for one in made.values()])


def tell_publication(
    platform: Platform,
    told: Sequence[tuple[PublicationFacts, Sequence[str], Sequence[str]]],
    started_at: datetime,
) -> None:
    """Tell which entries of the catalogue follow from which version and decisions, and which were closed."""
    if told:
        from governance.lineage.events import published

        _tell(platform, lambda: [published(platform, *one, started_at) for one in told])


def _tell(platform: Platform, tellings: Callable[[], Sequence["RunTold | None"]]) -> None:
    """Keep and send the events of runs; ``tellings`` makes them, so that a defect in it stops nothing either."""
    from governance.lineage.events import to_events
    from governance.lineage.names import namespace_of
    from governance.lineage.store import LineageStore

    try:
        namespace = namespace_of(platform)
        events = [event for told in tellings() if told is not None for event in to_events(namespace, told)]
        LineageStore(platform.engine).keep(events)
        send(platform.settings, events)
    except Exception as error:  # kept this wide because a run that did its work must not fail for telling of it
        log.error("lineage: events of this run were not all kept: %s", error, exc_info=not is_out_of_room(error))


@contextmanager
def broken_told(platform: Platform, job: str) -> Iterator[datetime]:
    """Yield when a step started; one that breaks is told of as such, and breaks."""
    started_at = datetime.now(UTC)
    try:
        yield started_at
    except Exception as error:
        from governance.lineage.events import broken

        failure = broken(job, error, started_at)
        _tell(platform, lambda: [failure])
        raise


def send(settings: Settings, events: Sequence[object]) -> bool:
    """Send events to the lineage server; False where it did not take them all, which is said once a minute."""
    url = settings.lineage_url
    if url is None or not events or time.monotonic() < _left_alone.get(url, 0.0):
        return url is None or not events
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider

    token = settings.lineage_token
    auth = ApiKeyTokenProvider({"apiKey": token.get_secret_value()}) if token else TokenProvider({})
    transport = HttpTransport(HttpConfig(url=url, timeout=5.0, auth=auth, retry={"total": 0}))
    try:
        for event in events:
            transport.emit(event)  # type: ignore[arg-type]
    except Exception as error:  # kept this wide because the client raises its own, its library's and the system's
        _left_alone[url] = time.monotonic() + SILENCE_SECONDS
        log.warning("lineage: %s did not take the events; they are kept under the state folder (%s)", url, error)
        return False
    finally:
        transport.close()
    return True
