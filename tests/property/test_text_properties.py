"""Safe text, for any text at all."""

from __future__ import annotations

import string
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from primitives.text import safe_line, safe_text

# Pieces that terminals treat specially, joined in every order, beside arbitrary Unicode with surrogates.
_PIECES = st.sampled_from(
    [
        "\x1b",
        "\x1b[",
        "31m",
        "\x1b]52;c;",
        "\x07",
        "\x1b\\",
        "\x9b",
        "\x9c",
        "\x90",
        "\r",
        "\n",
        "\t",
        "\u202e",
        "\u200b",
        "\ud800",
        "\x00",
        "\x85",
        "\u2028",
        "\u0301" * 5,
        "e",
        " ",
        "…",
        "⏎",
    ]
)
hostile_text = st.lists(_PIECES | st.text(st.characters(exclude_categories=[]), max_size=5), max_size=30).map("".join)


def _unsafe(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]


@given(hostile_text)
def test_only_newlines_remain_of_all_control_characters(text: str) -> None:
    assert _unsafe(safe_text(text).replace("\n", "")) == []
    assert _unsafe(safe_line(text)) == []


@given(hostile_text, st.integers(min_value=0, max_value=60))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    once = safe_text(text, limit=limit)
    assert safe_text(once, limit=limit) == once
    line = safe_line(text, limit=limit)
    assert safe_line(line, limit=limit) == line


@given(hostile_text, st.integers(min_value=0, max_value=60))
def test_a_limit_is_never_exceeded(text: str, limit: int) -> None:
    assert len(safe_text(text, limit=limit)) <= limit
    assert len(safe_line(text, limit=limit)) <= limit


@given(st.text(string.ascii_letters + string.digits + string.punctuation + " \n", max_size=200))
def test_plain_text_is_unchanged(text: str) -> None:
    assert safe_text(text) == text


@given(hostile_text)
def test_what_remains_can_be_encoded(text: str) -> None:
    safe_text(text).encode("utf-8")
