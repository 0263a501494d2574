"""First answers that a transformation still changes, and why. Strict: whoever mends one takes it out."""

from __future__ import annotations

from collections.abc import Mapping

_UNUSED = "a full quota of a namespace that nobody uses counts although nothing was refused"

# By transformation and incident.
UNMET: Mapping[tuple[str, str], str] = {
    ("standing_lint", "configmap-key"): _UNUSED,
}
