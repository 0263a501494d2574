"""The lines of a notice, the same for every receiver; a renderer gives them its format and escapes them."""

from __future__ import annotations

from typing import NamedTuple

from engine.notify.notice import Notice

__all__ = ["Line", "lines_of", "markdown", "markdown_escaped", "plain_text", "subject"]

_PUNCTUATION = frozenset("!\"#$%'()*+,-./:;<=>?[\\]^_`{|}~")


class Line(NamedTuple):
    """One line: a label of ours (may be empty) and a text from outside. `code` is to be copied into a terminal."""

    label: str
    text: str
    code: bool = False


def subject(notice: Notice) -> str:
    """What an incident's messages have in common: its title and id."""
    return f"{notice.title} ({notice.execution_id})"


def lines_of(notice: Notice) -> list[Line]:
    """The lines below the title, without those that have nothing to say."""
    cause = notice.cause
    lines = [
        Line(notice.heading, notice.said),
        Line("Severity", notice.severity if notice.severity != "unknown" else ""),
        Line("About", ", ".join(notice.services)),
        Line("Condition", notice.condition),
        Line("Cause", f"{cause.words} ({100 * cause.confidence:.0f} %)" if cause else ""),
        *(Line("Because", evidence) for evidence in (cause.evidence if cause else ())),
        *(Line("Also possible", other) for other in notice.others),
        Line("Next", notice.next_step),
        Line("Command", notice.command, code=True),
        Line("Waits", notice.waits),
        Line("Open", notice.open_command, code=True),
        Line("Link", notice.link),
    ]
    return [line for line in lines if line.text or line.label == notice.heading]


def plain_text(notice: Notice) -> str:
    """The notice as text without any markup."""
    lines = [f"{line.label}: {line.text}" if line.text else line.label for line in lines_of(notice)]
    return "\n".join([notice.title, "", *lines])


def markdown(notice: Notice) -> str:
    """The notice as CommonMark; text from outside has no effect in it."""
    parts = [f"**{markdown_escaped(notice.title)}**", ""]
    for line in lines_of(notice):
        text = _code_span(line.text) if line.code else markdown_escaped(line.text)
        parts.append(f"- **{line.label}**: {text}" if line.text else f"- **{line.label}**")
    return "\n".join(parts)


def markdown_escaped(text: str) -> str:
    """`text` as Markdown shows it literally: every punctuation sign escaped, `@` and `&` as references.

    CommonMark lets a backslash stand before each of them; a mention is read before escapes are, so `@` can't be one.
    """
    return "".join(
        "&#64;" if sign == "@" else "&amp;" if sign == "&" else f"\\{sign}" if sign in _PUNCTUATION else sign
        for sign in text
    )


def _code_span(text: str) -> str:
    """`text` between more backticks than stand in it next to each other."""
    longest = run = 0
    for sign in text:
        run = run + 1 if sign == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}"
