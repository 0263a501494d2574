"""Keys that detect duplicate facts."""

from __future__ import annotations

from primitives.digests import json_digest
from primitives.facts import Fact, SourceGap

__all__ = ["deduplication_keys", "fact_key"]


def fact_key(fact: Fact) -> str:
    """A digest of what the fact says (SHA-256, first 16 hex digits), whichever recorded answers it came from."""
    return json_digest(fact.model_dump(mode="json", by_alias=True, exclude={"answers"}))[:16]


def deduplication_keys(key: str, fact: Fact) -> tuple[str | tuple[str, ...], ...]:
    """Deduplication keys of a fact whose `fact_key` is `key`.

    A fact is a duplicate when one of its keys is known. A gap has a second key, so that it is stored once, whichever
    step asked the question.
    """
    if not isinstance(fact, SourceGap):
        return (key,)
    return (key, (fact.question, fact.status, fact.source, fact.detail))
