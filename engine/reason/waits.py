"""The class of waits with most of a database's load says the mechanism, and acquits the CPU of what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import Observed

__all__ = ["waits"]

_MECHANISMS: Final[Mapping[str, tuple[str, str]]] = {
    "io": ("io_saturated", "its disk"), "lock": ("lock_contention", "locks"), "cpu": ("cpu_saturated", "a CPU"),
}  # fmt: skip
# Natural log-odds: the database itself measured it, of every session.
_MOST_LOAD: Final = 1.8
# Sessions that hardly ever run don't lack CPU, whatever else uses it.
_HARDLY_RUNS: Final = -1.6
_HARDLY: Final = 0.15
# Active sessions: with fewer than one at a time nobody queues (Amazon RDS: DB load against the number of vCPUs).
_LEAST_LOAD: Final = 1.0


def waits(case: FactIndex) -> Iterator[Claim]:
    """Claims for the mechanism that most of the load waits for, and against a lack of CPU where hardly any has it."""
    for name, fact in case.present(Observed):
        if fact.kind != "database_load" or fact.resource is None:
            continue
        loads = {known: float(load) for known, load in fact.details.items() if known != "idle"}
        total = sum(loads.values())
        if total < _LEAST_LOAD:
            continue
        most = max(loads, key=lambda known: loads[known])
        share = loads[most] / total
        if most in _MECHANISMS:
            cause, what = _MECHANISMS[most]
            why = f"{100 * share:.0f} % of its load waits for {what}"
            yield Claim(HypothesisKey(cause, fact.resource), name, _MOST_LOAD * share, why, "waits")
        if loads.get("cpu", 0.0) < _HARDLY * total:
            why = "its sessions wait for something else than CPU"
            yield Claim(HypothesisKey("cpu_saturated", fact.resource), name, _HARDLY_RUNS, why, "waits of sessions")
