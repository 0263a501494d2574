"""Which facts are past: a later step asked their question again.

A step names the one that asked the same before it (`supersedes`), so questions form chains. Once a later step of a
chain has completed, what the earlier ones found is past; a fact about the same subject makes an older one past at once.
Two things are never past for that alone:

- what comes from a source that did not answer the later step: it is the last that is known;
- what an engineer judged: it counts on until its subject is measured anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from engine.state.same_statement import subject_of
from engine.state.steps import Step
from primitives.dataclass import dataclass
from primitives.facts import Fact, SourceGap

if TYPE_CHECKING:
    from engine.hypotheses import Judgement
    from engine.state.investigation import FoundFact

__all__ = ["AskedAnew", "asked_anew", "earlier_steps", "past_facts"]

_UNANSWERED: Final = frozenset({"denied", "unreachable"})


@dataclass(frozen=True, slots=True)
class AskedAnew:
    """A fact's question was asked again by `step`; `fact` is what it found of the same subject, empty for nothing."""

    step: str
    fact: str = ""


def earlier_steps(steps: Mapping[str, Step], step: str) -> Iterator[str]:
    """The steps that asked the same as `step` before it, the newest first."""
    seen = {step}
    while step in steps and (step := steps[step].plan.supersedes) and step not in seen:
        seen.add(step)
        yield step


def asked_anew(steps: Mapping[str, Step], facts: Mapping[str, FoundFact]) -> dict[str, AskedAnew]:
    """The facts that a later step asked for again, judged or not, by their ids."""
    anew: dict[str, AskedAnew] = {}
    # Oldest first, so that the newest answer stands at the end.
    for later in steps.values():
        if not later.plan.supersedes:
            continue
        own = [facts[name] for name in later.facts if name in facts]
        subjects = {subject_of(known.fact): known.id for known in own} | {None: ""}
        silent = {known.fact.source for known in own if _is_unanswered(known.fact)}
        for step in earlier_steps(steps, later.plan.id):
            for name in steps[step].facts if step in steps else ():
                if name not in facts:
                    continue
                same = subjects.get(subject_of(facts[name].fact), "")
                if same:
                    anew[name] = AskedAnew(later.plan.id, same)
                elif later.status == "completed" and facts[name].fact.source not in silent:
                    anew[name] = AskedAnew(later.plan.id, anew[name].fact if name in anew else "")
    return anew


def past_facts(anew: Mapping[str, AskedAnew], judgements: Mapping[str, Judgement]) -> dict[str, AskedAnew]:
    """Those of the facts that were asked for anew which count no more."""
    return {name: by for name, by in anew.items() if by.fact or name not in judgements}


def _is_unanswered(fact: Fact) -> bool:
    return isinstance(fact, SourceGap) and fact.status in _UNANSWERED
