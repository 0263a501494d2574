"""cloudops-light: for bright rooms and projectors."""

from __future__ import annotations

from themes.palette import Palette

__all__ = ["LIGHT"]

LIGHT = Palette(
    name="cloudops-light",
    dark=False,
    ground="#fbfaf7",
    bar="#ebeae6",
    cursor="#dde2e5",
    band="#dadfe3",
    target="#cfe8d5",
    line="#c9c5ba",
    faint="#a9a59a",
    text="#2a3038",
    dim="#55616c",
    focus="#0b5f88",
    good="#1f6c2e",
    warning="#704d00",
    bad="#a8232e",
    measured="#1c57a5",
    change="#6f2da3",
)
