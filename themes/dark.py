"""cloudops-dark: a calm dark ground for long nights."""

from __future__ import annotations

from themes.palette import Palette

__all__ = ["DARK"]

DARK = Palette(
    name="cloudops-dark",
    dark=True,
    ground="#121518",
    bar="#1d2126",
    cursor="#2b3239",
    band="#2a3037",
    target="#1d3527",
    line="#3a434c",
    faint="#4b5661",
    text="#c8d3de",
    dim="#98a4b0",
    focus="#5fb3d9",
    good="#7fc98f",
    warning="#e6b450",
    bad="#f0767c",
    measured="#8fc7ff",
    change="#c792ea",
)
