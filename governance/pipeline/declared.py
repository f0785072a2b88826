"""The declarations as DAG files need them: YAML only, so that parsing stays quick."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from croniter import croniter

from governance.federation import Federation, Member, Partner, Source, load_federation
from governance.legal_time import LEGAL_TIME
from governance.settings import load_settings

NOT_BEFORE_THE_NEXT_TIME = timedelta(0)
"""For ``run_immediately``: a new installation waits for the next time of a schedule.

With False, Airflow 3 still makes up for a time that is past by less than a tenth of the interval.
"""


def declared_federation() -> Federation:
    """Return the federation of this installation.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    settings = load_settings()
    return load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})


def is_due(organisation: Member | Partner, source_id: str, instant: datetime | None) -> bool:
    """Say whether a source's own cron line names this instant; a run started by hand takes every source."""
    if instant is None:
        return True
    source = next(source for source in organisation.sources if source.id == source_id)
    return bool(croniter.match(source.schedule or organisation.schedule, instant.astimezone(LEGAL_TIME)))


def next_due(organisation: Member | Partner, source: Source, after: datetime) -> datetime:
    """Return when a source's cron line names an instant next, in the time of the town halls."""
    cron = source.schedule or organisation.schedule
    due: datetime = croniter(cron, after.astimezone(LEGAL_TIME)).get_next(datetime)
    return due


def set_off_by(triggering_asset_events: Mapping[Any, Sequence[Any]] | None) -> list[str]:
    """Return the ``traceparent`` of what set a DAG run off, from its assets' events; none by hand or by the clock."""
    events = [event for told in (triggering_asset_events or {}).values() for event in told]
    return [str(event.extra["traceparent"]) for event in events if event.extra.get("traceparent")]
