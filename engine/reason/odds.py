"""Natural log-odds, and their conversion from and to probabilities."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["log_odds", "probability_at"]

_EVEN: Final = 1e-9
_FARTHEST: Final = 40.0


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)); p is kept one in a billion away from 0 and 1."""
    clipped = min(max(probability, _EVEN), 1.0 - _EVEN)
    return math.log(clipped / (1.0 - clipped))


def probability_at(log_odds: float) -> float:
    """The probability of natural log-odds."""
    return 1.0 / (1.0 + math.exp(-max(-_FARTHEST, min(log_odds, _FARTHEST))))
