"""Words and alert → incident classes, and the resources, times and direction that the words name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from engine.hypotheses import Classification
from engine.investigate.time_hints import TimeHint, time_hints
from engine.investigate.vocabulary import COMPANIONS, DOWNWARD, OBJECTS, ORDINARY, UPWARD, VOCABULARY
from primitives.dataclass import dataclass
from primitives.identity import spoken_name
from primitives.records import Alert, Symptom
from primitives.terms import Direction, IncidentClass
from primitives.text import safe_line, words_apart

__all__ = ["Classified", "classify"]

# Unknown evidence, in vocabulary weights, that may speak against the best class.
_DOUBT: Final = 0.3
_UNKNOWN_CONFIDENCE: Final = 0.2
_MIN_EVIDENCE: Final = 0.5
_MAX_SECONDARY: Final = 3
# Damerau-like similarity (0 to 100) from which a word counts as a misspelling: one slip in six letters.
_TYPO: Final = 82.0
_NAME_TYPO: Final = 88.0
_MIN_FUZZY_LENGTH: Final = 5
# Letters from which a word may have two slips.
_LONG: Final = 10
_MIN_SWAPPED_LENGTH: Final = 4
_MIN_STRIPPED_LENGTH: Final = 3
_MAX_NAME_WORDS: Final = 6
# Of the weight of an object's word, the part that is left beside a symptom's.
_ASIDE: Final = 0.4
_QUERY_WEIGHT: Final = 1.0
_ALERT_WEIGHT: Final = 0.5
_SYMPTOM_WEIGHT: Final = 0.75
_MAX_FOCUS: Final = 5
# Words that resources' names share and that tell none of them from another.
_GENERIC: Final = frozenset(
    ("service", "svc", "server", "app", "application", "prod", "production", "staging", "test", "dev", "db",
     "database", "deployment", "pod", "cluster", "system")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Classified:
    """The classes and the rest of what was read: `focus` are ids of known resources, best match first.

    `candidates` are those of them that the same words name equally well.
    """

    classification: Classification
    query: str = ""
    focus: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    times: tuple[TimeHint, ...] = ()
    direction: Direction | None = None


def classify(
    query: str,
    *,
    alert: Alert | None = None,
    symptom: Symptom | None = None,
    resources: Sequence[str] = (),
    detected_at: datetime,
) -> Classified:
    """Understand `query`, with the alert and the symptom at lower weights.

    A class's evidence is the sum of its matched phrases' weights, each phrase once. The confidence that the primary
    class is right is `e1 / (e1 + rest / 2 + 0.3)`, where e1 is its evidence and rest that of the other classes: a
    second symptom leaves the first one standing more often than not, hence the half. Words that nobody knows give
    UNKNOWN at 0.2.
    """
    focus, candidates = _focus(query, resources)
    evidence: dict[IncidentClass, float] = {}
    because: dict[str, None] = {}
    for source, text, weight in _texts(query, alert, symptom):
        matches = list(_matches(_words(text)))
        # What happened says more than what it happened to: "out of space" on a database is saturation.
        aside = _ASIDE if any(match[1] not in OBJECTS for match in matches) else 1.0
        for incident_class, phrase, strength in matches:
            own_weight = weight * strength * (aside if phrase in OBJECTS else 1.0)
            evidence[incident_class] = evidence.get(incident_class, 0.0) + own_weight
            because[f"“{phrase}” in the {source}"] = None
    return Classified(
        _classification(evidence, tuple(because)),
        query,
        focus,
        candidates,
        time_hints(query, detected_at),
        _direction(query, symptom),
    )


def _texts(query: str, alert: Alert | None, symptom: Symptom | None) -> Iterable[tuple[str, str, float]]:
    yield "query", query, _QUERY_WEIGHT
    if symptom and symptom.metric:
        yield "symptom", symptom.metric, _SYMPTOM_WEIGHT
    if alert:
        yield "alert", f"{alert.name} {alert.summary}", _ALERT_WEIGHT


def _classification(evidence: Mapping[IncidentClass, float], because: tuple[str, ...]) -> Classification:
    order = list(IncidentClass)
    ranked = sorted(evidence.items(), key=lambda item: (-item[1], order.index(item[0])))
    if not ranked or ranked[0][1] < _MIN_EVIDENCE:
        reasons = because or ("no word of it names a symptom",)
        return Classification(
            primary_class=IncidentClass.UNKNOWN, confidence=_UNKNOWN_CONFIDENCE, because=tuple(map(safe_line, reasons))
        )
    (primary, best), rest = ranked[0], ranked[1:]
    confidence = best / (best + sum(weight for _, weight in rest) / 2 + _DOUBT)
    secondary = [other for other, weight in rest if weight >= _MIN_EVIDENCE]
    secondary += [other for other in COMPANIONS.get(primary, ()) if other not in secondary]
    return Classification(
        primary_class=primary,
        secondary_classes=tuple(secondary[:_MAX_SECONDARY]),
        confidence=round(confidence, 2),
        because=tuple(map(safe_line, because)),
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", words_apart(text).casefold())


def _matches(words: list[str]) -> Iterable[tuple[IncidentClass, str, float]]:
    """Each phrase of the vocabulary that the words hold; a word of a longer matched phrase counts no second time."""
    words = [_corrected(word) for word in words]
    phrases = _vocabulary()
    used: set[int] = set()
    seen: set[str] = set()
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            positions = range(start, start + length)
            phrase = " ".join(words[start : start + length])
            if phrase not in phrases or used.intersection(positions):
                continue
            used.update(positions)
            if phrase not in seen:
                seen.add(phrase)
                yield from ((incident_class, phrase, weight) for incident_class, weight in phrases[phrase])


@cache
def _vocabulary() -> dict[str, tuple[tuple[IncidentClass, float], ...]]:
    """Phrase → the classes that it speaks for."""
    phrases_of: dict[str, list[tuple[IncidentClass, float]]] = {}
    for incident_class, phrases in VOCABULARY.items():
        for phrase, weight in phrases.items():
            phrases_of.setdefault(phrase, []).append((incident_class, weight))
    return {phrase: tuple(classes) for phrase, classes in phrases_of.items()}


@cache
def _known_words() -> tuple[str, ...]:
    return tuple(sorted({word for phrase in _vocabulary() for word in phrase.split()} | UPWARD | DOWNWARD))


def _corrected(word: str) -> str:
    """The vocabulary's word that `word` is a slip of, else `word`. Slips hardly ever hit the first letter.

    A word of the language is no slip, however near it is: "filling" is not "failing".
    """
    if (
        word in _known_words()
        or word in ORDINARY
        or len(word) < _MIN_SWAPPED_LENGTH
        or any(letter.isdigit() for letter in word)
    ):
        return word
    swapped = [known for known in _known_words() if known[0] == word[0] and sorted(known) == sorted(word)]
    if swapped:
        return swapped[0]
    near = [
        known
        for known in _known_words()
        if known[0] == word[0] and abs(len(known) - len(word)) <= 1 and len(known) >= 5
    ]
    best = _most_alike(word, near, _TYPO) if len(word) >= 5 else None
    most = 1 if len(word) < _LONG else 2
    return best[0] if best and _slips(word, best[0]) <= most else word


def _slips(word: str, known: str) -> int:
    """How many letters are missing, added, wrong or swapped with their neighbour."""
    from rapidfuzz.distance import OSA

    return OSA.distance(word, known)


def _direction(query: str, symptom: Symptom | None) -> Direction | None:
    if symptom and symptom.direction:
        return symptom.direction
    words = set(_words(query))
    up, down = words & UPWARD, words & DOWNWARD
    if bool(up) == bool(down):
        return None
    return "above" if up else "below"


@dataclass(frozen=True, slots=True)
class _Span:
    """`length` words of the query from `start`, written as one."""

    text: str
    start: int
    length: int


def _focus(query: str, resources: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The known resources that the query names, in whatever spelling; of overlapping names the longest.

    And those of them that share their words with another one.
    """
    words = _words(query)
    spans: dict[str, _Span] = {}
    for length in range(1, _MAX_NAME_WORDS + 1):
        for start in range(len(words) - length + 1):
            text = "".join(words[start : start + length])
            spans.setdefault(text, _Span(text, start, length))
    named = [(score, span, name) for name in resources for score, span in _name_match(name, spans)]
    named.sort(key=lambda item: (-item[1].length, -item[0], len(item[2]), item[2]))
    taken: dict[int, tuple[int, int]] = {}
    named_resources: list[tuple[int, str]] = []
    for score, span, name in named:
        holders = {taken[position] for position in range(span.start, span.start + span.length) if position in taken}
        if holders - {(span.start, int(score))}:
            continue
        taken.update(dict.fromkeys(range(span.start, span.start + span.length), (span.start, int(score))))
        named_resources.append((span.start, name))
    chosen = sorted(named_resources, key=lambda item: item[0])[:_MAX_FOCUS]
    sharing = Counter(start for start, _ in chosen)
    return tuple(name for _, name in chosen), tuple(name for start, name in chosen if sharing[start] > 1)


def _name_match(name: str, spans: Mapping[str, _Span]) -> list[tuple[float, _Span]]:
    """How well (0 to 100) the query names the resource, and where; empty when it doesn't."""
    parts = _words(spoken_name(name))
    whole = "".join(parts)
    stripped = "".join(part for part in parts if part not in _GENERIC)
    if whole in spans and whole not in _GENERIC:
        return [(100.0, spans[whole])]
    if len(stripped) >= _MIN_STRIPPED_LENGTH and stripped in spans:
        return [(95.0, spans[stripped])]
    if len(whole) <= _MIN_FUZZY_LENGTH:
        return []
    best = _most_alike(whole, spans, _NAME_TYPO)
    if best is None or best[0] in _known_words():
        return []
    return [(best[1] - 10.0, spans[best[0]])]


def _most_alike(word: str, others: Iterable[str], least: float) -> tuple[str, float] | None:
    """The one of `others` that is most like `word`, and how much (0 to 100); None where none reaches `least`.

    The ratio is at most the share of letters that both have. Where that settles it, the library isn't loaded.
    """
    near = [other for other in others if _may_be_alike(word, other, least)]
    if not near:
        return None
    from rapidfuzz import fuzz, process

    best = process.extractOne(word, near, scorer=fuzz.ratio, score_cutoff=least)
    return (str(best[0]), float(best[1])) if best else None


def _may_be_alike(word: str, other: str, least: float) -> bool:
    """Whether both have enough letters in common. Lengths first: of ten thousand names they let go nearly all."""
    enough = least * (len(word) + len(other))
    return 200 * min(len(word), len(other)) >= enough and 200 * (_letters(word) & _letters(other)).total() >= enough


@lru_cache(maxsize=1_024)
def _letters(word: str) -> Counter[str]:
    return Counter(word)
