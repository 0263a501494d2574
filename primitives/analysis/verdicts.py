"""Which word of a line counts where two families match: what was decided, not how the conversation ended.

Who says that a token has expired, or that a permission is lacking, has answered; "unexpected EOF" behind it is how it
hung up, and "could not connect" before it is what was tried (RFC 9110, section 15.5: a client error is an answer;
PostgreSQL: SQLSTATE class 28 ends the connection). An attempt ("login failed", "token introspection failed") decides
nothing: there the transport's word is the reason.
"""

from __future__ import annotations

from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["TRANSPORT", "verdict_of"]

TRANSPORT: Final = frozenset(
    {"connection_refused", "connection_reset", "unreachable", "timeout", "unavailable", "call_failed"}
)
"""Families that say that a conversation didn't come about, or ended."""

# A session isn't here: one of a coordinator expires because nobody could connect (ZooKeeper: sessions).
_SHOWN: Final = r"(?:tokens?|jwt|passwords?|credentials?|api[ _-]?keys?|access keys?|signatures?|assertions?|tickets?)"
_BAD: Final = r"(?:expired|invalid|revoked|wrong|incorrect|disabled|not (?:valid|accepted|recogni[sz]ed))"
_REFUSED: Final = lazy_pattern(
    rf"\b{_SHOWN}(?: [^\s:]{{1,40}})? (?:is|was|are|were|has|have)(?: been)?(?: already| now)? {_BAD}\b|"
    r"\bauthentication failed for (?:user|role|principal)\b|access denied for user|no pg_hba\.conf entry|"
    r"\b(?:wrongpass|noauth|expiredtoken|signaturedoesnotmatch|invalidclienttokenid)"
)
# In a parser's words a token is a piece of the text.
_SHOWN_BAD: Final = lazy_pattern(
    rf"\b(?:expired|invalid|revoked|wrong|incorrect) (?:[a-z]{{1,12}} )?{_SHOWN}\b"
    r"(?! (?:request|response|endpoint|server|service|format|at|near|in)\b)"
)
_PARSED: Final = lazy_pattern(r"\bpars(?:e|ing|er)|syntax|\bjson\b|\bya?ml\b|\bxml\b|decod|unmarshal|\bline \d")
# The innermost reason, behind the last colon that leads to one (Go: wrapped errors; POSIX: strerror).
_FORBIDDEN: Final = lazy_pattern(
    r"(?:^|: )(?:[a-z_.()]{1,30} ){0,2}(?:permission denied|operation not permitted|access (?:is )?denied|forbidden)\b"
)


def verdict_of(text: str) -> str | None:
    """The family of what somebody decided, in a message in lower case; None where nothing was decided."""
    if _REFUSED.search(text) or (_SHOWN_BAD.search(text) and not _PARSED.search(text)):
        return "authentication"
    return "permission" if _FORBIDDEN.search(text) else None
