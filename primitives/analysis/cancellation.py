"""Requests that their callers cancelled: such a request is no failure of its server."""

from __future__ import annotations

import re

__all__ = ["gave_up"]


def gave_up(metric: str) -> bool:
    """Whether a metric counts requests that callers cancelled (gRPC: CANCELLED; nginx: status 499)."""
    return "cancel" in metric.lower() or bool(re.search(r"(?<!\d)499(?!\d)", metric))
