"""Reads what nests by indentation: YAML, what `kubectl describe` prints, diffs of both.

A `+` or `-` of a diff counts as indentation. Lines may be separated by newlines or, in a string, by escaped ones.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.structure.frames import Frame, Leaf

__all__ = ["read_layout"]

_DEEPEST: Final = 60
_NEWLINE: Final = lazy_pattern(r"\r?\n|\\{1,15}(?:r\\{1,15})?n")
_MARKS: Final = lazy_pattern(r"[ \t]{0,200}(?:[+~!<>?*|│][ \t]{0,200})?(?:(?P<dash>-)(?:[ \t]{1,100}|(?=[\w\"'])))?")
_DIFF: Final = lazy_pattern(r"(?m)^(?:\+(?![-+=])|@@ |> )|\\n\+(?![-+=])")
_KEYED: Final = lazy_pattern(
    r"(?P<quote>\\{0,7}[\"'])?(?P<key>[\w$@./][\w.$/@+() -]{0,100}?)(?(quote)\\{0,7}[\"'])[ ]{0,40}(?P<sep>:(?=\s|$|\\)|=>?)[ \t]{0,40}"
)
_TAGS: Final = lazy_pattern(r"(?:(?:![\w!.-]{0,40}|&\w{1,40})[ ]{1,4}){1,3}")
_BLOCK: Final = frozenset({"", "|", ">", "|-", ">-", "|+", ">+", "!vault |", "<<EOF", "<<-EOT", "<<~EOT"})
_RULE: Final = lazy_pattern(r"-{3,200}|={3,200}")
_COMMENT: Final = lazy_pattern(r"[ \t]#")


def read_layout(text: str, start: int = 0, end: int | None = None) -> list[Frame]:
    """A frame for each document in `text` from `start` to `end`."""
    end = len(text) if end is None else end
    reader = _Layout(text, start, end)
    position = start
    for match in _NEWLINE.finditer(text, start, end):
        reader.line(position, match.start())
        position = match.end()
    reader.line(position, end)
    return reader.documents


class _Layout:
    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.documents = [Frame(style="layout")]
        self.stack: list[tuple[int, Frame]] = [(-1, self.documents[0])]
        self.described: Frame | None = None
        self.is_diff = _DIFF.search(text, start, end) is not None

    def line(self, start: int, end: int) -> None:
        """Take the next line."""
        stripped = self.text[start:end].strip()
        if _RULE.fullmatch(stripped):
            self._separator(stripped)
        elif not stripped:
            self.described = None
        elif self.described is not None:
            self._add(self.described, "", self._leaf(start, end))
        else:
            # In a diff, the first column is not the text's own.
            marked = self.is_diff and self.text[start] in "+-<>! "
            self._marked(start, start + 1 if marked else start, end)

    def _separator(self, stripped: str) -> None:
        last = self.stack[-1][1]
        if stripped == "---":
            self.documents.append(Frame(style="layout"))
            self.stack = [(-1, self.documents[-1])]
        elif len(self.stack) > 1 and not last.entries:
            self.described = last

    def _marked(self, start: int, after: int, end: int) -> None:
        """A line without a diff's mark: its indentation, its dash, and what it says."""
        marks = _MARKS.match(self.text, after, end)
        begin = marks.end() if marks else after
        keyed = _KEYED.match(self.text, begin, end)
        if marks and marks["dash"]:
            # Indentation counts twice, so that an item's frame is between the list's and that of its own keys.
            column = 2 * (marks.start("dash") - start)
            while len(self.stack) > 1 and self.stack[-1][0] > column:
                self.stack.pop()
            if keyed:
                self._push("", column + 1, "item")
        else:
            self._pop_to(2 * (begin - start))
        if keyed:
            self._pop_to(2 * (begin - start))
            self._keyed(keyed, 2 * (begin - start), end)
        else:
            self._add(self.stack[-1][1], "", self._leaf(begin, end))

    def _keyed(self, keyed: re.Match[str], indent: int, end: int) -> None:
        key, position = keyed["key"].strip(), keyed.end()
        if tags := _TAGS.match(self.text, position, end):
            position = tags.end()
        if self.text[position:end].strip() in _BLOCK:
            self._push(key, indent, "layout")
        else:
            self._add(self.stack[-1][1], key, self._leaf(position, end))

    def _push(self, key: str, indent: int, style: str) -> None:
        frame = Frame(key, style)
        self._add(self.stack[-1][1], key, frame)
        if len(self.stack) < _DEEPEST:
            self.stack.append((indent, frame))

    def _pop_to(self, indent: int) -> None:
        while len(self.stack) > 1 and self.stack[-1][0] >= indent:
            self.stack.pop()

    def _leaf(self, start: int, end: int) -> Leaf:
        """The value in a piece of a line, without quotes and comment."""
        text = self.text
        while start < end and text[start] in " \t":
            start += 1
        if text[start:end].startswith(('"', "'", '\\"')):
            level = 1 if text[start] != "\\" else 2
            quote = text[start : start + level]
            close = text.find(quote, start + level, end)
            if close >= 0:
                return Leaf(start + level, close, quoted=True)
        comment = _COMMENT.search(text, start, end)
        end = comment.start() if comment else end
        while start < end and text[end - 1] in " \t\r,;":
            end -= 1
        return Leaf(start, end)

    def _add(self, frame: Frame, key: str, value: Leaf | Frame) -> None:
        if isinstance(value, Frame) or value.end > value.start:
            frame.entries.append((key, value))
