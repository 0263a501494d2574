"""The detail of a step, a fact, a hypothesis or an action, as lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cockpit.widgets.draw import Line, Part, cells, plain, sanitised, wrap
from cockpit.widgets.fields import fields
from cockpit.widgets.plan import asked_again_in
from cockpit.widgets.waterfall import describe_waterfall
from cockpit.widgets.words import (
    STEPS,
    apart,
    clock,
    fact_sign,
    judged_words,
    past_words,
    percent,
    precise,
    seconds,
    when_said,
)
from engine.name_ties import tie_lines, ties_of
from primitives.quantities import duration, quantity

if TYPE_CHECKING:
    from engine.hypotheses import Action, Hypothesis
    from engine.incident import FoundFact, IncidentState, Step
    from primitives.display_names import NameOf
    from primitives.facts import MetricShift

__all__ = ["describe_action", "describe_fact", "describe_hypothesis", "describe_step"]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
KEY_WIDTH = 8
_SHOWN_TIES = 3
NOT_SHOWN = frozenset(
    {"type", "polarity", "trust", "resource", "window", "observed_at", "source", "answers", "metric", "unit", "kind"}
)
MEASURED = frozenset({"limit", "peak", "baseline", "current", "own_excess", "noise", "value"})
"""Keys of facts that are in the fact's unit."""

SHARES = frozenset({"ratio", "share", "baseline_ratio"})
"""Keys of facts that are parts of a whole."""


def describe_step(step: Step, state: IncidentState, width: int, names: NameOf) -> list[Line]:
    """Why it was planned, with what arguments, what came of it."""
    sign, word, role = STEPS[step.status]
    took = f" · {seconds(step.duration_s)}" if step.duration_s is not None else ""
    again = f" · attempt {step.attempt}" if step.attempt > 1 else ""
    lines = [Line([(f" {sign} {word}", f"{role} bold"), (f"{took}{again} · {step.plan.effect}s only", "dim")])]
    later = asked_again_in(state).get(step.plan.id)
    if later is not None:
        lines.insert(0, Line([(f" past: asked again in {later}", "warning")]))
    lines += fields("why", sanitised(step.plan.reason), width)
    if step.started_at:
        lines += fields("started", precise(step.started_at), width)
    lines += fields("arguments", _arguments(step.plan.arguments), width, "dim")
    if step.summary:
        lines += fields("result", sanitised(step.summary), width, "bad" if step.status == "failed" else "text")
    for key in step.facts:
        fact = state.facts[key].fact
        mark, colour = fact_sign(fact)
        lines.append(
            Line(
                [
                    (f" {key:>{KEY_WIDTH}} ", "dim"),
                    (f"{mark} ", colour),
                    (sanitised(fact.sentence(names)), "text"),
                ]
            )
        )
    return lines


def _arguments(arguments: Mapping[str, Any]) -> str:
    shown: list[str] = []
    for name, value in arguments.items():
        if value in (None, (), [], {}, ""):
            continue
        if isinstance(value, Mapping) and {"from", "to"} <= set(value):
            shown.append(f"{name} {str(value['from'])[11:19]}–{str(value['to'])[11:19]}")
        elif isinstance(value, Mapping):
            shown.append(f"{name} {' '.join(sanitised(item) for item in value.values() if item is not None)}")
        elif isinstance(value, (list, tuple)):
            shown.append(f"{name} {', '.join(sanitised(item) for item in value)}")
        elif isinstance(value, str) and (time := _TIME.fullmatch(value)):
            shown.append(f"{name} {time[1]}")
        else:
            shown.append(f"{name} {sanitised(value)}")
    return " · ".join(shown) or "none"


def describe_fact(
    found_fact: FoundFact, state: IncidentState, width: int, names: NameOf, last: float | None = None
) -> list[Line]:
    """Its sentence, values, window, source and trust; `last` is the newest sample of its metric, where it is there."""
    fact = found_fact.fact
    sign, role = fact_sign(fact)
    lines = [
        Line([(f" {sign if number == 0 else ' '} ", role), (words, "text bold")])
        for number, words in enumerate(wrap(sanitised(fact.sentence(names)), max(width - 4, 10)))
    ]
    if fact.resource is not None and names(fact.resource) != fact.resource:
        lines += fields("resource", sanitised(fact.resource), width, "dim")
    for tie in tie_lines(ties_of(state, fact.resource)[:_SHOWN_TIES]):
        lines += fields("tied", sanitised(tie), width, "dim")
    if fact.type == "metric_shift":
        lines += _shift(fact, state, last, width)
    else:
        lines += _values(fact, width)
    window = f"looked at {clock(fact.window.start)}–{clock(fact.window.end)} · " if fact.window else ""
    person = f"said by {sanitised(fact.source)}{when_said(found_fact.added_at)}"
    finder = f"found by {found_fact.step}" if found_fact.step else person
    ending = f"{fact.polarity} · {window}{finder}"
    if fact.type == "metric_shift" and fact.onset:
        ending_line = lines.pop()
        lines.append(Line(ending_line.left, [(f"{finder} ", "dim")]))
    else:
        lines += [Line([(f" {line}", "dim")]) for line in wrap(ending, max(width - 2, 10))]
    if (past := state.past_facts.get(found_fact.id)) is not None:
        lines.insert(0, Line([(f" {past_words(past)}", "warning")]))
    if (judged := state.judgements.get(found_fact.id)) is not None:
        lines.insert(0, Line([(f" {judged_words(judged)}", "warning")]))
    return lines


def _shift(fact: MetricShift, state: IncidentState, last: float | None, width: int) -> list[Line]:
    """The level before and during the shift, its worst sample, and the newest one: only that is now."""
    spread = f" ± {fact.reading(fact.spread)}" if fact.spread else ""
    during = "bad" if fact.worse and fact.polarity == "present" else "text"
    values = [
        ("baseline" if fact.is_normal_known else "at first", fact.reading(fact.baseline) + spread, "text"),
        ("during", fact.reading(fact.current), during),
    ]
    values.append(("worst", fact.reading(fact.peak), "text"))
    if last is not None:
        values.append(("now", fact.reading(last), "text"))
    lines: list[list[Part]] = [[]]
    for label, value, role in values:
        if lines[-1] and cells(plain(lines[-1])) + cells(f" {label} {value}") > width:
            lines.append([])
        lines[-1] += [(f" {label} ", "dim"), (f"{value}  ", role)]
    lines_shown = [Line(parts) for parts in lines]
    if fact.onset:
        give = f" ± {duration(fact.onset_uncertainty_s)}" if fact.onset_uncertainty_s else ""
        relative = f" · {apart(fact.onset, state.opened.detected_at, 'the alert')}" if state.opened else ""
        lines_shown.append(Line([(" onset ", "dim"), (precise(fact.onset), "warning"), (f"{give}{relative}", "dim")]))
    return lines_shown


def _values(fact: Any, width: int) -> Iterator[Line]:
    """What else the fact holds: single values side by side, collections in lines of their own."""
    document = fact.model_dump(mode="json", by_alias=True)
    single: list[str] = []
    for name, value in document.items():
        label = name.replace("_", " ")
        if name in NOT_SHOWN or value in (None, "", {}, [], ()):
            continue
        if isinstance(value, Mapping):
            inner = " · ".join(f"{key} {_short(item)}" for key, item in value.items() if item not in (None, "", {}, []))
            yield from fields(label, sanitised(inner, 2_000), width, "dim")
        elif isinstance(value, list):
            listed = ", ".join(_short(item) for item in value[:40])
            yield from fields(label, sanitised(listed, 2_000), width, "dim")
        else:
            single.append(_single(fact, name, value))
    if single:
        yield from (Line([(f" {line}", "text")]) for line in wrap(" · ".join(single), max(width - 2, 10)))


def _single(fact: Any, name: str, value: Any) -> str:
    """A value with its name, in the unit and form of the fact's sentence."""
    label, held = name.replace("_", " "), getattr(fact, name, value)
    if isinstance(held, datetime):
        return f"{label} {precise(held)}"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return f"{label} {_short(value)}"
    if name in SHARES:
        return f"{label} {quantity(100 * (min(value, 1.0) if name == 'share' else value), '%')}"
    if name.endswith("_s"):
        return f"{label.removesuffix(' s')} {duration(value)}"
    if name in MEASURED and hasattr(fact, "reading"):
        return f"{label} {fact.reading(value)}"
    if name in MEASURED and (unit := "s" if fact.type == "span_shift" else getattr(fact, "unit", "")):
        return f"{label} {quantity(value, unit)}"
    return f"{label} {_short(float(value) if isinstance(value, float) else value)}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list):
        return " → ".join(sanitised(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{sanitised(key)}={_short(item)}" for key, item in value.items())
    return sanitised(value)


def describe_hypothesis(hypothesis: Hypothesis, state: IncidentState, width: int, names: NameOf) -> list[Line]:
    """Where its confidence comes from: the prior, then each weight, to the sum."""
    change = f" · blames {sanitised(hypothesis.change)}" if hypothesis.change else ""
    what = f" {sanitised(hypothesis.cause_id)} on {sanitised(hypothesis.resource or 'no resource')}"
    lines = [Line([(f"{what}{change}", "dim")])]
    if hypothesis.note:
        lines += fields("note", sanitised(hypothesis.note), width)
    return [*lines, *describe_waterfall(hypothesis, state, width, names)]


def describe_action(action: Action, state: IncidentState, width: int) -> list[Line]:
    """Its command, risk, reason, and what it needs; of a former one first why it is no longer recommended."""
    lines: list[Line] = []
    if not action.recommended:
        lines += fields("state", f"no longer recommended: {sanitised(action.not_recommended)}", width, "warning")
    if action.command:
        lines += fields("command", f"$ {sanitised(action.command, 2_000)}", width, "measured")
    if action.command_note:
        lines += fields("first" if action.command else "command", sanitised(action.command_note), width, "warning")
    lines += fields("risk", f"{action.risk} · {action.effect} · about {duration(action.estimated_duration_s)}", width)
    because = state.hypothesis(action.hypothesis)
    if because:
        lines += fields("because", f"{because.id} {sanitised(because.cause)} ({percent(because.confidence)})", width)
    lines += _playbook(action, state, width)
    if action.resource:
        lines += fields("on", sanitised(action.resource), width)
    arguments = _arguments(action.arguments)
    lines += fields("does", f"{sanitised(action.primitive)} · {arguments}", width, "dim")
    needs = "a person's approval of the exact change" if action.requires_approval else "no approval"
    lines += fields("needs", needs, width)
    lines.append(Line())
    copies = " `y` copies the command." if action.command else ""
    live = state.live and action.effect != "read" and bool(action.command)
    here = "`a` checks and previews it, and asks for approval." if live else "Nothing runs from here."
    lines += fields("", f"{here}{copies}", width, "dim")
    return lines


def _playbook(action: Action, state: IncidentState, width: int) -> Iterator[Line]:
    """The playbook that proposed it: its note, and whom it says to ask."""
    playbooks = state.opened.playbooks if state.opened is not None else ()
    playbook = next((each for each in playbooks if action.playbook and each.name == action.playbook), None)
    if playbook is None:
        return
    yield from fields("playbook", sanitised(playbook.name), width, "measured")
    because = [step.because for step in playbook.steps if action.primitive in (step.do, step.look) and step.because]
    for words in (*because[:1], playbook.note):
        if words:
            yield from fields("", sanitised(words, 2_000), width)
    if playbook.ask:
        yield from fields("ask", ", ".join(sanitised(person) for person in playbook.ask), width)
