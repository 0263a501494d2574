"""Reads whatever nests by brackets: JSON, HCL, and what languages print of their maps, lists and objects.

It is lenient: text around the brackets is skipped, keys may stand with `:`, `=`, `=>`, `->` or nothing, values may be bare,
and strings that hold such a notation again, escaped as often as they like, are read as well. Linear in the text's length.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.structure.frames import Frame, Leaf, Span

__all__ = ["read_brackets"]

_DEEPEST: Final = 100
_DEEPEST_STRING: Final = 6
_LABELS: Final = 3
_TOKEN: Final = lazy_pattern(
    # Types that are written between a key and its value.
    r"(?P<skip>string\(\d{1,9}\)|(?<![\w])(?:N|[bu]r?|r)(?=[\"'])|<<(?=[\"'])|map\[\w{1,20}\](?:\[\])?(?:interface \{\}|\*?[\w.]{1,40})(?=\{)"
    r"|\[\](?:[\w.]{1,40})(?=\{)|\[\d{1,6}\]byte(?=\())"
    r"|(?P<heredoc><<[-~]?[A-Z_]{2,20}\r?\n)"
    r"|(?P<open>[{(\[])|(?P<close>[})\]])"
    r"|(?P<sep>=>|->|:=|→|=(?!=)|:)"
    r"|(?P<end>[,;|]|\r?\n|\\{1,15}[nt](?![\w]))"
    r"|(?P<quote>\\{0,31}[\"'`])"
    r"|(?P<word>[^\s{}()\[\],;:=\"'`\\<>|→]{1,1000})"
)
_BARE: Final = lazy_pattern(r"[^\s,;{}()\[\]\"'`<>\\|]+")
_DOUBLE: Final = lazy_pattern(r"(?:[^\"\\\n]|\\.)*\"")
_SINGLE: Final = lazy_pattern(r"(?:[^'\\\n]|\\.)*'")
_BACKTICK: Final = lazy_pattern(r"(?:[^`\\\n]|\\.)*`")
_OPEN_OF: Final = {"}": "{", ")": "(", "]": "["}
# What may stand around a value; other words before a bracket call something.
_WRAPPERS: Final = frozenset(
    [
        "map",
        "Some",
        "Optional",
        "Just",
        "some",
        "base64encode",
        "sensitive",
        "SecretStr",
        "SecretBytes",
        "byte",
        "String",
        "string",
        "str",
        "bytes",
        "Text",
        "jsonencode",
        "Array",
        "array",
        "list",
        "List",
        "Map",
        "Set",
        "set",
        "dict",
        "tuple",
        "OrderedDict",
        "ImmutableMultiDict",
        "MultiDict",
        "Dictionary",
    ]
)
_ARROWS: Final = frozenset({"->", "=>", "→"})
_INSIDE: Final = lazy_pattern(r"[{\[(:=]")


def read_brackets(text: str) -> tuple[list[Frame], list[Span]]:
    """The frames of `text` and of each string in it that has some itself, and the places of these strings."""
    frames: list[Frame] = []
    strings: list[Span] = []
    waiting = [(0, len(text), "", 0)]
    while waiting:
        start, end, key, depth = waiting.pop()
        reader = _Reader(text, end, key)
        frames.append(reader.read(start))
        if depth < _DEEPEST_STRING:
            waiting += [(inner, last, name, depth + 1) for inner, last, name in reader.strings]
            strings += [(inner, last) for inner, last, _ in reader.strings]
    return frames, strings


class _Open:
    """A frame that isn't closed yet, with what was read since its last entry."""

    __slots__ = ("frame", "keyword", "last", "pending", "previous")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.last: Leaf | Frame | None = None
        self.pending: str | None = None
        self.previous: str | None = None
        self.keyword = False


class _Reader:
    """Reads `text` up to `end`. `strings` are those that may hold frames."""

    def __init__(self, text: str, end: int, key: str) -> None:
        self.text = text
        self.end = end
        self.top = _Open(Frame(key))
        self.stack = [self.top]
        self.strings: list[tuple[int, int, str]] = []
        self.unclosed: dict[tuple[int, str], int] = {}

    def read(self, position: int) -> Frame:
        while position < self.end:
            match = _TOKEN.search(self.text, position, self.end)
            if match is None:
                break
            kind = match.lastgroup
            if kind == "word":  # most are
                position = self._word(match)
            elif kind == "skip" or kind is None:
                position = match.end()
            else:
                position = getattr(self, f"_{kind}")(match)
        while len(self.stack) > 1:
            self._pop()
        self._flush()
        return self.stack[0].frame

    def _value(self, value: Leaf | Frame) -> None:
        """An entry's value, if a key waits for it; else what may turn out to be a key."""
        top = self.top
        if top.pending is None and top.keyword and isinstance(top.last, Leaf):
            top.pending, top.last = self._text(top.last), None
        if top.pending is None:
            self._flush()
            top.last = value
        else:
            top.frame.entries.append((top.pending, value))
            top.previous, top.pending, top.last = top.pending, None, None
        top.keyword = False

    def _flush(self) -> None:
        if self.top.last is not None:
            self.top.frame.entries.append(("", self.top.last))
            self.top.last = self.top.previous = None

    def _text(self, leaf: Leaf) -> str:
        return self.text[leaf.start : leaf.end]

    def _heredoc(self, match: re.Match[str]) -> int:
        word = match[0].strip("<-~\r\n")
        position = match.end()
        while position < self.end:
            line_end = self.text.find("\n", position, self.end)
            line_end = self.end if line_end < 0 else line_end
            if self.text[position:line_end].strip() == word:
                break
            if self.text[position:line_end].strip():
                self._line_of_heredoc(position, line_end)
            position = line_end + 1
        self.top.pending = None
        return position

    def _line_of_heredoc(self, start: int, end: int) -> None:
        line = self.text[start:end]
        leaf = Leaf(start + len(line) - len(line.lstrip()), start + len(line.rstrip()), quoted=True)
        self.top.frame.entries.append((self.top.pending or "", leaf))

    def _open(self, match: re.Match[str]) -> int:
        if len(self.stack) < _DEEPEST:
            top = self.top
            if (match[0] != "[" and self.text[match.start() - 1 : match.start()] == "$") or self.text.startswith(
                "{{", match.start()
            ):
                # A template's expression is no value.
                top.pending = None
            frame = Frame(top.pending or "", match[0], self._labels())
            if top.pending is None:
                top.last = None
            self.top = _Open(frame)
            self.stack.append(self.top)
        return match.end()

    def _labels(self) -> tuple[str, ...]:
        """The words directly before a bracket: the type and the name of a block, the name of a class."""
        top = self.top
        leaves: list[Leaf | Frame] = [value for key, value in top.frame.entries[-_LABELS:] if not key]
        if top.last is not None:
            leaves.append(top.last)
        return tuple(self._text(leaf) for leaf in leaves if isinstance(leaf, Leaf) and leaf.end - leaf.start < 100)

    def _close(self, match: re.Match[str]) -> int:
        opened = _OPEN_OF[match[0]]
        for back in range(1, min(len(self.stack), 4)):
            if self.stack[-back].frame.style == opened:
                for _ in range(back):
                    self._pop()
                break
        return match.end()

    def _pop(self) -> None:
        self._flush()
        closed = self.stack.pop().frame
        self.top = self.stack[-1]
        self._value(closed)

    def _sep(self, match: re.Match[str]) -> int:
        top = self.top
        key = self._key_of(top.last)
        if key is not None:
            top.pending, top.last = key, None
        elif match[0] in _ARROWS and top.previous is not None:
            top.pending = top.previous
        elif match[0] == ":" and top.pending is None:
            top.keyword = True
        return match.end()

    def _key_of(self, value: Leaf | Frame | None) -> str | None:
        """The key that `value` is: a word, or one in brackets as in `[key] => value`."""
        if isinstance(value, Frame):
            inner = [entry for entry in value.entries if isinstance(entry[1], Leaf)]
            return self._key_of(inner[0][1]) if inner and value.style == "[" else None
        return None if value is None or value.end - value.start > 300 else self._text(value)

    def _end(self, match: re.Match[str]) -> int:
        self._flush()
        if match[0] != "\n" or self.text[max(match.start() - 2, 0) : match.start()] != "=>":
            self.top.pending = None
        self.top.previous = None
        self.top.keyword = False
        return match.end()

    def _quote(self, match: re.Match[str]) -> int:
        level, quote, start = len(match[0]) - 1, match[0][-1], match.end()
        if (
            quote == "'"
            and match.start() > 0
            and self.text[match.start() - 1].isalnum()
            and not self._after_prefix(match)
        ):
            return start
        close = self._closing(level, quote, start)
        if close is None:
            return start
        leaf = Leaf(start, close - level - 1, quoted=True)
        key = self.top.pending or ""
        self._value(leaf)
        if leaf.end - start > 4 and _INSIDE.search(self.text, start, leaf.end):
            self.strings.append((start, leaf.end, key))
        return close

    def _after_prefix(self, match: re.Match[str]) -> bool:
        before = self.text[max(match.start() - 2, 0) : match.start()]
        return before[-1:] in "bur" and not before[:1].isalnum()

    def _closing(self, level: int, quote: str, start: int) -> int | None:
        """The place behind the quote that ends a string of that level, on the same line."""
        if start < self.unclosed.get((level, quote), 0):
            return None
        line_end = self.text.find("\n", start, self.end)
        line_end = self.end if line_end < 0 else line_end
        if level == 0:
            match = _plain_string(quote, self.text, start, line_end)
        else:
            match = _escaped(level, quote).search(self.text, start, line_end)
        if match is None:
            self.unclosed[level, quote] = line_end
            return None
        return match.end()

    def _word(self, match: re.Match[str]) -> int:
        top = self.top
        start, end = match.span()
        if top.pending is not None:
            following = self.text[end : end + 1]
            if following and following in "({[":
                if following != "{" and match[0] not in _WRAPPERS:
                    # A call or an index, whose argument is not the value.
                    top.pending = None
                return end
            bare = _BARE.match(self.text, start, self.end)
            end = bare.end() if bare else end
            self._value(Leaf(start, end))
            return end
        keyword = top.keyword and top.last is None
        self._value(Leaf(start, end))
        top.keyword = keyword
        return end


def _plain_string(quote: str, text: str, start: int, end: int) -> re.Match[str] | None:
    if quote == '"':
        return _DOUBLE.match(text, start, end)
    return _SINGLE.match(text, start, end) if quote == "'" else _BACKTICK.match(text, start, end)


_ESCAPED: Final[dict[tuple[int, str], re.Pattern[str]]] = {}


def _escaped(level: int, quote: str) -> re.Pattern[str]:
    pattern = _ESCAPED.get((level, quote))
    if pattern is None:
        pattern = _ESCAPED[level, quote] = re.compile(rf"(?<!\\)\\{{{level}}}{quote}")
    return pattern
