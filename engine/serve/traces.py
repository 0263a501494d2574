"""OpenTelemetry traces of the service itself: deliveries, batches of the intake, pulls, investigations, archiving.

They hold names, counts and outcomes, never what an alert says. Nothing of OpenTelemetry is imported unless
`serve.traces` is configured.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.serve.settings import TraceSettings
from primitives.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["NO_TRACES", "Span", "Traces", "open_traces"]

_EXPORT_S: Final = 5.0
_EVERY_MS: Final = 2_000.0
_QUEUE: Final = 4_096
"""Spans that wait to be sent; more are dropped, and nobody waits for them."""

Value = str | int | float | bool


class Span(Protocol):
    """Work that is traced."""

    def set_attribute(self, key: str, value: Value) -> Any:
        """Note something of it."""


class _NoSpan:
    def set_attribute(self, key: str, value: Value) -> None:
        """Nothing is noted."""


class Traces:
    """Traces nothing; see `open_traces`."""

    @contextmanager
    def span(self, name: str, **attributes: Value) -> Iterator[Span]:  # noqa: ARG002 - those of who traces
        """Trace what is done inside; an exception marks it as failed, by its type alone."""
        yield _NO_SPAN

    def close(self) -> None:
        """Send what waits. Blocking."""


class _OtlpTraces(Traces):
    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("cloudops.serve")

    @contextmanager
    def span(self, name: str, **attributes: Value) -> Iterator[Span]:
        from opentelemetry.trace import Status, StatusCode

        named = {f"cloudops.{key}": value for key, value in attributes.items()}
        # An exception's message may quote what came in.
        with self._tracer.start_as_current_span(
            name, attributes=named, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def close(self) -> None:
        self._provider.shutdown()


_NO_SPAN: Final = _NoSpan()
NO_TRACES: Final = Traces()


def open_traces(settings: TraceSettings | None) -> Traces:
    """What sends traces as configured. Raises `UsageError` where the extra is not installed."""
    if settings is None:
        return NO_TRACES
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
    except ImportError:
        raise UsageError("`serve.traces` needs OpenTelemetry: install `cloudops[traces]`") from None
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.sample)),
        resource=Resource.create({"service.name": "cloudops"}),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=settings.endpoint, timeout=_EXPORT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_QUEUE, schedule_delay_millis=_EVERY_MS))
    return _OtlpTraces(provider)
