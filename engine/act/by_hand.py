"""What a person has to do where no action of the catalogue does it: in words, with what the facts state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.naming import display_names
from engine.reason.catalogue import causes
from primitives.facts import Fact, LogPattern, ProbeResult, SettingConflict, SpanErrors
from primitives.patterns import lazy_pattern
from primitives.text import safe_line

__all__ = ["by_hand"]

_NO_COMMAND: Final = "no command: it is done by hand"
# RFC 3339, and as OpenSSL prints it: "Jun 18 15:04:00 2026 GMT".
_TIME: Final = (
    r"(?:(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?)"
    r"|(?P<asn>[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4}) GMT)"
)
# RFC 5280 calls the end of the validity notAfter; Go's crypto/x509 says "current time X is after Y".
_ENDS: Final = lazy_pattern(rf"(?:not_?after\W{{1,4}}|is after |expired (?:on |at |since )?){_TIME}", re.IGNORECASE)
_SPEAKS: Final = lazy_pattern(r"\bcert(?:s|ificates?)?\b|not_?after|\bx509\b", re.IGNORECASE)
# The subject's common name; else the server whose handshake failed, which is whose certificate a client refuses.
_NAMES: Final = (
    lazy_pattern(r"\bCN\s?=\s?\"?([a-z0-9*][a-z0-9*.-]{0,252})", re.IGNORECASE),
    lazy_pattern(r"\bcert(?:ificate)? (?:for|of) \"?([a-z0-9*][a-z0-9*-]*(?:\.[a-z0-9-]+)+)", re.IGNORECASE),
    lazy_pattern(r"\bhandshake (?:to|with) \"?([a-z0-9][a-z0-9.-]{0,252})", re.IGNORECASE),
)


def by_hand(state: IncidentState, hypothesis: Hypothesis) -> str:
    """What to do about the cause, as a sentence begins; empty where only its actions say so."""
    said = _SAID.get(causes()[hypothesis.cause_id].by_hand)
    return said(state, hypothesis) if said is not None else ""


def _renew(state: IncidentState, hypothesis: Hypothesis) -> str:
    """Whose certificate it is, and when it ended, where a fact states them."""
    facts = list(_of_certificates(state, hypothesis))
    texts = [text for fact in facts for text in _texts(fact)]
    whose = _first(_NAMES, texts) or _pointed_at(state, facts)
    of = f" of {safe_line(whose, limit=80)}" if whose else ""
    ends = [time for text in texts for match in _ENDS.finditer(text) if (time := _moment(match)) is not None]
    ended = f", ended {min(ends):%Y-%m-%d %H:%M} UTC" if ends else ""
    return f"renew the certificate{of}{ended}; {_NO_COMMAND}"


def _moment(match: re.Match[str]) -> datetime | None:
    try:
        read = (
            datetime.fromisoformat(match["iso"])
            if match["iso"]
            else datetime.strptime(match["asn"], "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        )
    except ValueError:
        return None  # digits that are no date
    return read.astimezone(UTC) if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _of_certificates(state: IncidentState, hypothesis: Hypothesis) -> Iterator[Fact]:
    """The facts that speak of a certificate: first those that the cause cites, then others of the same resource."""
    cited = [state.facts[item.fact].fact for item in hypothesis.evidence_for if item.fact in state.facts]
    own = [known.fact for known in state.current_facts if known.fact.resource == hypothesis.resource]
    for fact in {id(fact): fact for fact in (*cited, *own)}.values():
        if fact.polarity == "present" and any(_SPEAKS.search(text) for text in _texts(fact)):
            yield fact


def _texts(fact: Fact) -> tuple[str, ...]:
    """What it quotes; of a log its example, whose numbers and times are its own."""
    match fact:
        case LogPattern():
            return (fact.example or fact.template,)
        case SpanErrors():
            return (fact.message or "",)
        case ProbeResult():
            return (fact.output,)
        case SettingConflict():
            return (f"{fact.path.rpartition('.')[2]}={fact.value}",)
        case _:
            return ()


def _first(patterns: tuple[re.Pattern[str], ...], texts: list[str]) -> str:
    matches = (match for pattern in patterns for text in texts if (match := pattern.search(text)))
    return next((match[1].rstrip(".") for match in matches), "")


def _pointed_at(state: IncidentState, facts: list[Fact]) -> str:
    """The resource that the messages name."""
    named = next((fact.points_at for fact in facts if isinstance(fact, LogPattern) and fact.points_at), None)
    return display_names(state)(named) if named else ""


_SAID: Final[dict[str, Callable[[IncidentState, Hypothesis], str]]] = {"renew": _renew}
