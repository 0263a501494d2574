"""Loki as a source: log records, counted by the server where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from primitives.backends.http_settings import TenantSettings
from primitives.backends.registry import backend, in_variable

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["TOKEN_VARIABLE", "URL_VARIABLE", "LokiSettings", "open_loki"]

URL_VARIABLE: Final = "CLOUDOPS_LOKI_URL"
TOKEN_VARIABLE: Final = "CLOUDOPS_LOKI_TOKEN"  # noqa: S105 - the variable's name, not a token


class LokiSettings(TenantSettings):
    """Where it is, and whose logs to read."""

    PRODUCT: ClassVar[str] = "Loki"
    PORT: ClassVar[int] = 3100
    TOKEN_VARIABLE: ClassVar[str] = TOKEN_VARIABLE
    SERVICE_NAMES: ClassVar[tuple[str, ...]] = ("loki", "loki-gateway", "loki-query-frontend", "loki-read")
    SERVICE_PORTS: ClassVar[tuple[int, ...]] = (80,)


@backend(
    "loki",
    title="Grafana Loki",
    questions=("logs", "topology"),
    settings=LokiSettings,
    discover=in_variable(URL_VARIABLE, "url"),
    discovered_by=URL_VARIABLE,
)
def open_loki(name: str, settings: LokiSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.loki.backend import LokiBackend

    return LokiBackend(settings, clock=clock, name=name)
