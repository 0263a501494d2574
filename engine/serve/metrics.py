"""The service's own metrics, in a registry of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from engine.alerts import GroupState

if TYPE_CHECKING:
    from engine.serve.desk import Desk

__all__ = ["ServiceMetrics"]


class ServiceMetrics:
    """Counters of what came in; gauges are read from the desk when somebody asks."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        self.deliveries = Counter(
            "cloudops_deliveries", "Deliveries by what became of them.", ("channel", "outcome"), registry=self.registry
        )
        self.answer_seconds = Histogram(
            "cloudops_delivery_answer_seconds",
            "Time until a delivery is answered.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0),
            registry=self.registry,
        )
        self.waiting = Gauge("cloudops_inbox_waiting", "Deliveries that wait to be worked off.", registry=self.registry)
        self.groups = Gauge(
            "cloudops_alert_groups", "Groups of alerts that go on, by state.", ("state",), registry=self.registry
        )
        self.investigations = Gauge(
            "cloudops_investigations_running", "Investigations that alerts began.", registry=self.registry
        )

    def text(self, desk: Desk, running: int) -> bytes:
        """The metrics in Prometheus' text format."""
        from prometheus_client import generate_latest

        self.waiting.set(desk.inbox.waiting)
        self.investigations.set(running)
        counts = dict.fromkeys(get_args(GroupState), 0)
        for group in desk.groups:
            if group.open:
                counts[group.state] += 1
        for state, number in counts.items():
            self.groups.labels(state).set(number)
        return generate_latest(self.registry)
