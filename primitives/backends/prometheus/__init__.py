"""Prometheus, live: one of the worlds that can be asked."""

from primitives.backends.prometheus.backend import PrometheusBackend

__all__ = ["PrometheusBackend"]
