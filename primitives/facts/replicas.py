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
        be = "is" if self.new == 1 else "are"
        telling = [measure for measure in self.measures if measure.verdict != "alike"]
        if self.polarity == "absent" or not telling:
            values = "; ".join(_values(measure) for measure in self.measures[:_ALIKE_NAMED])
            return f"{of} ({shorten(self.change, 60)}) {be} like the {old} at the same time: {values}"
        best = max(telling, key=lambda measure: measure.strength)
        if best.verdict == "silent":
            return f"{of} ({shorten(self.change, 60)}) {be} not serving: no {label(best.metric)}, the {old} had some"
        how = "worse than" if best.verdict == "worse" else "not like"
        return f"{of} ({shorten(self.change, 60)}) {be} {how} the {old} at the same time: {_values(best)}"


def _values(measure: ReplicaMeasure) -> str:
    old = reading(measure.old, measure.unit, measure.kind, measure.metric)
    if measure.new is None:
        return f"no {label(measure.metric)} against {old}"
    return f"{label(measure.metric)} {reading(measure.new, measure.unit, measure.kind, measure.metric)} against {old}"
