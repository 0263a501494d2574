"""Redaction rules for changes: the old and the new value of a key that names a secret, as tools print them.

`KEY: OLD -> NEW` (Terraform, kubectl, deepdiff), `KEY changed from OLD to NEW` (Puppet, audit logs), `[-OLD-]{+NEW+}`
(git's word diff). The new value is read behind what redaction left of the old one.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.redact.keys import is_secret_key
from primitives.redact.marks import MARK
from primitives.redact.rules import Rule, Span, keyed_group, make_rule
from primitives.redact.values import filled, is_secret_assignment, stands_out

__all__ = ["CHANGE_RULES"]

_ARROW: Final = r"(?:->|=>|→|⇒)"
_KEY: Final = r"(?<![\w.-])(?P<key>[\w.-]{1,80})[\"'\]]{0,2}"
_VALUE: Final = r"(?P<secret>[^\s\"',;{}\[\]()]{4,500})"
_LEFT: Final = MARK


def _changed(match: re.Match[str]) -> Span | None:
    """A value in a sentence that says that its key was changed."""
    value = match["secret"].rstrip(".")
    if not is_secret_key(match["key"]) or not is_secret_assignment(match["key"], value):
        return None
    quoted = match.string[match.start("secret") - 1] in "\"'"
    start = match.start("secret")
    return (start, start + len(value)) if quoted or stands_out(value) else None


def _of_arrow(match: re.Match[str]) -> Span | None:
    return match.span("secret") if filled(match["secret"]) else None


def _of_word(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    quoted = match.string[match.start("secret") - 1] in "\"'`"
    return match.span("secret") if filled(value) and (quoted or stands_out(value)) else None


def _alone(match: re.Match[str]) -> Span | None:
    """The only word of a line, indented below a key that is alone as well."""
    return keyed_group(match) if stands_out(match["secret"]) else None


CHANGE_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "value",
        ("changed", "from", "was"),
        rf"{_KEY}:?[ ](?:(?:is|was|has been|content)[ ])?(?:changed|modified|updated|rotated)?[ ]?(?:from|was|changed)?[ ][\"']?{_VALUE}",
        _changed,
        begins="key",
    ),
    make_rule(
        "value",
        ("->", "=>", "→", "⇒"),
        rf"{_KEY}:?[ ]\(?[\"']?{_VALUE}[\"']?[ ](?={_ARROW})",
        keyed_group,
        begins="key",
    ),
    make_rule(
        "value",
        ("->", "=>", "→", "⇒"),
        rf"{_KEY}\s{{0,40}}[:=]\s{{0,4}}(?:\"\"|''|null|nil|none|\(none\)|<none>)\s{{0,3}}{_ARROW}\s{{0,3}}\\{{0,7}}[\"']?{_VALUE}",
        keyed_group,
        begins="key",
    ),
    make_rule("value", ("set",), rf"\bset\s{{1,8}}{_KEY}\s{{1,8}}(?:to\s|=\s)?[\"']?{_VALUE}", _changed),
    make_rule(
        "value",
        ("\n",),
        rf"(?:^|\n)[ \t]{{0,40}}{_KEY}[ ]{{0,8}}\n[ \t]{{1,40}}{_VALUE}(?=[ \t]{{0,8}}(?:\n|$))",
        _alone,
    ),
    make_rule("value", ("[-",), rf"{_KEY}[ ]?[:=][ ]?\[-{_VALUE}(?=-\])", keyed_group, begins="key"),
    make_rule(
        "value",
        ("->", "=>", "→", "⇒", "{+"),
        rf"{_LEFT}\\{{0,7}}[\"'`]?(?:[ ]?{_ARROW}[ ]?|-?\]?\{{\+)\\{{0,7}}[\"'`]?(?:\\{{0,7}}[\"'])?{_VALUE}",
        _of_arrow,
        begins="mark",
    ),
    make_rule(
        "value",
        ("to", "now", "is", "|", "with"),
        rf"{_LEFT}\\{{0,7}}[\"'`]?,?\s{{1,8}}(?:to|now|is|and is now|\||with)\s{{1,4}}\\{{0,7}}[\"'`]?{_VALUE}",
        _of_word,
        begins="mark",
    ),
)
