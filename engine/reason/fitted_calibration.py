"""Made by `make calibration` (`benchmarks/calibration.py` says how); don't edit."""

from typing import Final

from engine.reason.calibration import Calibration

__all__ = ["CALIBRATION"]

# 448 first answers of 12 systems, 352 of them right.
CALIBRATION: Final = Calibration(
    intercept=0.344,
    coefficients={
        "strength": 0.0,
        "margin": 1.323,
        "alternatives": -0.643,
        "explained": 1.874,
        "kinds": 0.0,
        "generic": -0.802,
    },
    ceilings={
        "changes": 0.914,
        "checks": 0.936,
        "logs": 0.725,
        "metrics": 0.837,
        "states": 0.841,
        "traces": 0.795,
    },
)
