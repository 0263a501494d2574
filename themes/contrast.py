"""cloudops-contrast: as much contrast as a screen gives; every text has at least 7:1 (WCAG AAA) on every ground."""

from __future__ import annotations

from themes.palette import Palette

__all__ = ["CONTRAST"]

CONTRAST = Palette(
    name="cloudops-contrast",
    dark=True,
    ground="#000000",
    bar="#121212",
    cursor="#303030",
    band="#262626",
    target="#001c0a",
    line="#8a8a8a",
    faint="#767676",
    text="#ffffff",
    dim="#d0d0d0",
    focus="#5fd7ff",
    good="#87ff87",
    warning="#ffd700",
    bad="#ffafaf",
    measured="#afd7ff",
    change="#ffafff",
)
