"""The next step in words: an action with its effect and what it waits for, or else the one look that tells most."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cockpit.widgets.draw import Part, cells, cut, plain, sanitised
from cockpit.widgets.words import percent
from primitives.quantities import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cockpit.widgets.view import View
    from engine.act.next_look import NextLook
    from engine.hypotheses import Action
    from engine.incident import IncidentState

__all__ = [
    "NextStep",
    "Unrepaired",
    "action_parts",
    "after_look",
    "look_parts",
    "look_title",
    "runs_here",
    "waits_for",
    "writes_first",
]

LEAST_ROOM = 20
"""Cells below which no further step is named."""
NARROW = 100
"""Cells below which why there is no command stands in pane 5 alone."""


class Unrepaired(NamedTuple):
    """Why no repair is proposed: what is to be told in its place (`why`), or in a few words beside a `look`."""

    why: str = ""
    short: str = ""
    look: NextLook | None = None


class NextStep:
    """What the answer and pane 5 tell of an answer without a repair, worked out once for each ranking."""

    def __init__(self) -> None:
        self._unrepaired: tuple[object, Unrepaired] = (None, Unrepaired())
        self._further: tuple[object, bool] = (None, True)

    def unrepaired(self, view: View) -> Unrepaired:
        """Empty while the analysis runs, or where a change is proposed."""
        state = view.state
        if state is None or not state.ended or view.drill or any(_writes(state.actions)):
            return Unrepaired()
        key = (*_key(view, state), state.actions)
        if key != self._unrepaired[0]:
            self._unrepaired = key, _unrepaired(state, can_ask=view.mode != "REPLAY")
        return self._unrepaired[1]

    def has_further(self, view: View) -> bool:
        """Whether the next best diagnostic has anything to ask; so it seems while that isn't worked out."""
        state = view.state
        if state is None or not state.ended or view.mode == "REPLAY":
            return True
        key = _key(view, state)
        if key != self._further[0]:
            from engine.act.next_look import further_questions

            questions = further_questions(state)
            self._further = key, questions is None or bool(questions)
        return self._further[1]


def _key(view: View, state: IncidentState) -> tuple[object, ...]:
    return state.execution_id, view.mode, state.hypotheses, state.facts_version, len(state.steps)


def _unrepaired(state: IncidentState, *, can_ask: bool) -> Unrepaired:
    from engine.act.next_look import next_look
    from engine.act.proposals import WRITE_CONFIDENCE, is_repairable, withheld
    from primitives.terms import IncidentClass

    why, look = sanitised(withheld(state)), next_look(state, can_ask=can_ask)
    best = state.hypotheses[0] if state.hypotheses else None
    if best is not None and best.cause_class is IncidentClass.UNKNOWN:
        return Unrepaired(why, "no repair: cause not known", look)
    if best is not None and best.cause_class is not IncidentClass.NO_FAULT and best.confidence < WRITE_CONFIDENCE:
        return Unrepaired(why, f"no repair at {percent(best.confidence)} confidence", look)
    # What a person has to do by hand, or must not do, is said in place of any look.
    if why or best is None:
        return Unrepaired(why)
    return Unrepaired("", "no repair fits" if is_repairable(best) else "no repair is known", look)


def _writes(actions: Sequence[Action]) -> Iterator[Action]:
    return (action for action in actions if action.recommended and action.effect != "read")


def writes_first(actions: Sequence[Action]) -> list[Action]:
    """The recommended actions as a person would take them: writes before looks, what can be done before what lacks."""
    recommended = [action for action in actions if action.recommended]
    return sorted(recommended, key=lambda action: (action.effect == "read", not action.command, action.priority))


def runs_here(view: View) -> bool:
    """Whether an action can be executed from this screen."""
    return view.state is not None and view.state.live and view.mode == "LIVE"


def waits_for(action: Action, view: View, keys: str) -> str:
    """What a write waits for: an approval, with the `keys` that ask for it; from a recording a person runs it."""
    if not action.command or not action.requires_approval:
        return ""
    return f"needs approval ({keys})" if runs_here(view) else "run it by hand"


def action_parts(action: Action, view: View, width: int) -> list[Part]:
    """What it does, cut where it must be, and its effect, which never is."""
    writes = action.effect != "read"
    waits = waits_for(action, view, "keys 5 a")
    note = sanitised(action.command_note or "no command")
    lacks = "" if action.command else note if width >= NARROW or not writes else "no command"
    effect = ", ".join(words for words in (action.effect, waits, lacks if writes else "") if words)
    rest: list[Part] = [
        (f" · {effect}", "warning bold" if writes else "good"),
        (f" · {action.risk} risk" if writes else "", "dim"),
        (f" · {lacks}" if lacks and not writes else f" · ~{duration(action.estimated_duration_s)}", "dim"),
    ]
    name = sanitised(action.action)
    while len(rest) > 1 and (writes or not lacks) and cells(name + plain(rest)) > width:
        rest.pop()
    room = max(width - cells(plain(rest)), 1)
    return [(cut(name, room), "text bold" if writes else "text"), *rest]


def after_look(action: Action, look: Action, width: int) -> list[Part]:
    """A write that lacks something, and the look that may find it: what waits for a person is the write."""
    name, first = sanitised(action.action), f" · first {_follows(look, action)}"
    lacks = sanitised(action.command_note or "no command")
    # Pane 5 says both, whole.
    forms = [(lacks, first), ("no command", first), (lacks, "")] if width >= NARROW else [("no command", first)]
    effects = [(f" · {action.effect}, {told}", look_too) for told, look_too in (*forms, ("no command", ""))]
    fitting = (form for form in effects if cells(name + "".join(form)) <= width)
    effect, look_words = next(fitting, (f" · {action.effect}, no command", ""))
    return [(cut(name, width - cells(effect)), "text bold"), (effect, "warning bold"), (look_words, "text")]


def _follows(look: Action, action: Action) -> str:
    """The look as a sentence goes on behind the action: of the same resource it says `it`."""
    words, target = sanitised(look.action), sanitised(action.resource)
    if action.resource and look.resource == action.resource and target in sanitised(action.action):
        words = words.replace(target, "it", 1)
    return f"{words[:1].lower()}{words[1:]}"


def look_title(look: NextLook) -> str:
    """What to look at, as a title: `N runs compare_baseline of orders`."""
    words = sanitised(look.words)
    return f"N {words.replace('run ', 'runs ', 1)}" if look.how == "asks" else f"{words[:1].upper()}{words[1:]}"


def look_parts(unrepaired: Unrepaired, width: int) -> list[Part]:
    """What to look at, what it would tell and why nothing is repaired yet, in the longest form that fits.

    The name in front gives way to what the look would tell: the line above names the cause's resource.
    """
    look = unrepaired.look
    assert look is not None
    title, tells, short = look_title(look), f": {sanitised(look.tells)}" if look.tells else "", unrepaired.short
    its = _without_name(title, sanitised(look.about))
    left = cut(tells, width - cells(title)) if width - cells(title) > LEAST_ROOM else ""
    forms = [(title, tells, f" · {short}" if short else ""), (title, tells, ""), (its, tells, ""), (title, left, "")]
    fitting = next((form for form in forms if cells("".join(form)) <= width), ("", "", ""))
    words, telling, why = fitting if fitting[0] else (cut(its, width), "", "")
    return [(words, "text bold"), (telling, "text"), (why, "dim")]


def _without_name(title: str, name: str) -> str:
    """`Look at the settings of api` as `Look at its settings`."""
    if not name:
        return title
    owned = re.sub(rf"\bthe (\w+) of {re.escape(name)}(?!\S)", r"its \1", title, count=1)
    return owned if owned != title else title.replace(name, "it", 1)
