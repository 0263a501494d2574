"""Probes that time out because there is more load: they were right, and are not the cause.

A probe has a time-out of a second unless it says otherwise (Kubernetes documentation, "Configure Liveness, Readiness
and Startup Probes"), and what is overloaded answers it as late as every other request. The same probe was passed for as
long as there were fewer requests, so its settings are not what changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import causes_of_signal, causes_of_state
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import MetricShift, WorkloadState
from primitives.patterns import lazy_pattern

__all__ = ["overloaded_probes"]

_FAILED_PROBES: Final = frozenset({"LivenessProbeFailed", "ReadinessProbeFailed"})
_LATE: Final = lazy_pattern(r"(?i)deadline exceeded|timed? ?out|timeout")
# From this growth on requests can be why.
_GROWN: Final = 1.5
# Log-odds: against the probe, and for what brought the load.
_PASSED_BEFORE: Final = -2.5
_OVERLOADED: Final = 1.2


def overloaded_probes(case: FactIndex) -> Iterator[Claim]:
    """Claims against the probes of workloads that get many more requests and answer late, and for what brings these."""
    grown = {
        shift.resource: name
        for name, shift in case.present(MetricShift)
        if shift.kind == "traffic"
        and shift.resource
        and shift.baseline > 0
        and shift.current >= _GROWN * shift.baseline
    }
    probes = [(name, state) for name, state in case.present(WorkloadState)
              if state.state in _FAILED_PROBES and state.bearing == "active" and state.resource in grown]  # fmt: skip
    late = {state.resource for _, state in probes if _LATE.search(state.message)}
    for name, state in probes:
        if state.resource is None or state.resource not in late:
            continue
        for cause, _ in causes_of_state(state.state):
            key = HypothesisKey(cause, state.resource)
            yield Claim(
                key, grown[state.resource], _PASSED_BEFORE, "it was passed until there were more requests", "load"
            )
        for source in grown:
            called = case.above.get(source, ())
            if state.resource in case.behind(source) and not any(caller in grown for caller in called):
                why = "what it calls answers its probes too late since then"
                for cause, _ in causes_of_signal("traffic rose"):
                    yield Claim(HypothesisKey(cause, source), name, _OVERLOADED, why, "overload")
