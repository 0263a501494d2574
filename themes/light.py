"""cloudops-light: for bright rooms and projectors."""

from __future__ import annotations

from themes.palette import Palette

__all__ = ["LIGHT"]

LIGHT = Palette(
    name="cloudops-light",
    dark=False,
    ground="#fbfaf7",
    bar="#eceae3",
    cursor="#dfe8ee",
    band="#e4ecf0",
    line="#c9c5ba",
    faint="#a9a59a",
    text="#22303c",
    dim="#55616c",
    focus="#0b5f88",
    good="#206c34",
    warning="#7a5200",
    bad="#a8232e",
    measured="#1c57a5",
    change="#7636a8",
)
