"""Tempo as a source: spans, and the calls that they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from primitives.backends.http_settings import TenantSettings
from primitives.backends.registry import backend, in_variable

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["TOKEN_VARIABLE", "URL_VARIABLE", "TempoSettings", "open_tempo"]

URL_VARIABLE: Final = "CLOUDOPS_TEMPO_URL"
TOKEN_VARIABLE: Final = "CLOUDOPS_TEMPO_TOKEN"  # noqa: S105 - the variable's name, not a token


class TempoSettings(TenantSettings):
    """Where it is, and whose traces to read."""

    PRODUCT: ClassVar[str] = "Tempo"
    PORT: ClassVar[int] = 3200
    TOKEN_VARIABLE: ClassVar[str] = TOKEN_VARIABLE
    SERVICE_NAMES: ClassVar[tuple[str, ...]] = ("tempo", "tempo-query-frontend")
    SERVICE_PORTS: ClassVar[tuple[int, ...]] = (3100, 80)


@backend(
    "tempo",
    title="Grafana Tempo",
    questions=("spans", "topology"),
    settings=TempoSettings,
    discover=in_variable(URL_VARIABLE, "url"),
    discovered_by=URL_VARIABLE,
)
def open_tempo(name: str, settings: TempoSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.tempo.store import TempoStore
    from primitives.traces.source import TraceSource

    return TraceSource(TempoStore(settings, source=name), clock=clock, name=name)
