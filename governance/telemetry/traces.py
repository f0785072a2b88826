"""Spans of OpenTelemetry: off unless the operator asks for them by the standard variables (``OTEL_*``).

Source: OpenTelemetry, environment variables of the SDK and of the OTLP exporter (HTTP, protobuf).
"""

from importlib.metadata import version as installed

from opentelemetry import trace

from governance.settings import is_tracing_asked


def set_up_traces(service: str) -> bool:
    """Record spans and send them where the variables say; whether they are recorded now.

    A provider that is there already (Airflow's own, in a task) stays the one.
    """
    if not is_tracing_asked():
        return False
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return True
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, where set, win over these.
    resource = Resource({"service.name": service, "service.version": installed("archipel")})
    provider = TracerProvider(resource=resource.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True


def flush_traces(seconds: float = 5.0) -> None:
    """Send what was recorded, from a process that may end without a word; a server that is down is not waited for."""
    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(int(seconds * 1000))
