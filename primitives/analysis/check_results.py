"""What the result of an active check says: whether what was asked answered as it should.

Recorders write a word (`open`, `active (running)`, `resolved`), an HTTP status line or code (RFC 9110, section 15), or
a gRPC health status (gRPC health checking protocol: `SERVING`).
"""

from __future__ import annotations

from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["is_good"]

_WORDS: Final = frozenset({
    "active", "active (running)", "alive", "answered", "connected", "healthy", "noerror", "ok", "open", "pass",
    "passed", "pong", "reachable", "resolved", "running", "serving", "succeeded", "success", "successful", "up",
})  # fmt: skip
# A redirection is an answer as well; who isn't let in (401, 403) or finds nothing (404) is not served.
_STATUS: Final = lazy_pattern(r"(?i)(?:http/[\d.]{1,3} |http |status |code )?(?P<code>[1-5]\d\d)(?: [a-z ]{2,40})?")
_LEAST_BAD: Final = 400


def is_good(result: str) -> bool:
    """Whether the result of a check, as it was recorded, is that of something well."""
    said = result.strip().lower()
    status = _STATUS.fullmatch(said)
    return int(status["code"]) < _LEAST_BAD if status else said in _WORDS
