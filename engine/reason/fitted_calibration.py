"""Made by `make calibration` (`benchmarks/calibration.py` says how); don't edit."""

from typing import Final

from engine.reason.calibration import Calibration

__all__ = ["CALIBRATION"]

# 578 first answers of 20 systems, 433 of them right.
CALIBRATION: Final = Calibration(
    intercept=0.135,
    coefficients={
        "strength": 0.689,
        "margin": 0.847,
        "alternatives": -0.455,
        "explained": 0.347,
        "kinds": 0.198,
        "generic": 0.0,
        "outcome": -0.641,
    },
    ceilings={
        "changes": 0.927,
        "checks": 0.919,
        "logs": 0.753,
        "metrics": 0.822,
        "statements": 0.667,
        "states": 0.791,
        "traces": 0.867,
    },
)
