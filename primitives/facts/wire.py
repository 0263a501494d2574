"""Facts about the way of calls between their caller and the one that handles them."""

from typing import ClassVar, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase
from primitives.quantities import counted, quantity

__all__ = ["WireDelay"]


class WireDelay(FactBase):
    """Calls to or from a resource take longer than usual on their way: the caller's time less the handling's.

    Seconds a call: `baseline` usually, `current` the median now, `quickest` the quickest tenth now (a slow network
    delays every call, a full queue only some). `late` of `pairs` pairs of caller and called one are late, `pair_names`
    the worst of them; `share` is the part of the requests' lost time (0 to 1) that is lost there.
    """

    type: Literal["wire_delay"] = "wire_delay"
    side: Literal["to it", "from it", "both ways"]
    baseline: float
    current: float
    quickest: float
    late: int
    pairs: int
    calls: int
    share: float
    pair_names: tuple[tuple[str, str], ...] = ()

    EXAMPLE: ClassVar = {
        "resource": "orders",
        "side": "to it",
        "baseline": 0.002,
        "current": 0.31,
        "quickest": 0.3,
        "late": 2,
        "pairs": 3,
        "calls": 40,
        "share": 0.9,
        "pair_names": [("api", "orders"), ("billing", "orders")],
    }

    def sentence(self, called: NameOf = full_name) -> str:
        how = {"to it": "calls to", "from it": "calls from", "both ways": "calls to and from"}[self.side]
        took = f"{quantity(self.current, 's')} on their way, usually {quantity(self.baseline, 's')}"
        return f"{how} {self.resource_name(called)} take {took} ({self.late} of {counted(self.pairs, 'pair')} late)"
