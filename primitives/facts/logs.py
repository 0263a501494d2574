"""Facts about log messages."""

import operator
from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar, Final, Literal

from pydantic import AwareDatetime, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.patterns import lazy_pattern
from primitives.quantities import moment
from primitives.terms import Severity

__all__ = ["LogPattern"]

# Masks without anything between them stand for one word.
_MASK: Final = lazy_pattern(r"(?:<(?:\*|[a-z]+)>)+")
# What a number, a path or a word is says what it is about. What only identifies (a UUID, a pod, a time) stays masked.
_TELLING: Final = frozenset({"<*>", "<n>", "<text>", "<path>", "<ip>"})
_LONGEST_WORD: Final = 60


class LogPattern(FactBase):
    """A pattern of log messages that is new or more frequent than before (count in the window against the baseline's).

    `family` names a known kind of error (`connection_refused`, `timeout`, `dns`, ...); `points_at` the resource that
    the messages blame, where they name one. `baseline_count` is scaled to the window's length. `ongoing` when the
    window began with it already, so that nobody saw it begin. Of one that is gone (`count` 0) `last_seen` is when it
    was logged last, in the window or before it. `announced` when its platform wrote it, no application. `read_until` is
    when the newest message of all that were read was written, whoever wrote it: after it nobody knows.
    """

    type: Literal["log_pattern"] = "log_pattern"
    template: str
    severity: Severity
    family: str | None = None
    count: int
    baseline_count: float | None = None
    first_seen: AwareDatetime | None = None
    last_seen: AwareDatetime | None = None
    points_at: str | None = None
    ongoing: bool = False
    example: str = ""
    announced: bool = Field(default=False, exclude_if=operator.not_)
    read_until: AwareDatetime | None = Field(default=None, exclude_if=operator.not_)

    EXAMPLE: ClassVar = {
        "resource": "api",
        "template": "connection to <ip> refused",
        "severity": "ERROR",
        "family": "connection_refused",
        "count": 41,
        "baseline_count": 0.0,
        "first_seen": "2026-11-23T14:30:00Z",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        name = self.resource_name(called, "any resource")
        if self.polarity == "absent":
            return f"no unusual log messages from {name}"
        if self.count == 0:
            last = f"; last at {moment(self.last_seen)}" if self.last_seen else ""
            quote = f"{self.like}“{shorten(self.message)}”"
            return f"{name} stopped logging {quote} ({self.baseline_count:.0f} expected{last})"
        new = " (new)" if self.baseline_count == 0 else ""
        since = f" since {moment(self.first_seen)}" if self.first_seen else ""
        return f"{name} logged {self.count} × {self.severity}{new} {self.like}“{shorten(self.message)}”{since}"

    @property
    def message(self) -> str:
        """The template with the example's own words and numbers, where these tell what it is about."""
        return _with_own_words(self.template, self.example)

    @property
    def like(self) -> str:
        """`like ` in front of a message that is one of several which differ in some words; else empty."""
        if self.count == 1 or self.message == self.template:
            return ""
        return "like " if self.count else "lines like "

    def named_resources(self) -> Iterator[str]:
        yield from super().named_resources()
        if self.points_at is not None:
            yield self.points_at


@lru_cache(maxsize=4096)
def _with_own_words(template: str, example: str) -> str:
    """The template with the words of `example` in place of its masks; as it is where the example doesn't fit.

    Each piece between two masks is looked for once, from left to right: hostile text costs no more than its length.
    """
    pieces, masks = _MASK.split(template.removesuffix("…")), _MASK.findall(template)
    text = " ".join(example.split())
    if not masks or not text.startswith(pieces[0]):
        return template
    at, words = len(pieces[0]), [pieces[0]]
    for mask, piece, is_last in zip(masks, pieces[1:], [*[False] * (len(masks) - 1), True], strict=True):
        begin = (len(text) if is_last else -1) if not piece else text.find(piece, at)
        if is_last and piece and text.endswith(piece):
            begin = len(text) - len(piece)
        if begin < at:
            return template
        word = text[at:begin]
        telling = all(f"{kind}>" in _TELLING for kind in mask.split(">")[:-1])
        words += [word if telling and len(word) <= _LONGEST_WORD else mask, piece]
        at = begin + len(piece)
    return "".join(words)
