"""The items of a large list in JSON, one after the other, so that the whole is never in memory.

What `kubectl get -A -o json` writes of a large cluster is one document of hundreds of megabytes: `{"items": [...]}`.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from primitives.bundle.parse import MAX_LINE_BYTES, json_problem, no_constant, number_problem, type_name, wrong_byte
from primitives.errors import BundleError
from primitives.patterns import lazy_pattern

__all__ = ["items_of"]

_SPACE: Final = lazy_pattern(r"[ \t\n\r]*")
_KEY: Final = "items"
_NUMBER_GOES_ON: Final = frozenset(("", *"0123456789.eE+-"))


def items_of(chunks: Iterable[bytes], where: str) -> Iterator[Any]:
    """The items of the document's list, or of the list under its key `items`. Raises `BundleError`.

    What stands beside the list is read and left out.
    """
    text = _Text(chunks, where)
    if text.take("["):
        yield from _items(text)
    elif text.take("{"):
        yield from _items_of_object(text)
    else:
        raise _no_list(where, text.value())
    if text.peek():
        text.fail("there is more after the end of the document")


def _items_of_object(text: _Text) -> Iterator[Any]:
    listed = False
    more = not text.take("}")
    while more:
        key = text.value()
        if not isinstance(key, str):
            text.fail("a key is no text")
        text.expect(":")
        if key != _KEY:
            text.value()
        elif listed:
            text.fail(f"the key '{_KEY}' is here twice")
        elif not text.take("["):
            raise _no_list(text.where, text.value())
        else:
            listed = True
            yield from _items(text)
        more = text.take(",")
        if not more:
            text.expect("}")
    if not listed:
        raise _no_list(text.where, None)


def _no_list(where: str, value: object) -> BundleError:
    return BundleError(where, f"field '{_KEY}' is {type_name(value)}; expected a list")


def _items(text: _Text) -> Iterator[Any]:
    more = not text.take("]")
    while more:
        yield text.value()
        more = text.take(",")
        if not more:
            text.expect("]")


class _Text:
    """A window on the document, from the next thing to be read on."""

    def __init__(self, chunks: Iterable[bytes], where: str) -> None:
        self.where = where
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(parse_constant=no_constant)
        self._text, self._at = "", 0
        self._lines = 0

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def take(self, character: str) -> bool:
        """Whether `character` comes next; then it has been read."""
        there = self.peek() == character
        self._at += there
        return there

    def expect(self, character: str) -> None:
        """Read `character`. Raises `BundleError` where something else comes."""
        if not self.take(character):
            self.fail(f"expected '{character}'")

    def value(self) -> Any:
        """The next value. Raises `BundleError`."""
        self.peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                self.fail("nested too deeply")
            except ValueError as error:  # the window may end in the middle of the value
                if len(self._text) - self._at > MAX_LINE_BYTES or not self._read_on():
                    self.fail(error.msg if isinstance(error, json.JSONDecodeError) else number_problem(error))
            else:
                # A number may go on in the next piece, where a point without digits isn't part of it yet.
                if self._text[end : end + 1] not in _NUMBER_GOES_ON or not self._read_on():
                    self._at = end
                    return value

    def fail(self, problem: str) -> NoReturn:
        """Raise a `BundleError` about the current place."""
        line = self._lines + self._text.count("\n", 0, self._at) + 1
        column = self._at - self._text.rfind("\n", 0, self._at)
        raise BundleError(f"{self.where}:{line}", json_problem(problem, column))

    def _read_on(self) -> bool:
        """Lengthen the window by as much as it holds, so that a long value isn't tried often. False at the end."""
        wanted, pieces = len(self._text) - self._at, list[str]()
        ended = False
        while not ended and (not pieces or sum(map(len, pieces)) < wanted):
            chunk = next(self._chunks, None)
            ended = chunk is None
            pieces.append(self._decoded(chunk or b"", final=ended))
        read = "".join(pieces)
        self._lines += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :] + read, 0
        return bool(read)

    def _decoded(self, chunk: bytes, *, final: bool) -> str:
        try:
            return self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            line = self._lines + self._text.count("\n") + error.object.count(b"\n", 0, error.start) + 1
            raise BundleError(f"{self.where}:{line}", wrong_byte(error.object, error)) from error
