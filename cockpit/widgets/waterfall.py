"""Why a hypothesis has its confidence, drawn: a bar for each fact from the prior to the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part, bar, sanitised
from cockpit.widgets.words import percent

if TYPE_CHECKING:
    from engine.hypotheses import Hypothesis
    from engine.incident import IncidentState
    from engine.reason.explain import Bar

__all__ = ["describe_waterfall"]

_LEAST, _MOST, _SHARE = 12, 30, 3


def describe_waterfall(hypothesis: Hypothesis, state: IncidentState, width: int) -> list[Line]:
    """The sum and the confidence first, then what adds up to it: the bars of `engine.reason.explain`."""
    # The engine is there by the time that anything is believed; the first frame must not wait for it.
    from engine.reason.explain import waterfall

    bars = waterfall(hypothesis, state.judgements)
    size = max(_LEAST, min(_MOST, width // _SHARE))
    ends = [0.0, *(step.end for step in bars)]
    low, high = min(ends), max(ends)
    return [_sum(hypothesis, bars[-1], size), *(_step(step, state, (low, high), size) for step in bars[:-1])]


def _sum(hypothesis: Hypothesis, total: Bar, size: int) -> Line:
    full = bar(hypothesis.confidence, size)
    ending: list[Part] = [(f" {'=':<6}", "dim"), (f"{_signed(total.end)}  ", "text bold"), (full, "focus")]
    ending.append(("·" * (size - len(full)), "faint"))
    ending.append((f"  {percent(hypothesis.confidence)} confidence, calibrated", "text bold"))
    return Line(ending)


def _step(step: Bar, state: IncidentState, bounds: tuple[float, float], size: int) -> Line:
    span = (bounds[1] - bounds[0]) or 1.0
    begin, end = sorted(round((value - bounds[0]) / span * (size - 1)) for value in (step.start, step.end))
    role = "dim" if step.kind != "fact" else "good" if step.weight > 0 else "bad"
    stroke = "━" * max(end - begin, 1)
    return Line(
        [
            (f" {step.fact or _NAMES.get(step.kind, '–'):<6}", "dim"),
            (f"{_signed(step.weight)}  ", role),
            ("·" * begin, "faint"),
            (stroke, role),
            ("·" * (size - begin - len(stroke)), "faint"),
            (f"  {_words(step, state)}", "text" if step.kind == "fact" else "dim"),
        ]
    )


_NAMES = {"prior": "prior"}


def _words(step: Bar, state: IncidentState) -> str:
    if step.kind == "prior":
        return "how common such a cause is"
    found_fact = state.facts.get(step.fact or "")
    return sanitised(step.label or (found_fact.fact.sentence() if found_fact else ""))


def _signed(value: float) -> str:
    return f"{value:+6.1f}".replace("-", "−")
