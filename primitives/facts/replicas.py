"""Facts about the replicas that a change added, compared with those that were there before."""

import operator
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, label, shorten
from primitives.quantities import counted, reading
from primitives.terms import MetricKind

__all__ = ["ReplicaComparison", "ReplicaMeasure", "ReplicaVerdict"]

ReplicaVerdict = Literal["worse", "silent", "different", "alike"]
"""`silent`: the new replicas have no samples of it, or no requests, while the old ones have."""

_ALIKE_NAMED: Final = 2


class ReplicaMeasure(BaseModel):
    """One metric of new and old replicas at the same time: medians in `unit`.

    `strength` (0 to 1) says how clear the verdict is; 0 where they are alike. `new` is null where nothing was measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    metric: str
    kind: MetricKind
    unit: str
    verdict: ReplicaVerdict
    new: float | None = None
    old: float
    strength: float = 0.0

    @property
    def few_words(self) -> str:
        """Both numbers, with their unit once and the metric's name without the word that the unit says."""
        name = label(self.metric).removesuffix(" utilization").removesuffix(" usage")
        old = reading(self.old, self.unit, self.kind, self.metric)
        if self.new is None:
            return f"no {name} against {old}"
        new, blank, unit = reading(self.new, self.unit, self.kind, self.metric).rpartition(" ")
        return f"{name} {new if blank and old.endswith(f' {unit}') else f'{new}{blank}{unit}'} against {old}"


class ReplicaComparison(FactBase):
    """The replicas that a change added against the old ones of the same resource at the same time.

    Both get the same requests from the same callers over the same network, so what differs is what the change did: a
    canary is a controlled experiment (R. Kohavi et al., Controlled experiments on the web, 2009; Google SRE workbook,
    chapter 16). Absent: they were compared, and the new ones are like the old ones.

    `change` is the change's id, else the start of its summary; `new` and `old` count the replicas.
    """

    type: Literal["replica_comparison"] = "replica_comparison"
    change: str
    new: int
    old: int
    measures: tuple[ReplicaMeasure, ...]
    # The names of the new ones, as far as they are known.
    replicas: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)

    EXAMPLE: ClassVar = {
        "resource": "orders",
        "change": "deploy-42",
        "new": 1,
        "old": 4,
        "measures": [
            {
                "metric": "success_rate",
                "kind": "availability",
                "unit": "%",
                "verdict": "worse",
                "new": 31.0,
                "old": 100.0,
                "strength": 1.0,
            }
        ],
    }

    def sentence(self, called: NameOf = full_name) -> str:
        new, old = counted(self.new, "new replica"), counted(self.old, "old one")
        of = f"{new} of {self.resource_name(called)}"
        be, change = "is" if self.new == 1 else "are", f"({shorten(self.change, 60)})"
        best = self.telling
        if self.polarity == "absent" or best is None:
            values = "; ".join(_values(measure) for measure in self.measures[:_ALIKE_NAMED])
            return f"{of} {change} {be} like the {old} at the same time: {values}"
        if best.verdict == "silent":
            return f"{of} {be} not serving: no {label(best.metric)}, the {old} had some {change}"
        how = f"{be} worse than" if best.verdict == "worse" else "differs from" if self.new == 1 else "differ from"
        return f"{of} {how} the {old}: {self.values} at the same time {change}"

    @property
    def telling(self) -> ReplicaMeasure | None:
        """The metric that tells most; None where all are alike."""
        telling = [measure for measure in self.measures if measure.verdict != "alike"]
        return max(telling, key=lambda measure: measure.strength, default=None)

    @property
    def values(self) -> str:
        """Both numbers of the metric that tells most; empty where all are alike."""
        return _values(self.telling) if self.telling is not None else ""


def _values(measure: ReplicaMeasure) -> str:
    old = reading(measure.old, measure.unit, measure.kind, measure.metric)
    if measure.new is None:
        return f"no {label(measure.metric)} against {old}"
    return f"{label(measure.metric)} {reading(measure.new, measure.unit, measure.kind, measure.metric)} against {old}"
