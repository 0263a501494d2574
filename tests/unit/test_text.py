"""What text from outside may bring along, and what is left of it."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from primitives.text import safe_line, safe_text


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;255;0;0mred\x1b[m", "red"),
        ("\x1b[2J\x1b[1;1Hcleared", "cleared"),
        ("\x9b31mred in eight bits", "red in eight bits"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]52;c;cm0gLXJmIC8=\x07paste", "paste"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1bP1$r0m\x1b\\dcs", "dcs"),
        ("\x1b_Gf=100;AAAA\x1b\\picture", "picture"),
        ("\x1bcreset", "reset"),
        ("\x1b(0graphics", "graphics"),
        ("a\x00b\x07c\x08d\x7fe", "abcde"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("\u2066isolated\u2069", "isolated"),
        ("pay\u200bload\ufeff\u2060\u00ad", "payload"),
        ("tag\U000e0041\U000e0042ged", "tagged"),
        ("varied\ufe01\U000e0101", "varied"),
        ("half \ud83d pair", "half  pair"),
        ("filler\u3164\u115f", "filler"),
        ("tab\there", "tab    here"),
        ("one\r\ntwo\rthree\x0bfour\u2028five\x85six", "one\ntwo\nthree\nfour\nfive\nsix"),
    ],
)
def test_what_drives_a_terminal_or_hides_text_is_removed(hostile: str, left: str) -> None:
    assert safe_text(hostile) == left


def test_an_unclosed_string_sequence_hides_nothing_that_follows() -> None:
    assert safe_text("a\x1b]0;b\nc\nd\x07e") == "a0;b\nc\nde"


def test_every_control_format_and_surrogate_character_is_removed() -> None:
    categories = {"Cc", "Cf", "Cs"}
    left = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in categories and chr(point) not in "\t\n\r\x0b\x0c\x85"
        if safe_text(f"a{chr(point)}") != "a"
    ]
    assert left == []


def test_long_text_is_cut_and_says_so() -> None:
    assert safe_text("x" * 30, limit=10) == "x" * 9 + "…"
    assert safe_text("x" * 10, limit=10) == "x" * 10
    assert safe_text("\x00" * 1_000_000 + "hidden far away", limit=10) == "…"


def test_ten_megabytes_of_escapes_are_cleaned_in_linear_time() -> None:
    assert safe_text("\x1b]" * 5_000_000, limit=20_000) == "…"
    assert safe_text("\x1b[" * 500_000, limit=1_000_000) == ""


def test_a_stack_of_combining_marks_keeps_four() -> None:
    assert safe_text("a" + "\u0301" * 50 + "b") == "a" + "\u0301" * 4 + "b"


def test_a_line_shows_where_its_newlines_were() -> None:
    assert safe_line("one\ntwo\r\nthree\n") == "one ⏎ two ⏎ three"
    assert safe_line("y" * 600).endswith("…")
    assert len(safe_line("y" * 600)) == 500


def test_other_scripts_and_symbols_are_left_alone() -> None:
    text = "Größe 部署失败 خطأ пример 🔥 naïve e\u0301 — “quoted”"
    assert safe_text(text) == text
    assert safe_line(text) == text
