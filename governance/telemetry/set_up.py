"""What a process sets up before it works: its log lines and, where they are asked for, its spans."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from governance.settings import Settings
from governance.telemetry.logs import named_in_task_log, set_up_logs
from governance.telemetry.trace_context import context_of, step
from governance.telemetry.traces import flush_traces, set_up_traces


def set_up_telemetry(settings: Settings, service: str) -> None:
    """Set up log lines and spans of a process of ours."""
    set_up_logs(settings)
    set_up_traces(service)


@contextmanager
def as_task(name: str, traceparent: str | None = None) -> Iterator[None]:
    """Work as a task of Airflow: under the id of what set it off, with spans sent before the process ends.

    ``traceparent`` is that of the work whose outcome set this off, such as the harvest before a harmonising.
    """
    set_up_traces("archipel-tasks")
    try:
        with step(name, under=context_of(traceparent)), named_in_task_log():
            yield
    finally:
        flush_traces()


def the_one(traceparents: Iterable[str]) -> str | None:
    """Return what set work off, where it was one thing; several have no id in common."""
    found = {known.split("-")[1]: known for known in traceparents if known.count("-") == 3}
    return next(iter(found.values())) if len(found) == 1 else None
