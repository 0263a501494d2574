"""cloudops-dark: a calm dark ground for long nights."""

from __future__ import annotations

from themes.palette import Palette

__all__ = ["DARK"]

DARK = Palette(
    name="cloudops-dark",
    dark=True,
    ground="#0f1419",
    bar="#16202a",
    cursor="#1d2b38",
    band="#172530",
    line="#2b3743",
    faint="#455361",
    text="#c8d3de",
    dim="#8595a5",
    focus="#5fb3d9",
    good="#7fc98f",
    warning="#e6b450",
    bad="#f07178",
    measured="#8fc7ff",
    change="#c792ea",
)
