"""Log lines of this process: words for a person, or JSON for a program, each with the trace id of what it is about.

A task of Airflow writes through Airflow's own logging, which is JSON already; there only the id is added.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from governance.settings import Settings
from governance.telemetry.trace_context import current_trace_id

_OURS = ("governance", "connectors", "dbt_build")
"""Loggers that the level of the settings is for; libraries speak from a warning on."""


def set_up_logs(settings: Settings) -> None:
    """Send log lines to standard error in the form of the settings; done again, it replaces what was set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings))
    handler.set_name("archipel")
    root = logging.getLogger()
    for known in [known for known in root.handlers if known.get_name() == "archipel"]:
        root.removeHandler(known)
    root.addHandler(handler)
    for name in _OURS:
        logging.getLogger(name).setLevel(settings.log_level)


@contextmanager
def named_in_task_log() -> Iterator[None]:
    """Add the trace id to the lines that Airflow writes of a task."""
    with structlog.contextvars.bound_contextvars(trace_id=current_trace_id()):
        yield


def _add_trace_id(_logger: Any, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if trace_id := current_trace_id():
        line["trace_id"] = trace_id
    return line


def _formatter(settings: Settings) -> logging.Formatter:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    before: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, stamp, _add_trace_id,
        structlog.stdlib.ExtraAdder(),
    ]  # fmt: skip
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_format == "json":
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        last.append(structlog.dev.ConsoleRenderer(colors=False, timestamp_key="at"))
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=last)
