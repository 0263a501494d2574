"""Which facts are past: a later step asked their question again.

A step names the one that asked the same before it (`supersedes`), so questions form chains. Once a later step of a
chain has completed, what the earlier ones found is past; a fact about the same subject makes an older one past at once.
Two things are never past for that alone:

- what comes from a source that did not answer the later step: it is the last that is known;
- what an engineer judged: it counts on until its subject is measured again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from engine.state.same_statement import subject_of
from engine.state.steps import Step
from primitives.dataclass import dataclass
from primitives.facts import Fact, SourceGap

if TYPE_CHECKING:
    from engine.hypotheses import Judgement
    from engine.state.investigation import FoundFact

__all__ = ["AskedAgain", "asked_again", "earlier_steps", "past_facts"]

_UNANSWERED: Final = frozenset({"denied", "unreachable"})


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A fact's question was asked again by `step`; `fact` is what it found of the same subject, empty for nothing."""

    step: str
    fact: str = ""


def earlier_steps(steps: Mapping[str, Step], step: str) -> Iterator[str]:
    """The steps that asked the same as `step` before it, the newest first."""
    seen = {step}
    while step in steps and (step := steps[step].plan.supersedes) and step not in seen:
        seen.add(step)
        yield step


def asked_again(steps: Mapping[str, Step], facts: Mapping[str, FoundFact]) -> dict[str, AskedAgain]:
    """The facts that a later step asked again, judged or not, by their ids."""
    superseded = {step.plan.supersedes for step in steps.values()}
    again: dict[str, AskedAgain] = {}
    for step in steps.values():
        if step.plan.supersedes and step.plan.id not in superseded:
            again |= _again_in_chain([step.plan.id, *earlier_steps(steps, step.plan.id)], steps, facts)
    return again


def _again_in_chain(
    chain: Sequence[str], steps: Mapping[str, Step], facts: Mapping[str, FoundFact]
) -> Iterator[tuple[str, AskedAgain]]:
    """The facts of a chain of steps, the newest step first, that a later one of them asked again.

    Each fact is looked at once, so that a long watch costs no more than its facts.
    """
    newest: dict[object, tuple[int, str]] = {}
    answered: list[tuple[int, frozenset[str]]] = []
    for place, name in enumerate(chain):
        entries = [facts[fact] for fact in (steps[name].facts if name in steps else ()) if fact in facts]
        own = [(known, subject_of(known.fact)) for known in entries]
        for known, subject in own:
            same = newest.get(subject)
            by = next((at for at, silent in answered if known.fact.source not in silent), None)
            if same is not None:
                yield known.id, AskedAgain(chain[min(same[0], same[0] if by is None else by)], same[1])
            elif by is not None:
                yield known.id, AskedAgain(chain[by])
        for known, subject in own:
            if subject is not None:
                newest.setdefault(subject, (place, known.id))
        if name in steps and steps[name].status == "completed":
            answered.append((place, frozenset(known.fact.source for known in entries if _is_unanswered(known.fact))))


def past_facts(again: Mapping[str, AskedAgain], judgements: Mapping[str, Judgement]) -> dict[str, AskedAgain]:
    """Those of the facts that were asked again which count no more."""
    return {name: by for name, by in again.items() if by.fact or name not in judgements}


def _is_unanswered(fact: Fact) -> bool:
    return isinstance(fact, SourceGap) and fact.status in _UNANSWERED
