"""One id for one piece of work, wherever it goes: harvest, dbt, policy engine, journal, events, answers of the API.

It is the trace id of W3C Trace Context (32 hexadecimal signs), carried by OpenTelemetry's own context whether or not
spans are recorded: with tracing off the context holds an id and nothing else.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, Span, SpanContext, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_NAME = "archipel"


@contextmanager
def step(
    name: str,
    attributes: Mapping[str, Any] | None = None,
    *,
    under: Context | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
) -> Iterator[Span]:
    """Do a step under the id of the work it is part of, or under a new one; a span is recorded where tracing is on.

    ``under`` is a context that came from outside (`context_of`); by default the one that is current.
    """
    span = trace.get_tracer(_NAME).start_span(name, context=under, attributes=attributes, kind=kind)
    if not span.get_span_context().is_valid:
        span = NonRecordingSpan(_new_context())
    with trace.use_span(span, end_on_exit=True):
        yield span


def current_trace_id() -> str | None:
    """Return the id of the work that is being done, or None outside of any."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def context_of(traceparent: str | None) -> Context | None:
    """Return the context that a ``traceparent`` names; None where there is none or it is malformed.

    Source: W3C Trace Context, level 1: a malformed header is as if it had not come.
    """
    if not traceparent:
        return None
    context = _PROPAGATOR.extract({"traceparent": traceparent}, context=trace.set_span_in_context(INVALID_SPAN))
    return context if trace.get_current_span(context).get_span_context().is_valid else None


def trace_id_of(traceparent: str | None) -> str | None:
    """Return the id in a ``traceparent``; None as in `context_of`."""
    context = context_of(traceparent)
    return f"{trace.get_current_span(context).get_span_context().trace_id:032x}" if context else None


def current_traceparent() -> str | None:
    """Return the header that carries the current id on, or None outside of any work."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def _new_context() -> SpanContext:
    return SpanContext(secrets.randbits(128) or 1, secrets.randbits(64) or 1, is_remote=False)
