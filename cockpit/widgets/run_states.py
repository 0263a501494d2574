"""What the states of runs of actions are called on the screen."""

from __future__ import annotations

from typing import Final

__all__ = ["RUN_STATES"]

RUN_STATES: Final = {
    "requested": ("checking", "warning"), "checked": ("previewing", "warning"), "refused": ("refused", "bad"),
    "previewed": ("waits for approval", "warning"), "approved": ("approved", "warning"),
    "rejected": ("rejected", "dim"), "expired": ("void", "dim"), "dispatching": ("being sent", "warning"),
    "executed": ("sent, taken", "warning"), "failed": ("✗ the platform refused it", "bad"),
    "unknown": ("sent, answer lost: reading", "bad"), "converging": ("converging", "warning"),
    "converged": ("done, verifying", "warning"), "verified": ("✓ verified: it helped", "good"),
    "not_improved": ("✗ it hasn't helped", "bad"), "inconclusive": ("? nobody can tell", "warning"),
    "rolled_back": ("↶ rolled back", "dim"), "kept": ("kept", "dim"),
}  # fmt: skip
"""What a run's status is called on the screen, and its colour."""
