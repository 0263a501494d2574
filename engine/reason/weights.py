"""How much each kind of evidence counts, and how root causes compete.

The numbers are initial values by judgement, then adjusted to recorded incidents (docs/accuracy.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primitives.dataclass import dataclass

__all__ = ["WEIGHTS", "Weights"]

# The kind of evidence of each group of claims; a group that isn't listed here has the factor 1.
_KINDS: Final[Mapping[str, str]] = {
    "own share": "metrics", "felt": "metrics", "level": "metrics", "alarm": "metrics", "explained below": "metrics",
    "traffic": "metrics", "order": "metrics",
    "span errors": "spans", "span time": "spans", "wire": "spans",
    "errors": "logs", "messages": "logs", "named in errors": "logs", "stopped": "logs", "cancelled": "logs",
    "outside": "logs",
    "state": "states", "settings": "states",
    "full": "changes",
    "late": "changes",
    "timing": "changes", "place": "changes", "content": "changes", "risk": "changes", "work": "changes",
    "replicas": "metrics", "waits": "metrics", "packets": "metrics", "damaged": "metrics",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """The eleven numbers that can be fitted; they scale the weights that the rules give.

    `sharpness` multiplies the rules' cautious weights: a temperature as in C. Guo et al., On Calibration of Modern
    Neural Networks (ICML 2017). `none` are the odds of a cause that no rule knows. `link` is how often a change has a
    consequence that it can have; `support` is the most that a consequence may add to its cause, in log-odds. `parent`
    is the part of a consequence's probability that its cause takes, since a consequence is no root cause. `second` is
    how likely a second fault at the same time is, if it would be believed alone. The others are factors, one for each
    kind of evidence.
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


WEIGHTS: Final = Weights(none=0.06, support=3.5, second=0.3)
