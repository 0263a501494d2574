"""Which resources a live question means: by `--resource`, by its words, or by the alerts that it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine.investigate.classify import Classified
from engine.investigate.similar import similar_names
from primitives.dataclass import dataclass
from primitives.identity import same_name
from primitives.records import Alert, Symptom
from primitives.text import words_apart

__all__ = ["Meant", "alike", "meant_resources"]

_MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Meant:
    """What is looked at first: `focus`; `candidates` are those of it among which the words don't decide."""

    focus: tuple[str, ...]
    symptom: Symptom | None
    candidates: tuple[str, ...] = ()


def meant_resources(
    named: str | None,
    symptom: Symptom | None,
    understood: Classified,
    known: Sequence[str],
    alerts: Iterable[Alert],
) -> Meant:
    """What a person means: the resource that was `named`, else what the query or an alert names, of those `known`.

    A name that several resources fit means all of them: the facts then say which of them is in trouble.
    """
    if named is not None:
        fitting = alike(named, known)
        if len(fitting) == 1:
            same = symptom.model_copy(update={"resource": fitting[0]}) if symptom else None
            return Meant(fitting, same)
        return Meant(fitting, None, fitting) if fitting else Meant((named,), symptom)
    if understood.focus:
        return Meant(understood.focus, symptom, understood.candidates)
    return Meant(_alarmed(understood.query, alerts), symptom)


def alike(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """The known resources that `name` fits: that one, else those called so, else those spelt most alike."""
    if name in known:
        return (name,)
    called = tuple(resource for resource in known if same_name(resource, name))
    return (called or similar_names(name, known))[:_MOST]


def _alarmed(query: str, alerts: Iterable[Alert]) -> tuple[str, ...]:
    """The resources of the firing alerts that the query names; where it names none and only one fires, of that one."""
    firing = [alert for alert in alerts if alert.state == "firing" and alert.resource]
    words = set(_words(query))
    spoken = [alert for alert in firing if (own := _words(alert.name)) and words.issuperset(own)]
    chosen = spoken or (firing if len({alert.resource for alert in firing}) == 1 else [])
    return tuple(dict.fromkeys(alert.resource for alert in chosen if alert.resource))[:_MOST]


def _words(text: str) -> list[str]:
    return [word for word in words_apart(text).casefold().replace("_", " ").replace("-", " ").split() if word]
