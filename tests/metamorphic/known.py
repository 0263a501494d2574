"""First answers that a transformation still changes, and why. Strict: whoever mends one takes it out."""

from __future__ import annotations

from collections.abc import Mapping

# By transformation and incident.
UNMET: Mapping[tuple[str, str], str] = {}
