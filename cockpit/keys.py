"""Every key: one table that the screens bind, the footer and the help show, and docs/keys.md is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from textual.binding import Binding

from cockpit.panes import pane_specs
from primitives.dataclass import dataclass

__all__ = ["KEYS", "Key", "bindings", "help_rows", "key_page", "keys_for"]

Where = Literal["incident", "replay", "list", "everywhere"]


@dataclass(frozen=True, slots=True)
class Key:
    """A binding.

    `id` is stable, so that people can remap it; `shown` is how the key is written. Without a key it is a command of
    the palette alone. A key that `writes` changes the incident's log; one that also `asks` opens a dialog before it
    does.
    """

    id: str
    keys: str
    shown: str
    action: str
    words: str
    where: tuple[Where, ...] = ("incident", "replay")
    writes: bool = False
    asks: bool = False


def _pane_keys() -> Iterator[Key]:
    """A key for each pane; panes that share one are described by the first of them."""
    for spec in sorted((spec for spec in pane_specs() if spec.number), key=lambda spec: spec.key):
        words = spec.key_words or spec.title.lower()
        yield Key(f"pane.{spec.key}", spec.key, spec.key, f"pane('{spec.key}')", words)


KEYS: tuple[Key, ...] = (
    Key("help", "question_mark", "?", "app.help", "the keys that work here", ("everywhere",)),
    Key("palette", "colon,ctrl+p", ": or Ctrl-P", "app.palette", "go to a name, or a command", ("everywhere",)),
    Key("go.incidents", "", "", "app.incidents", "incidents: the list of all", ("incident", "replay")),
    Key("go.report", "", "", "report", "report: the postmortem of this incident"),
    Key("go.story", "S", "S", "story", "story: what happened so far, and who said what"),
    Key("go.attach", "", "", "attach", "attach: the incident as it is now", ("replay", "list")),
    Key("leave", "q", "q", "app.leave", "back a screen, or leave (asks while something runs)", ("everywhere",)),
    Key("interrupt", "ctrl+c", "Ctrl-C", "app.interrupt", "asks what to stop", ("everywhere",)),
    Key("theme", "t", "t", "app.theme", "the next theme", ("everywhere",)),
    *_pane_keys(),
    Key("pane.next", "tab", "Tab", "pane_by(1)", "next pane"),
    Key("pane.previous", "shift+tab", "Shift-Tab", "pane_by(-1)", "previous pane"),
    Key("swap", "m", "m", "swap", "swap plan and facts"),
    Key("down", "j,down", "j ↓", "move(1)", "down; in the timeline to the next mark", ("incident", "replay", "list")),
    Key("up", "k,up", "k ↑", "move(-1)", "up; in the timeline to the mark before", ("incident", "replay", "list")),
    Key("page_down", "pagedown,ctrl+d", "PgDn", "move_page(1)", "a page down", ("incident", "replay", "list")),
    Key("page_up", "pageup,ctrl+u", "PgUp", "move_page(-1)", "a page up", ("incident", "replay", "list")),
    Key("top", "g", "g", "move_to(-1)", "first", ("incident", "replay", "list")),
    Key("bottom", "G", "G", "move_to(1)", "last", ("incident", "replay", "list")),
    Key("open", "enter", "Enter", "open", "open: the detail, or unfold", ("incident", "replay", "list")),
    Key("back", "escape", "Esc", "back", "back", ("everywhere",)),
    Key("left", "h,left", "h ←", "sideways(-1)", "time cursor a cell of the timeline back, or fold"),
    Key("right", "l,right", "l →", "sideways(1)", "time cursor a cell of the timeline on, or unfold"),
    Key("zoom.in", "plus", "+", "zoom(1)", "zoom the pane in"),
    Key("zoom.out", "underscore,minus", "_", "zoom(-1)", "zoom out"),
    Key("chart.zoom.in", "z", "z", "chart_zoom(1)", "zoom the chart in around the time cursor"),
    Key("chart.zoom.out", "Z", "Z", "chart_zoom(-1)", "zoom the chart out"),
    Key("chart.pan.left", "left_curly_bracket", "{", "chart_pan(-1)", "an earlier part of the chart"),
    Key("chart.pan.right", "right_curly_bracket", "}", "chart_pan(1)", "a later part of the chart"),
    Key("chart.samples", "v", "v", "samples", "the chart's samples as a table"),
    Key(
        "chart.beside",
        "V",
        "V",
        "chart_beside",
        "what stands beside the chart: percentiles, the cause's series, nothing",
    ),
    Key("filter", "slash", "/", "filter", "filter the list", ("incident", "replay", "list")),
    Key("match.next", "n", "n", "match(1)", "next match; in the detail next id", ("incident", "replay", "list")),
    Key(
        "match.previous",
        "number_sign",
        "#",
        "match(-1)",
        "previous match, or id",
        ("incident", "replay", "list"),
    ),
    Key("yes", "y", "y", "yes", "confirm a waiting plan, else copy", ("incident", "replay", "list"), writes=True),
    Key("export", "e", "e", "export", "export to ./ID.incident"),
    Key("replay", "r", "r", "replay", "replay from here", ("incident", "list")),
    Key("screenshot", "s", "s", "screenshot", "screenshot (SVG)", ("everywhere",)),
    Key("replay.play", "space", "Space", "play", "play or pause", ("replay",)),
    Key("replay.back", "left_square_bracket", "[", "step(-1)", "one event back", ("replay",)),
    Key("replay.on", "right_square_bracket", "]", "step(1)", "one event on", ("replay",)),
    Key("replay.slower", "less_than_sign", "<", "speed(-1)", "slower", ("replay",)),
    Key("replay.faster", "greater_than_sign", ">", "speed(1)", "faster", ("replay",)),
    Key("replay.begin", "home", "Home", "seek_end(-1)", "to the beginning", ("replay",)),
    Key("replay.end", "end", "End", "seek_end(1)", "to the end", ("replay",)),
    Key("replay.scale", "i", "i", "scale", "play the incident's time, or the investigation's", ("replay",)),
    Key("replay.fact", "f", "f", "next_event('fact')", "to the next fact", ("replay",)),
    Key("replay.fact.back", "F", "F", "next_event('fact', -1)", "to the fact before", ("replay",)),
    Key("replay.decision", "d", "d", "next_event('decision')", "to the next decision", ("replay",)),
    Key("replay.decision.back", "D", "D", "next_event('decision', -1)", "to the decision before", ("replay",)),
    Key("replay.action", "w", "w", "next_event('action')", "to the next action (what was written)", ("replay",)),
    Key("replay.action.back", "W", "W", "next_event('action', -1)", "to the action before", ("replay",)),
    Key("replay.note", "c", "c", "next_event('note')", "to the next note", ("replay",)),
    Key("replay.note.back", "C", "C", "next_event('note', -1)", "to the note before", ("replay",)),
    Key("replay.loop", "o", "o", "loop", "loop: begin again at the end, or stop there", ("replay",)),
    Key("replay.compare", "equals_sign", "=", "compare", "keep this moment, then compare another with it", ("replay",)),
    Key("drill", "", "", "drill", "drill: find the cause yourself", ("replay", "list")),
    Key("drill.answer", "A", "A", "diagnose", "say what it is, in a drill", ("replay",)),
    Key("replay.seek", "at", "@", "seek", "go to a time or an event", ("replay",)),
    Key("pin", "p", "p", "pin", "pin the fact, or mark the hypothesis as right", ("incident",), writes=True),
    Key(
        "refute",
        "x",
        "x",
        "refute",
        "refute the fact, or exclude the hypothesis",
        ("incident",),
        writes=True,
        asks=True,
    ),
    Key("undo", "u", "u", "undo", "undo what was said of it", ("incident",), writes=True),
    Key("next", "N", "N", "next", "run the next best diagnostic", ("incident",), writes=True),
    Key("fact", "f", "f", "fact", "add a fact, or a change", ("incident",), writes=True, asks=True),
    Key("close", "", "", "close_incident", "close the incident for good", ("incident",), writes=True, asks=True),
    Key("diagnostic", "d", "d", "diagnostic", "run the look in pane 5, or choose one", ("incident",), writes=True),
    Key("again", "R", "R", "again", "ask the whole question again, as of now", ("incident",), writes=True),
    Key(
        "choose",
        "o",
        "o",
        "choose_resource",
        "ask about one of the resources that fit",
        ("incident",),
        writes=True,
        asks=True,
    ),
    Key(
        "approve",
        "a",
        "a",
        "approve",
        "approve an action",
        writes=True,
        asks=True,
    ),
    Key("comment", "c", "c", "comment", "write a note for the others", ("incident",), writes=True, asks=True),
    Key("follow", "F", "F", "follow_view", "follow the view of another who is here, or end that", ("incident",)),
    Key(
        "hand_over", "O", "O", "hand_over", "hand over: a note for the next one", ("incident",), writes=True, asks=True
    ),
    Key("bookmark", "b", "b", "bookmark", "bookmark this moment", ("incident",), writes=True, asks=True),
)


def keys_for(where: Where) -> list[Key]:
    """The keys of a screen."""
    return [key for key in KEYS if key.keys and (where in key.where or "everywhere" in key.where)]


_PANE_IDS = tuple(key.id for key in KEYS if key.action.startswith("pane('"))

_CHART_IDS = tuple(key.id for key in KEYS if key.id.startswith("chart.") and key.id != "chart.beside")

_HELP: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("palette",), ": Ctrl-P", "go to a name, command"),
    (("leave",), "q", "back a screen, or leave"),
    (_PANE_IDS, f"{_PANE_IDS[0][-1]}…{_PANE_IDS[-1][-1]}", "to pane; 1 again: plan"),
    (("pane.next", "pane.previous"), "Tab ⇧Tab", "next, previous pane"),
    (("down", "up"), "j k ↓ ↑", "down, up; timeline: marks"),
    (("page_down", "page_up"), "PgDn PgUp", "a page down, up"),
    (("top", "bottom"), "g G", "first, last"),
    (("open",), "Enter", "open the detail, or unfold"),
    (("left", "right"), "h l ← →", "time cursor, or fold"),
    (("zoom.in", "zoom.out"), "+ _", "zoom in, out"),
    (_CHART_IDS, "z Z { } v", "chart: zoom, pan, table"),
    (("chart.beside",), "V", "chart: with others, alone"),
    (("match.next", "match.previous"), "n #", "next, previous match, id"),
    (("yes",), "y", "confirm the plan, or copy"),
    (("pin", "refute", "undo"), "p x u", "pin, refute, undo"),
    (("next", "diagnostic", "fact", "again"), "N d f R", "next, look, fact, again"),
    (("comment", "bookmark"), "c b", "note, bookmark"),
    (("choose",), "o", "one of several resources"),
    (("go.story",), "S", "the story so far"),
    (("follow", "hand_over"), "F O", "follow a view, hand over"),
    (("replay.back", "replay.on"), "[ ]", "an event back, on"),
    (("replay.fact", "replay.fact.back"), "f F", "next fact, before"),
    (("replay.decision", "replay.decision.back"), "d D", "next decision, before"),
    (("replay.action", "replay.action.back"), "w W", "next action, before"),
    (("replay.note", "replay.note.back"), "c C", "next note, before"),
    (("replay.scale",), "i", "incident's time, or back"),
    (("replay.loop",), "o", "loop"),
    (("replay.compare",), "=", "keep, compare moments"),
    (("replay.slower", "replay.faster"), "< >", "slower, faster"),
    (("replay.begin", "replay.end"), "Home End", "beginning, end"),
)
"""What the help says in one row, short enough for two columns on 80 cells."""

_HELP_OF_LIST = {"down": "down, up", "open": "open", "yes": "copy the id", "replay": "replay"}


def help_rows(where: Where) -> list[tuple[str, str]]:
    """What the help of a screen says: the keys that work there and what they do, those of a pair together."""
    rows: dict[str, tuple[str, str]] = {}
    for key in keys_for(where):
        ids, shown, words = next((row for row in _HELP if key.id in row[0]), ((key.id,), key.shown, key.words))
        rows.setdefault(ids[0], (shown, _HELP_OF_LIST.get(key.id, words) if where == "list" else words))
    return list(rows.values())


def bindings(*where: Where) -> list[Binding]:
    """The bindings of a screen that is the first of `where`, with the table's ids.

    What a key does on the others, it does (or says why not) where the first leaves it free.
    """
    seen: dict[str, Key] = {}
    taken: set[str] = set()
    for place in where:
        fresh = {key.id: key for key in keys_for(place) if not taken & set(key.keys.split(","))}
        seen |= fresh
        taken |= {name for key in fresh.values() for name in key.keys.split(",")}
    return [
        Binding(key.keys, key.action, key.words, show=False, id=key.id, priority=key.id in PRIORITY)
        for key in seen.values()
    ]


PRIORITY = frozenset({"pane.next", "pane.previous", "interrupt"})
"""These win over what a focused widget or Textual itself would do."""


STAYING_IDS = frozenset(key.id for key in KEYS if key.action.startswith(("move", "sideways", "match")))
"""Commands that move about in a pane, and leave the focus where it is."""


CAREFUL_IDS = frozenset(key.id for key in KEYS if key.writes or key.id == "leave")
"""Commands whose keys must not come from pasted text: they change the incident's log, or leave."""


def key_page() -> str:
    """docs/keys.md."""
    lines = [
        "# Keys",
        "",
        "Made from `cockpit/keys.py` by `make docs`; a test compares.",
        "`?` in the cockpit shows the keys that work on the screen it is pressed on.",
    ]
    keyed = [key for key in KEYS if key.keys]
    groups: tuple[tuple[str, Iterable[Key]], ...] = (
        ("Everywhere", [key for key in KEYS if "everywhere" in key.where]),
        ("On an incident, live or replayed", [key for key in keyed if "incident" in key.where]),
        ("In a replay only", [key for key in KEYS if key.where == ("replay",)]),
        ("In the list of incidents", [key for key in keyed if "list" in key.where]),
    )
    for title, keys in groups:
        lines += ["", f"## {title}", "", "| key | does | id |", "| --- | --- | --- |"]
        lines += [f"| {_code(key.shown)} | {key.words} | `{key.id}` |" for key in keys]
    lines += ["", "## In the command palette only", "", "| command | id |", "| --- | --- |"]
    lines += [f"| {key.words} | `{key.id}` |" for key in KEYS if not key.keys]
    return "\n".join(lines) + "\n"


def _code(shown: str) -> str:
    return " ".join(word if word == "or" else f"`{word}`" for word in shown.split())


if __name__ == "__main__":
    import sys

    sys.stdout.write(key_page())
