"""Who limits whom, where a message is about a rate.

Three say it: a client that is told so by what it calls (RFC 6585, section 4: 429), a server that refuses its callers
(nginx: `limit_req`; Google SRE book, chapter 21: handling overload), and a client whose own limiter holds it back
(client-go and resilience4j: rate limiters). Only the first is short of what another grants it.
"""

from __future__ import annotations

from typing import Final, Literal

from primitives.patterns import lazy_pattern

__all__ = ["Limiter", "limiter_of"]

Limiter = Literal["provider", "own", "callers"]
"""provider: what is called refuses the writer; own: the writer holds itself back; callers: the writer refuses them."""

_OWN: Final = lazy_pattern(
    r"(?i)\bclient[- ]?side (?:rate|throttl)|\bclient rate ?limiter\b|\brate: wait\(|requestnotpermitted|"
    r"\b(?:rate ?)?limiter\b[^\n]{0,40}\bdoes not permit|\b(?:our|its|my) own (?:rate ?)?(?:limit|throttl)"
)
_CALLER: Final = r"(?:clients?|callers?|users?|tenants?|consumers?|(?:remote )?ips?|(?:remote )?addresses|subscribers?)"
# What a server does, and to whom; what took a while was granted in the end.
_CALLERS: Final = lazy_pattern(
    r"(?i)\b(?:limit|throttl|reject|refus|block|delay|dropp?|shedd?)(?:ing|ed) (?:[\w-]{1,20} ){0,3}?"
    rf"(?:requests?|calls?|traffic|{_CALLER})\b(?! (?:to|took|by)\b)|"
    r"\b(?:too many requests|rate[ _-]?limit(?:ed)?(?: (?:was |is |has been )?(?:exceeded|reached|hit))?)"
    rf"(?: (?:from|by|for))(?: the| an?)? (?:{_CALLER}\b|\d{{1,3}}\.\d)|"
    rf"\b{_CALLER} \S{{1,60}} (?:has |was |is |has been )?(?:exceeded|exceeds|rate[ _-]?limited|throttled|over)\b"
)
# Before it, what says that it is an answer that the writer got.
_ANSWERED: Final = lazy_pattern(
    r"(?i)https?://|exception|\berror occurred\b|respon[sd]|\breturned\b|\banswered\b|\bupstream\b|\bgot\b|"
    r"\breceived\b|\bcalling\b|\bapi\b|\bstatus\b"
)
_LONGEST: Final = 2_000


def limiter_of(message: str) -> Limiter:
    """Who refuses, in a message of the family `rate_limited`."""
    text = message[:_LONGEST]
    if _OWN.search(text):
        return "own"
    told = _CALLERS.search(text)
    return "callers" if told and not _ANSWERED.search(text, 0, told.end()) else "provider"
