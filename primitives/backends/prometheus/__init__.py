"""Prometheus as a source, or what speaks its HTTP API."""

from __future__ import annotations

from collections.abc import Mapping as Environment
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from primitives.backends.http_settings import HttpSettings
from primitives.backends.prometheus.endpoint import TOKEN_VARIABLE, URL_VARIABLE
from primitives.backends.prometheus.mapping import Mapping, read_mapping
from primitives.backends.registry import backend, in_variable

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["PrometheusSettings", "open_prometheus"]


class PrometheusSettings(HttpSettings):
    """Where it is, and what its owner calls things: `mapping` is a file that `map` holds the contents of."""

    PRODUCT: ClassVar[str] = "Prometheus"
    PORT: ClassVar[int] = 9090
    TOKEN_VARIABLE: ClassVar[str] = TOKEN_VARIABLE
    SERVICE_NAMES: ClassVar[tuple[str, ...]] = (
        "prometheus-server", "prometheus-k8s", "kube-prometheus-stack-prometheus", "prometheus",
        "vmsingle", "victoria-metrics", "thanos-query", "thanos-querier", "mimir-query-frontend",
    )  # fmt: skip
    SERVICE_PORTS: ClassVar[tuple[int, ...]] = (80, 8428, 10902, 8080)

    mapping: str = Field("", max_length=4_096)
    map: Mapping = Mapping()

    def resolve(self, environment: Environment[str, str]) -> Self:
        """With the token, and with what the mapping file says: another process may ask, elsewhere."""
        resolved = super().resolve(environment)
        if not self.mapping:
            return resolved
        path = Path(
            self.mapping.replace("~", environment.get("HOME", "~"), 1) if self.mapping[0] == "~" else self.mapping
        )
        return resolved.model_copy(update={"mapping": "", "map": read_mapping(path)})


@backend(
    "prometheus",
    title="Prometheus, Thanos, Mimir, VictoriaMetrics",
    questions=("series", "topology", "alerts", "changes"),
    settings=PrometheusSettings,
    discover=in_variable(URL_VARIABLE, "url"),
    discovered_by=URL_VARIABLE,
)
def open_prometheus(name: str, settings: PrometheusSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.prometheus.backend import PrometheusBackend

    return PrometheusBackend(
        settings.endpoint, clock=clock, name=name, warning=settings.warning(), mapping=settings.map
    )
