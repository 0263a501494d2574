"""HTTP status codes of failure in texts: a number is one only where the text says so.

"returned 503", "HTTP/1.1 503" and `"GET / HTTP/1.1" 503` state a code; "order 401", "GC pause 503 ms" and
"returned 429 rows" do not.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["status_in"]

_STATED: Final = (
    r"\bstatus(?:[ _-]?code)?|\bstatusCode|\bhttp(?:[ _-]?(?:status|code|response))?(?:/[\d.]{1,4})?\"?|"
    r"(?<!exit )\bcode|"
    r"\breturn(?:ed|s|ing)|\bgot|\breceived|\brespon(?:ded|ds|se)|\banswer(?:ed|s)|\breplied|"
    r"\b(?:failed|responded|responds|answered|answers|replied|rejected|refused|finished|completed) with|"
    r"\w{0,40}error|\b(?:up|down)stream|->|=>"
)
_REQUEST: Final = r"\b(?-i:GET|PUT|POST|HEAD|PATCH|DELETE|OPTIONS) \S{1,300}(?: HTTP/[\d.]{1,4})?\"?"
# A number before a noun counts things; the words that may follow a code join it to the rest.
_JOINED: Final = (
    r"from|for|to|on|in|after|with|by|while|when|errors?|responses?|status|and|or|instead|at|because|but|is|was|via|"
    r"the|"
    r"propagating|retrying|upstream|during"
)
_STATUS: Final = lazy_pattern(
    rf"(?:(?:{_STATED})(?: (?:an?|http|status|code|error|of)){{0,3}}[\s:=(\"'\[]{{1,3}}|{_REQUEST}\s)"
    rf"([45]\d\d)(?![\w%]|[.,:]\d)(?! (?!(?:{_JOINED})\b|[\w.]{{1,40}}[=:])(?-i:[a-z]))",
    re.IGNORECASE,
)


def status_in(text: str) -> int | None:
    """The first HTTP status of failure (400 to 599) that `text` states, None for none."""
    match = _STATUS.search(text)
    return int(match.group(1)) if match else None
