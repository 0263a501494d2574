"""cloudops-colour-blind: good is blue and bad is orange, which red-green and blue-yellow blindness leave apart.

The hues are those of Okabe and Ito (2008), made lighter for a dark ground.
"""

from __future__ import annotations

from themes.palette import Palette

__all__ = ["COLOUR_BLIND"]

COLOUR_BLIND = Palette(
    name="cloudops-colour-blind",
    dark=True,
    ground="#121518",
    bar="#1d2126",
    cursor="#2b3239",
    band="#2a3037",
    target="#10223a",
    line="#3a434c",
    faint="#4b5661",
    text="#d0d7de",
    dim="#98a4b0",
    focus="#e8e8e8",
    good="#6cb8f0",
    warning="#f0e442",
    bad="#ff9d3c",
    measured="#9fd8ff",
    change="#e0a0c8",
)
