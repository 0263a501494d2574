"""Log messages as templates: what varies is masked, what is left counts as one pattern.

First numbers, addresses, identifiers, quoted texts and paths are replaced by their kind. Then masked messages of equal
length that differ in a few words become one, as in Drain (He et al., Drain: An Online Log Parsing Approach with Fixed
Depth Tree, ICWS 2017), but for words that tell success from failure: those never become a placeholder.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["cluster", "mask", "shapeless"]

_LONGEST: Final = 600
# The order matters: the longer forms hold the shorter ones. Bodies are hostile: no pattern may backtrack for long.
_MASKS: Final = (
    (lazy_pattern(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (lazy_pattern(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (lazy_pattern(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<ip>"),
    # A thread in brackets, as Logback, Log4j and Python's logging print it: one message of many threads is one.
    (lazy_pattern(r"\[ {0,20}[\w.#:-]{1,60}-\d{1,6} {0,20}\]"), "[<thread>]"),
    (lazy_pattern(r"\[[^\[\],]*(?:,[^\[\],]*){2,}\]"), "[<list>]"),
    (lazy_pattern(r'"[^"\n]{0,200}"'), "<text>"),
    (lazy_pattern(r"(?<![\w/.:])/(?:[\w.@%+~-]+/)+[\w.@%+~-]*"), "<path>"),
    # What a controller appends to the names of its pods.
    (lazy_pattern(r"(?<=-)(?=[a-z]*\d)[a-f0-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b"), "<pod>"),
    (lazy_pattern(r"\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{6,}\b|\b0x[0-9a-fA-F]+\b"), "<hex>"),
    # An identifier of capital letters and digits in turn, as of products and bookings.
    (lazy_pattern(r"\b(?=[A-Z0-9]*[A-Z]\d{1,20}[A-Z])[A-Z0-9]{8,64}\b"), "<id>"),
    # A status code of failure is what a message is about, where the text calls it one; every other number is not.
    (
        lazy_pattern(
            r"(?<![\w.:-])(?:(?<!status )(?<!status: )(?<!code )(?<!code: )(?<!returned )(?<!response )(?<!response: )"
            r'(?<!HTTP )(?<!got )(?<!with )(?<!error )(?<!error: )(?<!> )(?<!" )(?<!code=)(?<!status=)'
            r"|(?![45]\d\d(?![\w.])))"
            r"(?![45]\d\d [A-Z][a-z])[-+]?\d[\d.,:_]*"
        ),
        "<n>",
    ),
    (lazy_pattern(r"(?<=[A-Za-z_-])(?<![<\w][vV])\d{3,}\b"), "<n>"),
    # An id behind its kind, as keys of caches and queues have it. A status code says what happened, a port where.
    (
        lazy_pattern(
            r"(?i)(?<=[A-Za-z_]:)(?<!status:)(?<!code:)(?<!error:)(?<!http:)(?<!response:)"
            r"(?=\d{1,20}(?![\w.:-]|/tcp|/udp))(?!\d{4,5}\b)\d{1,20}"
        ),
        "<n>",
    ),
)
_DIGIT: Final = lazy_pattern(r"[\d\"/\[]")
_TOKEN: Final = lazy_pattern(r"<[a-z*]+>|[\w.$#@%+/-]+|[^\w\s]")
_TELLING: Final = lazy_pattern(
    r"succe|fail|error|exception|refus|time|denied|invalid|missing|null|none|not|no|false|true|unavail|reset|clos|"
    r"expired|exceed|panic|fatal|unable|cannot|lost|down|exhaust|retry|reject|[45]\d\d(?!\d)",
    re.IGNORECASE,
)
_SIMILAR: Final = 0.75
# A large system has hundreds of log statements. Past this many what is new is garbage and shares one template, unless
# it speaks of success or failure.
_MOST_TEMPLATES: Final = 5_000
_SHAPELESS: Final = "<*>"
# How many messages tell whether hardly two of them are alike, and which share of them then has its own template.
_SAMPLE: Final = 1_000
_MOSTLY: Final = 0.8


def mask(body: str) -> str:
    """The first line of `body` with everything that varies from message to message replaced by its kind."""
    line = body[:_LONGEST].split("\n", 1)[0]
    if _DIGIT.search(line):
        for pattern, replacement in _MASKS:
            line = pattern.sub(replacement, line)
    return " ".join(line.split())


def shapeless(bodies: Sequence[str]) -> bool:
    """Whether nearly all of many messages differ, so that none can be called usual."""
    sample = bodies[:: max(len(bodies) // _SAMPLE, 1)]
    return len(sample) >= _SAMPLE and len(set(map(mask, sample))) > _MOSTLY * len(sample)


def cluster(masked: Iterable[str]) -> dict[str, str]:
    """The template of each masked message; similar ones share theirs. The first come sets the words."""
    groups: dict[tuple[int, str], list[tuple[list[str], list[str]]]] = defaultdict(list)
    templates: dict[str, str] = {}
    known = 0
    for message in dict.fromkeys(masked):
        if known >= _MOST_TEMPLATES and not _TELLING.search(message):
            templates[message] = _SHAPELESS
            continue
        tokens = _TOKEN.findall(message)
        candidates = groups[len(tokens), tokens[0] if tokens else ""]
        for pattern, members in candidates:
            if _merge(pattern, tokens):
                members.append(message)
                break
        else:
            candidates.append((tokens, [message]))
            known += 1
    for candidates in groups.values():
        for pattern, members in candidates:
            # A pattern of one message keeps its spelling, spaces too.
            text = members[0] if len(members) == 1 else _spelled(members[0], pattern)
            templates.update(dict.fromkeys(members, text))
    return templates


def _merge(pattern: list[str], tokens: list[str]) -> bool:
    """Whether `tokens` fit into `pattern`, which then has placeholders where they differ."""
    differing = [index for index, (own, other) in enumerate(zip(pattern, tokens, strict=True)) if own != other]
    if not differing:
        return True
    if len(differing) > (1 - _SIMILAR) * len(pattern):
        return False
    for index in differing:
        if pattern[index] != "<*>" and (_TELLING.match(pattern[index]) or not pattern[index][0].isalnum()):
            return False
        if _TELLING.match(tokens[index]):
            return False
    for index in differing:
        pattern[index] = "<*>"
    return True


def _spelled(example: str, pattern: list[str]) -> str:
    """The pattern with the spaces of `example`."""
    tokens = iter(pattern)
    return _TOKEN.sub(lambda _: next(tokens), example)
