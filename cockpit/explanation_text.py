"""Text output of `--explain`: the waterfall of each hypothesis, and what engineers said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cockpit.widgets.words import when_said
from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.reason.odds import probability_at
from engine.reason.waterfall import Bar, waterfall
from primitives.display_names import NameOf
from primitives.text import safe_line

__all__ = ["adjustment_words", "bar_words", "judgement_lines", "waterfall_lines"]

_NAMES: Final = {"prior": "prior", "total": "="}
_UNNAMED: Final = "–"
_LEAST_TOLD: Final = 0.05
_LEFT: Final = 6
_RIGHT: Final = 16


def waterfall_lines(hypothesis: Hypothesis, state: IncidentState, width: int, names: NameOf) -> list[str]:
    """A line a bar, at most `width` columns: the fact, what it says, its weight and the probability after it.

    `names` says what to call each resource.
    """
    return [_line(bar, bar_words(bar, state, names), width) for bar in waterfall(hypothesis, state.judgements)]


def bar_words(bar: Bar, state: IncidentState, names: NameOf) -> str:
    """What a bar stands for: why it weighs, and the fact or the other hypothesis that it comes from."""
    entry = state.facts.get(bar.fact or "")
    other = next((known for known in state.hypotheses if known.id == bar.hypothesis), None)
    sentence = entry.fact.sentence(names) if entry else other.cause if other else ""
    return safe_line(" · ".join(words for words in (bar.label, sentence) if words), limit=300)


def adjustment_words(hypothesis: Hypothesis, state: IncidentState) -> str:
    """What other hypotheses do to it, in words; empty where they do nothing that can be seen in its confidence."""
    causes = {known.id: f"{known.id} “{known.cause}”" for known in state.hypotheses}
    return "; ".join(
        adjustment.label.replace(adjustment.hypothesis, causes.get(adjustment.hypothesis, adjustment.hypothesis))
        for adjustment in hypothesis.adjustments
        if adjustment.hypothesis is not None and abs(adjustment.weight) >= _LEAST_TOLD
    )


def _line(bar: Bar, words: str, width: int) -> str:
    room = max(width - _LEFT - _RIGHT - 2, 10)
    shown = words if len(words) <= room else words[: room - 1] + "…"
    name = bar.fact or bar.hypothesis or _NAMES.get(bar.kind, _UNNAMED)
    weight = bar.end if bar.kind == "total" else bar.weight
    return f"{name:<{_LEFT}} {shown:<{room}} {weight:+6.2f} → {_short(probability_at(bar.end)):>7}"


def _short(value: float) -> str:
    return "< 1 %" if value < 0.01 else "> 99 %" if value > 0.99 else f"{100 * value:.0f} %"


def judgement_lines(state: IncidentState, names: NameOf) -> Iterator[str]:
    """What engineers judged of facts, added, and took back: a line each, in the order of the facts."""
    for name, found_fact in state.facts.items():
        said, sentence = state.judgements.get(name), found_fact.fact.sentence(names)
        if not found_fact.step and said is None:
            if found_fact.fact.trust == "proposed":
                continue  # no person said it
            yield safe_line(f"{name} {sentence}{when_said(found_fact.added_at)}", limit=300)
        elif said is not None:
            verdict = "taken back" if said.verdict == "withdrawn" else said.verdict
            because = f", because {said.because}" if said.because else ""
            older = f" as {said.carried_from}, which it measures again," if said.carried_from else ""
            yield safe_line(
                f"{name} {verdict}{older} by {said.by}{when_said(said.at)}{because} ({sentence})", limit=400
            )
