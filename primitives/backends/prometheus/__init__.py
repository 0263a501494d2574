"""Prometheus as a source, or what speaks its HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import SecretStr, field_validator

from primitives.backends.prometheus.endpoint import TOKEN_VARIABLE, URL_VARIABLE, Endpoint, parse_endpoint
from primitives.backends.registry import SourceSettings, backend
from primitives.errors import UsageError
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["PrometheusSettings", "open_prometheus"]


class PrometheusSettings(SourceSettings):
    """Where it is. `url` may hold user and password; else the bearer token is in the variable `token_variable`."""

    url: SecretStr
    token: SecretStr | None = None
    token_variable: str = TOKEN_VARIABLE

    @field_validator("url")
    @classmethod
    def _is_one(cls, url: SecretStr) -> SecretStr:
        try:
            parse_endpoint(url.get_secret_value())
        except UsageError as error:
            raise ValueError(str(error)) from None
        return url

    def resolve(self, environment: Mapping[str, str]) -> Self:
        token = environment.get(self.token_variable)
        return self if self.token or not token else self.model_copy(update={"token": SecretStr(token)})

    def warning(self) -> str:
        if self.token_variable == TOKEN_VARIABLE or self.token or self.endpoint.user is not None:
            return ""
        return f"{safe_line(self.token_variable, limit=80)}, its token_variable, is not set"

    def secrets(self) -> tuple[str, ...]:
        return self.endpoint.secrets

    @property
    def endpoint(self) -> Endpoint:
        """The address and the credentials apart."""
        return parse_endpoint(self.url.get_secret_value(), self.token.get_secret_value() if self.token else None)


def _discover(environment: Mapping[str, str]) -> Mapping[str, Any] | None:
    url = environment.get(URL_VARIABLE)
    return {"url": url} if url else None


@backend(
    "prometheus",
    title="Prometheus, Thanos, Mimir, VictoriaMetrics",
    questions=("series", "topology", "alerts", "changes"),
    settings=PrometheusSettings,
    discover=_discover,
    discovered_by=URL_VARIABLE,
)
def open_prometheus(name: str, settings: PrometheusSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.prometheus.backend import PrometheusBackend

    return PrometheusBackend(settings.endpoint, clock=clock, name=name, warning=settings.warning())
