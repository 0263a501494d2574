"""Decoded objects as texts: a JSON-like value, the frames that its structure makes, and the places of its strings.

Objects and texts are judged by the same rules. An object is written as a text much like JSON, in which strings stand as
they are; what the rules find in that text is taken out of the object's own strings, numbers and keys.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from primitives.patterns import lazy_pattern
from primitives.redact.structure.frames import Frame, Leaf, Span
from primitives.redact.values import is_placeholder

__all__ = ["Hidden", "Tree", "documents_of", "written_back"]

Hidden = tuple[int, int, str, str]
"""A secret's place in a tree's text, its kind, and what stands for it."""

_BEGIN: Final = lazy_pattern(r"\{(?=\s{0,200}\")|\[(?=\s{0,200}[\"{\[])")
# A text may be a list of numbers and names; inside one, such brackets stand around times and ids far more often.
_ALL: Final = lazy_pattern(r"\s{0,200}[{\[]")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; one that has a key twice is no object that could be written back, and is read as a text."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_each_key_once)
_MOST_FAILURES: Final = 8
# `Mapping` alone asks its table of classes for each value; `list | tuple` is made anew at each call.
_OBJECT: Final = (dict, Mapping)
_LIST: Final = (list, tuple)
_TOKEN: Final = lazy_pattern(r"\"(?:[^\"\\]|\\.)*\"|-?[0-9][0-9.eE+-]*|true|false|null|NaN|-?Infinity")


class Tree:
    """A JSON-like value as a text."""

    def __init__(self, value: Any) -> None:
        self.value = value
        parts: list[str] = []
        _write(value, parts.append)
        self.text = "".join(parts)

    def _places(self) -> list[Span]:
        """Where each key and each value that holds no others stands in the text, without quotes."""
        places: list[Span] = []
        _locate(self.value, 0, places.append)
        return places

    def copy(self) -> Any:
        """The value again, its objects and lists made anew."""
        return _cleaned(self.value, str)

    def strings(self) -> list[str]:
        """Each string and each key."""
        strings: list[str] = []
        waiting = [self.value]
        while waiting:
            value = waiting.pop()
            if isinstance(value, str):
                strings.append(value)
            elif isinstance(value, _OBJECT):
                strings += map(str, value)
                waiting += value.values()
            elif isinstance(value, _LIST):
                waiting += value
        return strings

    def frame(self) -> Frame:
        """The frame of the whole value."""
        places = iter(self._places())
        top = Frame(style="[")
        _fill(top, "", self.value, places)
        first = top.entries[0][1]
        return first if isinstance(first, Frame) else top

    def without(self, hidden: list[Hidden], clean: Callable[[str], str], hide: Callable[[str, str], str]) -> Any:
        """The value without what is `hidden`, in order. `clean` redacts what is left of each string, `hide` one of its parts."""
        if not hidden:
            return _cleaned(self.value, clean)
        starts = [start for start, *_ in hidden]
        places = iter(self._places())

        def piece(text: str, *, whole: bool = False) -> str:
            start, end = next(places)
            first = max(bisect_left(starts, start) - 1, 0)
            touching = [h for h in _from(hidden, first, end) if h[1] > start and h[0] < end]
            if whole:
                return _hidden(touching[0][2], text, hide) if touching else text
            return clean(_cut(text, start, end, touching, hide) if touching else text)

        return _rebuilt(self.value, piece)


def _write(value: Any, put: Callable[[str], object]) -> None:
    if isinstance(value, str):
        put(f'"{value}"')
    elif isinstance(value, _OBJECT):
        before = "{"
        for key, item in value.items():
            if isinstance(item, str):
                put(f'{before}"{key}": "{item}"')
            else:
                put(f'{before}"{key}": ')
                _write(item, put)
            before = ", "
        put("}" if value else "{}")
    elif isinstance(value, _LIST):
        before = "["
        for item in value:
            put(before)
            _write(item, put)
            before = ", "
        put("]" if value else "[]")
    else:
        put(_plain(value))


def _plain(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _locate(value: Any, at: int, put: Callable[[Span], object]) -> int:
    """Give `put` the places in a value whose text begins at `at`, in order; where it ends."""
    if isinstance(value, str):
        put((at + 1, at + 1 + len(value)))
        return at + 2 + len(value)
    if isinstance(value, _OBJECT):
        for number, (key, item) in enumerate(value.items()):
            start = at + (3 if number else 2)
            put((start, start + len(str(key))))
            at = _locate(item, start + len(str(key)) + 3, put)
        return at + (1 if value else 2)
    if isinstance(value, _LIST):
        for number, item in enumerate(value):
            at = _locate(item, at + (2 if number else 1), put)
        return at + (1 if value else 2)
    put((at, at + len(_plain(value))))
    return at + len(_plain(value))


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """A value with each of its strings and keys cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, _OBJECT):
        return {clean(str(key)): _cleaned(item, clean) for key, item in value.items()}
    if isinstance(value, _LIST):
        return type(value)(_cleaned(item, clean) for item in value)
    return value


def _from(hidden: list[Hidden], first: int, end: int) -> Iterator[Hidden]:
    for number in range(first, len(hidden)):
        if hidden[number][0] >= end:
            return
        yield hidden[number]


def _fill(frame: Frame, key: str, value: Any, places: Iterator[Span]) -> None:
    """Add `value` as an entry of `frame`."""
    if isinstance(value, _OBJECT):
        inner = Frame(key, "{")
        for name, item in value.items():
            next(places)
            _fill(inner, str(name), item, places)
        frame.entries.append((key, inner))
    elif isinstance(value, _LIST):
        inner = Frame(key, "[")
        for item in value:
            _fill(inner, "", item, places)
        frame.entries.append((key, inner))
    else:
        frame.entries.append((key, Leaf(*next(places), quoted=isinstance(value, str))))


def _cut(text: str, start: int, end: int, touching: list[Hidden], hide: Callable[[str, str], str]) -> str:
    parts: list[str] = []
    at = start
    for begin, stop, kind, placeholder in touching:
        inside = start <= begin and stop <= end
        first, last = max(begin, at), min(stop, end)
        if first < last:
            secret = text[first - start : last - start]
            parts += (
                text[at - start : first - start],
                placeholder if inside and placeholder else _hidden(kind, secret, hide),
            )
            at = last
    return "".join((*parts, text[at - start :]))


def _hidden(kind: str, secret: str, hide: Callable[[str, str], str]) -> str:
    return secret if is_placeholder(secret) else hide(kind, secret)


def _rebuilt(value: Any, piece: Callable[..., str]) -> Any:
    if isinstance(value, str):
        return piece(value)
    if isinstance(value, _OBJECT):
        return {piece(str(key)): _rebuilt(item, piece) for key, item in value.items()}
    if isinstance(value, _LIST):
        return type(value)(_rebuilt(item, piece) for item in value)
    text = str(value)
    changed = piece(text, whole=True)
    return value if changed == text or value is None or isinstance(value, bool) else changed


def documents_of(text: str) -> list[tuple[int, int, Any]]:
    """The objects and lists in JSON that a text is or holds, each with its place."""
    documents: list[tuple[int, int, Any]] = []
    failed = 0
    begin = _ALL.match(text) or _BEGIN.search(text)
    while begin is not None and failed < _MOST_FAILURES:
        start = begin.end() - 1
        try:
            value, at = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            failed += 1
            at = start + 1
        else:
            documents.append((start, at, value))
        begin = _BEGIN.search(text, at)
    return documents


def written_back(text: str, before: Any, after: Any) -> str | None:
    """The JSON `text` of `before` with what is different in `after`, and its form kept; None where that can't be done."""
    if after is before:
        return text
    pairs = _pairs(before, after)
    tokens = list(_TOKEN.finditer(text))
    if len(pairs) != len(tokens):
        return None  # It has a key twice.
    parts: list[str] = []
    at = 0
    for token, (old, new) in zip(tokens, pairs, strict=True):
        if new is not old and new != old:
            parts += text[at : token.start()], json.dumps(new, ensure_ascii=token[0].isascii())
            at = token.end()
    return "".join((*parts, text[at:]))


def _pairs(before: Any, after: Any) -> list[tuple[Any, Any]]:
    """Each key and each value that holds no others, before and after, in their order."""
    pairs: list[tuple[Any, Any]] = []
    waiting = [(before, after)]
    while waiting:
        old, new = waiting.pop()
        if isinstance(old, dict):
            if len(old) == len(new):
                inner = zip(old.items(), new.items(), strict=True)
                waiting += [pair for (key, value), (key_now, now) in inner for pair in ((key, key_now), (value, now))][
                    ::-1
                ]
        elif isinstance(old, list):
            waiting += list(zip(old, new, strict=True))[::-1]
        else:
            pairs.append((old, new))
    return pairs
