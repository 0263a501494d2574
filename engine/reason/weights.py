"""How much each kind of evidence counts, and how root causes compete: argued first, then fitted (docs/accuracy.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primitives.dataclass import dataclass

__all__ = ["WEIGHTS", "Weights"]

# Which kind of evidence a rule's group belongs to; what stands in none of them counts as the rule says.
_KINDS: Final[Mapping[str, str]] = {
    "own share": "metrics", "felt": "metrics", "level": "metrics", "alarm": "metrics", "explained below": "metrics",
    "traffic": "metrics",
    "span errors": "spans", "span time": "spans",
    "errors": "logs", "messages": "logs", "named in errors": "logs", "stopped": "logs", "cancelled": "logs",
    "outside": "logs",
    "state": "states",
    "timing": "changes", "place": "changes", "content": "changes", "risk": "changes", "work": "changes",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """What the fit may move: eleven numbers that scale the rules' weights, which are argued where the rules stand.

    `sharpness` makes log-odds of the rules' cautious weights: a temperature as in C. Guo et al., On Calibration of
    Modern Neural Networks (ICML 2017). `none` is what stands for a cause that no rule knows, as odds. `link` is how
    often a change has the consequence that it can have, and `support` the most that a consequence may say for its
    cause, in log-odds. `parent` is the part of a consequence's probability that its cause takes, since what was
    brought about is no root cause. `second` is how likely a second fault at the same time is, where it would be
    believed alone. The rest are factors, one for each kind of evidence.
    """

    sharpness: float = 2.1
    none: float = 0.1
    link: float = 0.3
    support: float = 3.0
    parent: float = 0.5
    second: float = 0.25
    metrics: float = 1.0
    spans: float = 1.0
    logs: float = 1.0
    states: float = 1.0
    changes: float = 1.0

    def of(self, group: str) -> float:
        """The factor of a group of evidence."""
        kind = _KINDS.get(group)
        return float(getattr(self, kind)) if kind else 1.0


WEIGHTS: Final = Weights(none=0.06, support=3.5)
