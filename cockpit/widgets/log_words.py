"""A log message in the few words that a line has room for: without what the line says already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.draw import cells, cut, sanitised
from primitives.patterns import lazy_pattern
from primitives.text import ELLIPSIS

if TYPE_CHECKING:
    from primitives.display_names import NameOf
    from primitives.facts import LogPattern

__all__ = ["deciding_words", "message_words", "quoted_words"]

LEAST_BEFALL = 8
"""Cells of what befell the writer, at least, in front of the name behind it."""
BEHIND = 40
"""Letters behind the deciding words in which a name belongs to them."""
MOST_NAME = 40
"""Letters of a name that is kept whole."""
BEFORE = 3
"""A part in so many of the room that is left beside the deciding words goes to what stands before them."""

# What may be a name: letters with signs in them, such as `stock-db` or `db.internal:5432`. No number is.
_NAMED = lazy_pattern(r"(?<![\w./:-])[A-Za-z][\w./:-]{2,60}\w")
_OF_A_HOST = lazy_pattern(r"\w{2}\.[A-Za-z]\w")
# A logger's name in brackets, a level, in front of the message itself.
_BRACKETS = lazy_pattern(r"^\[([^\[\]]{1,80})\][:\s-]*")
_LEVEL = lazy_pattern(
    r"(?i)^(?:trace|debug|info|notice|warn|warning|error|err|fatal|critical|panic)(?::\s*|\s+-\s+|\s+(?=[A-Za-z]))"
)


def message_words(fact: LogPattern, names: NameOf) -> str:
    """The message without its resource's name and its level in front, which the line tells."""
    words = sanitised(fact.message)
    said = {sanitised(fact.resource), sanitised(names(fact.resource))} if fact.resource is not None else set()
    in_front = _BRACKETS.match(words)
    if in_front is not None and in_front[1] in said:
        words = words[in_front.end() :]
    level = _LEVEL.match(words)
    return (words[level.end() :] if level is not None else words) or sanitised(fact.message)


def deciding_words(fact: LogPattern, names: NameOf, room: int) -> str:
    """The message in at most `room` cells: where it is cut, the part that says what befell the writer stays."""
    words = message_words(fact, names)
    if cells(words) <= room or fact.count == 0:
        return cut(words, room)
    # The engine is there by the time that there is a fact; the first frame must not wait for it.
    from primitives.analysis.deciding_words import deciding_span

    span = deciding_span(words, fact.family, room - 2)
    if span is not None and cells(words) == len(words) and (named := _with_name(words, span, room, names)) is not None:
        return named
    # In wide letters a cell is no letter: then the beginning is told.
    if span is None or span[1] < room or cells(words) != len(words):
        return cut(words, room)
    begin, end = span
    spare = room - (end - begin) - 2
    begin = max(begin - spare // BEFORE, len(words) - room + 1, 0) if spare > 0 else begin
    begin = min(_next_word(words, begin, span[0]), span[0])
    return cut(f"{ELLIPSIS}{words[begin:]}", room) if begin else cut(words, room)


def _with_name(words: str, span: tuple[int, int], room: int, names: NameOf) -> str | None:
    """The deciding words with the name behind them, what stands between them cut; None where it needs no cutting.

    `No instances available for stock-db` in few cells is `No instances…stock-db`: which one it is matters. A name is a
    resource's or a host's: `read-only` is none.
    """
    matches = _NAMED.finditer(words, span[0], span[1] + BEHIND)
    name = next((each for each in matches if _is_name(each[0], names)), None)
    if name is None or name.start() == span[0] or name.end() <= room or name.end() - name.start() > MOST_NAME:
        return None
    head, begin = words[span[0] : name.start()].rstrip(), ELLIPSIS if span[0] else ""
    left = room - len(begin) - len(name[0])
    if len(head) < left:
        whole = f"{begin}{head} {name[0]}"
        return cut(f"{begin}{words[span[0] :]}", room) if len(whole) < room else whole
    return f"{begin}{cut(head, left)}{name[0]}" if left >= LEAST_BEFALL else None


def _is_name(word: str, names: NameOf) -> bool:
    from primitives.display_names import DisplayNames

    return (isinstance(names, DisplayNames) and names.knows(word)) or _OF_A_HOST.search(word) is not None


def quoted_words(fact: LogPattern, names: NameOf, room: int, *, whole: bool = False, among: bool = False) -> str:
    """The message in quotation marks, in `room` cells between them; before one of several that differ `like`.

    `whole`: it goes on in further lines. What is cut, or is told `among` others, needs no such word.
    """
    words = message_words(fact, names)
    # A part of a message says by itself that it is no whole one.
    like = "" if among or (cells(words) > room and not whole) else fact.like
    return f"{like}“{words if whole else deciding_words(fact, names, room - cells(like))}”"


def _next_word(words: str, at: int, most: int) -> int:
    """Where a word begins from `at` on, up to `most`."""
    if at == 0 or words[at - 1] == " ":
        return at
    space = words.find(" ", at, most)
    return space + 1 if space >= 0 else most
