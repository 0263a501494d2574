r"""Reads XML and what looks like it, escaped too (`&lt;`, `\u003c`): elements, attributes, and text as their value."""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.structure.frames import Frame, Leaf

__all__ = ["read_xml"]

_DEEPEST: Final = 100
_TAG: Final = lazy_pattern(
    r"(?P<open><|&lt;|\\u003[cC])(?P<slash>\\?/)?(?P<name>[A-Za-z_][\w.:-]{0,120})"
    r"(?P<attributes>(?:\s{1,200}[\w.:-]{1,80}\s?=\s?(?:\\{0,7}\"[^\"<>]{0,20000}\"|'[^'<>]{0,20000}'|&quot;[^&<>]{0,2000}&quot;)){0,60})"
    r"\s{0,200}(?P<empty>/?)(?:>|&gt;|\\u003[eE])"
)
_ATTRIBUTE: Final = lazy_pattern(
    r"(?P<name>[\w.:-]{1,80})\s?=\s?(?:(?P<escape>\\{0,7})\"(?P<double>[^\"\\<>]{0,20000})|'(?P<single>[^'<>]{0,20000})|&quot;(?P<entity>[^&<>]{0,2000}))"
)
_CDATA: Final = lazy_pattern(r"\s{0,200}<!\[CDATA\[(?P<inside>[^\]]{0,100000})\]\]>")


def read_xml(text: str) -> list[Frame]:
    """The top element of each tree in `text`."""
    top = Frame(style="<")
    stack, position = [top], 0
    for match in _TAG.finditer(text):
        _text_before(text, position, match.start(), stack[-1])
        position = match.end()
        name = match["name"].rpartition(":")[2]
        if match["slash"]:
            _close(stack, name)
        else:
            frame = Frame(name, "<")
            _attributes(match, frame)
            stack[-1].entries.append((name, frame))
            if not match["empty"] and len(stack) < _DEEPEST:
                stack.append(frame)
    _simplify(top)
    return [top]


def _close(stack: list[Frame], name: str) -> None:
    for back in range(1, min(len(stack), 6)):
        if stack[-back].key == name:
            del stack[-back:]
            return


def _text_before(text: str, start: int, end: int, frame: Frame) -> None:
    if cdata := _CDATA.match(text, start, end):
        frame.entries.append(("", Leaf(*cdata.span("inside"), quoted=True)))
        return
    piece = text[start:end]
    if frame.key and (stripped := piece.strip()):
        begin = start + piece.index(stripped)
        frame.entries.append(("", Leaf(begin, begin + len(stripped), quoted=True)))


def _attributes(match: re.Match[str], frame: Frame) -> None:
    start, end = match.span("attributes")
    for attribute in _ATTRIBUTE.finditer(match.string, start, end):
        group = next(name for name in ("double", "single", "entity") if attribute[name] is not None)
        frame.entries.append((attribute["name"].rpartition(":")[2], Leaf(*attribute.span(group), quoted=True)))


def _simplify(top: Frame) -> None:
    """An element with nothing but text becomes a plain entry of the element around it."""
    waiting = [top]
    while waiting:
        frame = waiting.pop()
        for number, (key, value) in enumerate(frame.entries):
            if isinstance(value, Frame):
                if len(value.entries) == 1 and not value.entries[0][0]:
                    frame.entries[number] = (key, value.entries[0][1])
                else:
                    waiting.append(value)
