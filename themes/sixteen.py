"""cloudops-16: the sixteen colours that every terminal has, at the values of xterm."""

from __future__ import annotations

from themes.palette import Palette

__all__ = ["SIXTEEN"]

SIXTEEN = Palette(
    name="cloudops-16",
    dark=True,
    ground="#000000",
    bar="#000000",
    cursor="#303030",
    band="#262626",
    target="#262626",
    line="#808080",
    faint="#808080",
    text="#ffffff",
    dim="#c0c0c0",
    focus="#00ffff",
    good="#00ff00",
    warning="#ffff00",
    bad="#ff8080",
    measured="#a0c0ff",
    change="#ff80ff",
)
