"""Colours and styles, used by the cockpit alone."""

from __future__ import annotations

from themes.dark import DARK
from themes.light import LIGHT
from themes.palette import TEXT_ROLES, Palette

__all__ = ["PALETTES", "TEXT_ROLES", "Palette"]

PALETTES = {palette.name: palette for palette in (DARK, LIGHT)}
"""Every theme by name; the first is the default."""
