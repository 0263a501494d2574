"""Colours and styles, used by the cockpit alone."""

from __future__ import annotations

from themes.colour_blind import COLOUR_BLIND
from themes.contrast import CONTRAST
from themes.dark import DARK
from themes.light import LIGHT
from themes.palette import TEXT_ROLES, Palette
from themes.sixteen import SIXTEEN

__all__ = ["PALETTES", "TEXT_ROLES", "Palette"]

PALETTES = {palette.name: palette for palette in (DARK, LIGHT, CONTRAST, COLOUR_BLIND, SIXTEEN)}
"""Every theme by name; the first is the default."""
