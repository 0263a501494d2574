"""What a theme is: a name and a colour for each thing that a colour says."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["TEXT_ROLES", "Palette"]

TEXT_ROLES = ("text", "dim", "focus", "good", "warning", "bad", "measured", "change")
"""The roles that words are written in; `faint` and `line` are for rules and empty bars alone."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as `#rrggbb`.

    `ground` is the screen, `bar` the header and footer, `cursor` the selected row, `band` a chart's normal range,
    `target` the levels that prove that an action helped;
    `line` draws borders and `focus` the one with the focus. The others are named for what they say.
    """

    name: str
    dark: bool
    ground: str
    bar: str
    cursor: str
    band: str
    target: str
    line: str
    faint: str
    text: str
    dim: str
    focus: str
    good: str
    warning: str
    bad: str
    measured: str
    change: str

    def colours(self) -> dict[str, str]:
        """Every role with its colour."""
        return {role: value for role, value in asdict(self).items() if role not in {"name", "dark"}}
