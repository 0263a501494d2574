"""The address of a Prometheus. Imports nothing heavy: settings are read before the first frame."""

from __future__ import annotations

from typing import Final

from primitives.endpoints import Endpoint, parse_url

__all__ = ["TOKEN_VARIABLE", "URL_VARIABLE", "Endpoint", "parse_endpoint"]

TOKEN_VARIABLE: Final = "CLOUDOPS_PROMETHEUS_TOKEN"  # noqa: S105 - the variable's name, not a token
URL_VARIABLE: Final = "CLOUDOPS_PROMETHEUS_URL"


def parse_endpoint(url: str, token: str | None = None) -> Endpoint:
    """The endpoint that `url` names (`parse_url`)."""
    return parse_url(url, token, product="Prometheus", port=9090)
