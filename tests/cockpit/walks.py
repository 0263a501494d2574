"""The walks of docs/walks.md: the keys of each, as a person would press them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PILOT_NAMES = {"⏎": "enter", ":": "colon", "/": "slash", "]": "right_square_bracket", "End": "end"}
TYPED = {"⏎": "\r", "End": "\x1b[F"}


def keys_of_walk(number: int) -> list[str]:
    """The keys of a walk, as the page writes them. The page's own count must be right."""
    page = (ROOT / "docs" / "walks.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", page, flags=re.MULTILINE)[number]
    line = re.search(r"^Keys \((\d+)\): (.+)$", section, re.MULTILINE)
    assert line is not None, section
    keys = re.findall(r"`([^`]+)`", line[2])
    assert len(keys) == int(line[1]), f"walk {number} says {line[1]} keys and lists {len(keys)}"
    return keys
