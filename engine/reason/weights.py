"""How much each kind of evidence counts, and how hypotheses compete: argued first, then fitted (docs/accuracy.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["WEIGHTS", "Weights"]


@dataclass(frozen=True, slots=True)
class Weights:
    """What the fit may move. The rules' own weights are stated next to the rules, by argument; this scales them.

    `sharpness` makes log-odds of the rules' cautious weights: a temperature as in C. Guo et al., On Calibration of
    Modern Neural Networks (ICML 2017). `link` is how often a cause has the consequence that it can
    have, and `company` the most that a consequence may say for its cause, in log-odds. `brought` is the part of a
    consequence's probability that its cause takes, since what was brought about is no root cause.
    `groups` are factors of the evidence of one kind, 1 where none is given.
    """

    sharpness: float = 1.5
    link: float = 0.3
    company: float = 3.0
    brought: float = 0.5
    groups: Mapping[str, float] = field(default_factory=dict)

    def of(self, group: str) -> float:
        """The factor of a group of evidence; the name's first word of two stands for all of its kind."""
        return self.groups.get(group, 1.0)


WEIGHTS: Final = Weights()
