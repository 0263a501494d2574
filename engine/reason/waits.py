"""What most sessions of a database wait for names the mechanism. Where hardly any run, it isn't the CPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from engine.reason.catalogue import Signal, causes_of_metric, causes_that_concern
from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex
from engine.reason.signals import signal
from primitives.analysis.database_sessions import LONGEST_S
from primitives.facts import MetricAtLimit, Observed

__all__ = ["waits"]

_SIGNALS: Final[Mapping[str, tuple[Signal, str]]] = {
    "io": ("sessions wait for disk", "its disk"), "lock": ("sessions wait for locks", "locks"),
    "cpu": ("sessions run", "a CPU"),
}  # fmt: skip
# Sessions that hardly ever run don't lack CPU, whatever else uses it.
_HARDLY: Final = 0.15
_LEAST_SHARE: Final = 0.25
# Active sessions: with fewer than one at a time nobody queues (Amazon RDS: DB load against the number of vCPUs).
_LEAST_LOAD: Final = 1.0
# Samples are a minute apart, and several statements begin one after another.
_TOGETHER: Final = timedelta(minutes=5)


def waits(case: FactIndex) -> Iterator[Claim]:
    """Claims for the mechanism that most of the load waits for, and against a lack of CPU where hardly any runs."""
    yield from _statements(case)
    yield from _loads(case)


def _statements(case: FactIndex) -> Iterator[Claim]:
    """A statement that began when its database ran full of CPU or disk is what fills it."""
    for name, fact in case.present(Observed):
        if fact.kind != "long_statement" or not fact.value or not 0 < fact.value <= LONGEST_S:
            continue
        began = fact.observed_at - timedelta(seconds=fact.value)
        for _, limit in case.present(MetricAtLimit):
            if limit.resource != fact.resource or limit.since is None or abs(limit.since - began) > _TOGETHER:
                continue
            # An endless read or sort fills them (PostgreSQL: pg_stat_activity; MySQL: processlist).
            if not causes_that_concern("host").isdisjoint(causes_of_metric(limit.metric)):
                why = "it has run since the database ran full"
                yield from signal("statement since full", fact.resource, name, 1.0, why, "waits")
                break


def _loads(case: FactIndex) -> Iterator[Claim]:
    for name, fact in case.present(Observed):
        if fact.kind != "database_load" or fact.resource is None:
            continue
        loads = {known: float(load) for known, load in fact.details.items() if known != "idle"}
        total = sum(loads.values())
        if total < _LEAST_LOAD:
            continue
        # A latch is held while a page is read as well as while one computes: it speaks for neither.
        clear = {known: load for known, load in loads.items() if known in _SIGNALS}
        most = max(clear, key=lambda known: clear[known], default="")
        if most and clear[most] >= _LEAST_SHARE * total:
            name_of_signal, what = _SIGNALS[most]
            share = clear[most] / sum(clear.values())
            why = f"{100 * clear[most] / total:.0f} % of its load waits for {what}"
            yield from signal(name_of_signal, fact.resource, name, share, why, "waits")
        if loads.get("cpu", 0.0) < _HARDLY * total:
            why = "its sessions wait for something else than CPU"
            yield from signal("sessions hardly run", fact.resource, name, 1.0, why, "waits of sessions")
