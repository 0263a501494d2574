"""Jaeger as a source: spans, and who calls whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from primitives.backends.http_settings import HttpSettings
from primitives.backends.registry import backend, in_variable

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["TOKEN_VARIABLE", "URL_VARIABLE", "JaegerSettings", "open_jaeger"]

URL_VARIABLE: Final = "CLOUDOPS_JAEGER_URL"
TOKEN_VARIABLE: Final = "CLOUDOPS_JAEGER_TOKEN"  # noqa: S105 - the variable's name, not a token


class JaegerSettings(HttpSettings):
    """Where its query service is."""

    PRODUCT: ClassVar[str] = "Jaeger"
    PORT: ClassVar[int] = 16686
    TOKEN_VARIABLE: ClassVar[str] = TOKEN_VARIABLE
    SERVICE_NAMES: ClassVar[tuple[str, ...]] = ("jaeger-query", "jaeger")
    SERVICE_PORTS: ClassVar[tuple[int, ...]] = (80,)


@backend(
    "jaeger",
    title="Jaeger",
    questions=("spans", "topology"),
    settings=JaegerSettings,
    discover=in_variable(URL_VARIABLE, "url"),
    discovered_by=URL_VARIABLE,
)
def open_jaeger(name: str, settings: JaegerSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.jaeger.store import JaegerStore
    from primitives.traces.source import TraceSource

    return TraceSource(JaegerStore(settings, source=name), clock=clock, name=name)
