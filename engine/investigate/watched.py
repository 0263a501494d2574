"""Which metrics of a live incident are watched, and when each of them is well again."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.incident import IncidentState
from engine.reason.localise import SYMPTOM_KINDS
from primitives.dataclass import dataclass
from primitives.facts import MetricShift

__all__ = ["Watched", "watched_metrics"]

_MOST: Final = 6
# Back is what has come three quarters of the way, or within the noise of normal times.
_WAY_BACK: Final = 0.25
_SPREADS: Final = 3.0
_HALF_WAY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Watched:
    """A metric, its `usual` level, the level that it had in trouble (`ill`), and its noise; all in its unit."""

    resource: str
    metric: str
    usual: float
    ill: float
    spread: float
    symptom: bool

    def is_well(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the values are about as usual."""
        way = abs(self.ill - self.usual)
        near = max(_WAY_BACK * way, min(_SPREADS * self.spread, _HALF_WAY * way))
        away = values - self.usual if self.ill >= self.usual else self.usual - values
        return np.asarray(away <= near)


def watched_metrics(state: IncidentState) -> tuple[Watched, ...]:
    """The symptom's metric first, then those that speak for the best cause, then what else users feel."""
    shifts = [
        (found_fact.key, found_fact.fact) for found_fact in state.current_facts
        if isinstance(found_fact.fact, MetricShift) and found_fact.fact.polarity == "present" and found_fact.fact.worse
        and found_fact.fact.ended is None and found_fact.fact.resource
    ]  # fmt: skip
    symptom = state.opened.symptom if state.opened else None
    leading = {item.fact for item in state.hypotheses[0].evidence_for} if state.hypotheses else set()
    speaking = {state.facts[name].key for name in leading if name in state.facts}

    def own(shift: MetricShift) -> bool:
        return symptom is not None and (shift.resource, shift.metric) == (symptom.resource, symptom.metric)

    def rank(keyed: tuple[str, MetricShift]) -> tuple[bool, bool, bool]:
        key, shift = keyed
        return not own(shift), key not in speaking, shift.kind not in SYMPTOM_KINDS

    watched: dict[tuple[str, str], Watched] = {}
    for _, shift in sorted(shifts, key=rank):
        assert shift.resource is not None
        watched.setdefault(
            (shift.resource, shift.metric),
            Watched(shift.resource, shift.metric, shift.baseline, shift.current, shift.spread, own(shift)),
        )
    return tuple(watched.values())[:_MOST]
