"""What an imported log holds, sanitised and redacted as if its sources had answered here.

Anyone can compute a valid hash chain, so a valid chain does not make a log safe. Control characters and secrets are
removed before anything is stored, and the chain is computed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from engine.events import GENESIS, Event, decode_body, encode_body
from engine.log import Head
from engine.log.codec import encode_event
from primitives.answers import decode_answer, encode_answer
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.quantities import counted
from primitives.redact import Redactor
from primitives.sanitise import Cleaner
from primitives.telemetry import sanitise_answer

__all__ = ["Cleaned", "clean_log"]

_DIGEST: Final = lazy_pattern("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A log that may be stored; how many of its events and recorded answers were changed for that."""

    events: tuple[Event, ...]
    blobs: tuple[bytes, ...]
    changed_events: int
    changed_answers: int

    @property
    def words(self) -> str:
        """What was cleaned, in a sentence; empty where nothing was."""
        changed = ((self.changed_events, "event"), (self.changed_answers, "recorded answer"))
        parts = [counted(count, name) for count, name in changed if count]
        if not parts:
            return ""
        return f"{' and '.join(parts)} held control characters or secrets: cleaned, and the hash chain made anew"


def clean_log(events: Sequence[Event], blobs: Iterable[bytes]) -> Cleaned:
    """The log as it may be stored. Raises `ValueError` when an event makes no sense without what was removed."""
    cleaner = Cleaner(Redactor())
    digests, kept = _clean_answers(blobs, cleaner)
    made: list[Event] = []
    changed = 0
    for event in events:
        head = Head(made[-1].seq, made[-1].hash) if made else Head(0, GENESIS)
        body = _clean_body(event, digests, cleaner)
        who = event.who.model_copy(update={"name": cleaner.name(event.who.name)})
        incident_id = cleaner.name(event.incident_id)
        same = body is event.body and who == event.who and incident_id == event.incident_id
        changed += not same
        made.append(encode_event(event.execution_id, incident_id, (event.time, who, body), head)[0])
    changed_answers = sum(old != new for old, new in digests.items())
    return Cleaned(tuple(made), kept, changed, changed_answers)


def _clean_answers(blobs: Iterable[bytes], cleaner: Cleaner) -> tuple[dict[str, str], tuple[bytes, ...]]:
    """The answers, with the new digest of each by its old one."""
    digests, kept = {}, []
    for data in blobs:
        answer = decode_answer(data)
        cleaned = replace(sanitise_answer(answer, cleaner), source=cleaner.line(answer.source))
        # Encoded again, an older answer would have other bytes: those stay as they are where nothing was changed.
        same = encode_answer(cleaned) == encode_answer(answer)
        kept.append(data if same else encode_answer(cleaned))
        digests[hashlib.sha256(data).hexdigest()] = hashlib.sha256(kept[-1]).hexdigest()
    return digests, tuple(kept)


def _clean_body(event: Event, digests: dict[str, str], cleaner: Cleaner) -> Any:
    document = orjson.loads(encode_body(event.body))
    cleaned = _with_digests(document, cleaner.value(document), digests)
    return event.body if cleaned == document else decode_body(orjson.dumps(cleaned))


def _with_digests(old: Any, new: Any, digests: dict[str, str]) -> Any:
    """`new`, which is `old` cleaned, with the new digest of each answer where `old` has the old one."""
    if isinstance(old, str) and _DIGEST.fullmatch(old):
        return digests.get(old, old)
    if isinstance(old, dict) and isinstance(new, dict) and len(old) == len(new):
        return {key: _with_digests(value, new[key], digests) for (_, value), key in zip(old.items(), new, strict=True)}
    if isinstance(old, list) and isinstance(new, list):
        return [_with_digests(item, other, digests) for item, other in zip(old, new, strict=True)]
    return new
