"""Why a hypothesis has its confidence, drawn: a bar for each fact and each adjustment, from the prior to the sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part, bar, sanitised
from cockpit.widgets.words import percent

if TYPE_CHECKING:
    from engine.hypotheses import Hypothesis
    from engine.incident import IncidentState
    from engine.reason.waterfall import Bar
    from primitives.display_names import NameOf

__all__ = ["describe_waterfall"]

_LEAST, _MOST, _SHARE = 12, 30, 3


def describe_waterfall(hypothesis: Hypothesis, state: IncidentState, width: int, names: NameOf) -> list[Line]:
    """The sum and the confidence first, then what adds up to it: the bars of `engine.reason.waterfall`.

    A fact that several rules weigh is followed by a line for each.
    """
    # The engine is there by the time that anything is believed; the first frame must not wait for it.
    from engine.reason.waterfall import waterfall

    bars = waterfall(hypothesis, state.judgements)
    size = max(_LEAST, min(_MOST, width // _SHARE))
    ends = [0.0, *(step.end for step in bars)]
    bounds = min(ends), max(ends)
    lines = [_sum(hypothesis, bars[-1], size)]
    for step in bars[:-1]:
        lines.append(_step(step, _words(step, state, names), bounds, size))
        lines.extend(_parts(step, size))
    return lines


def _sum(hypothesis: Hypothesis, total: Bar, size: int) -> Line:
    full = bar(hypothesis.confidence, size)
    ending: list[Part] = [(f" {'=':<6}", "dim"), (f"{_signed(total.end)}  ", "text bold"), (full, "focus")]
    ending.append(("·" * (size - len(full)), "faint"))
    ending.append((f"  {percent(hypothesis.confidence)} confidence", "text bold"))
    return Line(ending)


def _step(step: Bar, words: str, bounds: tuple[float, float], size: int) -> Line:
    span = (bounds[1] - bounds[0]) or 1.0
    begin, end = sorted(round((value - bounds[0]) / span * (size - 1)) for value in (step.start, step.end))
    role = "dim" if step.kind != "fact" else "good" if step.weight > 0 else "bad"
    stroke = "━" * max(end - begin, 1)
    return Line(
        [
            (f" {step.fact or step.hypothesis or _NAMES.get(step.kind, '–'):<6}", "dim"),
            (f"{_signed(step.weight)}  ", role),
            ("·" * begin, "faint"),
            (stroke, role),
            ("·" * (size - begin - len(stroke)), "faint"),
            (f"  {words}", "text" if step.kind == "fact" else "dim"),
        ]
    )


_NAMES = {"prior": "prior"}


def _parts(step: Bar, size: int) -> Iterator[Line]:
    """What a fact's weight is the sum of, where more than one rule weighs it."""
    if len(step.parts) > 1:
        for part in step.parts:
            parts: list[Part] = [(" " * 7, "dim"), (f"{_signed(part.weight)}  ", "faint"), (" " * size, "faint")]
            yield Line([*parts, (f"    {sanitised(part.why)}", "dim")])


def _words(step: Bar, state: IncidentState, names: NameOf) -> str:
    if step.kind == "prior":
        return "how common such a cause is"
    entry = state.facts.get(step.fact or "")
    sentence = entry.fact.sentence(names) if entry else ""
    if len(step.parts) > 1:
        return sanitised(sentence or step.label)
    other = next((known for known in state.hypotheses if known.id == step.hypothesis), None)
    if other is not None:
        return sanitised(f"{step.label} · {other.cause}")
    return sanitised(step.label or sentence)


def _signed(value: float) -> str:
    return f"{value:+6.1f}".replace("-", "−")
