"""Natural log-odds and the probabilities that they stand for."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["log_odds", "probability_at"]

_EVEN: Final = 1e-9
_FARTHEST: Final = 40.0


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)); what is as good as certain is held to one in a billion."""
    clipped = min(max(probability, _EVEN), 1.0 - _EVEN)
    return math.log(clipped / (1.0 - clipped))


def probability_at(log_odds: float) -> float:
    """The probability that natural log-odds stand for."""
    return 1.0 / (1.0 + math.exp(-max(-_FARTHEST, min(log_odds, _FARTHEST))))
