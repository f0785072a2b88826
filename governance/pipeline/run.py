"""The main job in one process: harvest everything, harmonise, publish, tell. What Airflow does task by task."""

from collections.abc import Callable
from dataclasses import dataclass

from governance.notifications.send import Delivery, send_waiting
from governance.pipeline.external import ask_external
from governance.pipeline.harmonise import Harmonised, harmonise
from governance.pipeline.harvest import harvest
from governance.pipeline.publish import Published, publish
from governance.platform import Platform
from governance.state.receipts import Receipt
from governance.telemetry.trace_context import step


@dataclass(frozen=True)
class MainJob:
    """What one run of the main job did."""

    receipts: tuple[Receipt, ...]
    harmonised: Harmonised
    published: Published
    deliveries: tuple[Delivery, ...]
    """Notices that were due; a server that is down leaves them waiting."""


def run_main_job(platform: Platform, say: Callable[[str], None], told: Callable[[Receipt], None]) -> MainJob:
    """Run every step once; ``say`` is told of each step, ``told`` of each source.

    Raises:
        BuildFailed, PolicyEngineError, CatalogueError: a step could not run at all; earlier ones stand.
    """
    asks = list(platform.federation.sources())
    with step("main_job"):
        say(f"{len(asks)} sources")
        receipts = harvest(platform, asks, told)
        say("harmonise")
        harmonised = harmonise(platform)
        if platform.federation.external:
            say("external catalogues")
            ask_external(platform)
        say("publish")
        published = publish(platform)
        say("notify")
        return MainJob(tuple(receipts), harmonised, published, tuple(send_waiting(platform)))
