"""The main job in one process: harvest everything, harmonise, publish. What Airflow does task by task."""

from collections.abc import Callable
from dataclasses import dataclass

from governance.pipeline.harmonise import Harmonised, harmonise
from governance.pipeline.harvest import harvest
from governance.pipeline.publish import Published, publish
from governance.platform import Platform
from governance.state.receipts import Receipt


@dataclass(frozen=True)
class MainJob:
    """What one run of the main job did."""

    receipts: tuple[Receipt, ...]
    harmonised: Harmonised
    published: Published


def run_main_job(platform: Platform, say: Callable[[str], None], told: Callable[[Receipt], None]) -> MainJob:
    """Run every step once; ``say`` is told of each step, ``told`` of each source.

    Raises:
        BuildFailed, PolicyEngineError, CatalogueError: a step could not run at all; earlier ones stand.
    """
    asks = list(platform.federation.sources())
    say(f"{len(asks)} sources")
    receipts = harvest(platform, asks, told)
    say("harmonise")
    harmonised = harmonise(platform)
    say("publish")
    return MainJob(tuple(receipts), harmonised, publish(platform))
