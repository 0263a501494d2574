"""Symbolic names of errors as the words that they are made of: ERR_CONNECTION_REFUSED, TokenExpiredError.

Runtimes, browsers, drivers and clouds give a failure a name before they give it a sentence. Sources: Chromium's list of
network errors (net_error_list.h), the error codes of Node.js, curl (CURLcode), gRPC, the Kafka protocol and MySQL, the
built-in exceptions of Python, and the exceptions of AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["spelled"]

# A name in capitals; or one in several words of which the last says that it failed. What is set or called is no error.
_NAME: Final = lazy_pattern(
    r"(?<![A-Za-z0-9_$/-])(?:[A-Z][A-Z0-9]{1,40}(?:_[A-Z0-9]{1,40}){1,8}|"
    r"(?:[A-Z][a-z0-9]{1,30}){1,8}(?:Error|Exception|Fault|Failure|Failed|Exceeded|Unavailable|Unreachable|Refused|"
    r"Denied|Expired|Busy|TimedOut|Full|Reset|Requests|Connections|ReadOnly))(?![A-Za-z0-9_=(])"
)
_PART: Final = lazy_pattern(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
# What kind of a name it is, and not what befell whom.
_FILLER: Final = frozenset(
    {"err", "er", "error", "exception", "fault", "failure", "code", "status", "net", "curle", "ns"}
)
_AS_SPOKEN: Final = {"timedout": "timed out", "couldnt": "couldn't", "cert": "certificate", "conn": "connection"}
_MOST: Final = 8


def spelled(message: str) -> Iterator[str]:
    """The words of each symbolic name of an error in a message, in lower case, without those that say "error"."""
    for name in islice(_NAME.finditer(message), _MOST):
        parts = [part for word in name[0].split("_") for part in _parts(word)]
        words = [_AS_SPOKEN.get(part, part) for part in parts if part not in _FILLER]
        if len(words) > 1:
            yield " ".join(words)


def _parts(word: str) -> list[str]:
    return [word.lower()] if word.isupper() else [part.lower() for part in _PART.findall(word)]
