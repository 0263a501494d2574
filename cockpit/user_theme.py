"""A theme of one's own: a YAML file with colours, the rest from one of ours."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from primitives.errors import UsageError
from primitives.patterns import lazy_pattern
from primitives.regular_files import read_regular
from primitives.text import safe_line
from themes import PALETTES, TEXT_ROLES, Palette

__all__ = ["LEAST_CONTRAST", "contrast", "is_theme_file", "read_theme"]

LEAST_CONTRAST: Final = 3.0
"""The least contrast of a text with a ground: WCAG 2.2 asks 3 for large text and signs, 4.5 for small text."""

_COLOUR: Final = lazy_pattern(r"#[0-9a-fA-F]{6}")
_GROUNDS: Final = ("ground", "bar", "cursor")
_ROLES: Final = frozenset(field.name for field in fields(Palette)) - {"name", "dark"}
_MOST_BYTES: Final = 1_000_000
_SEE: Final = "see docs/configuration.md"


def is_theme_file(theme: str) -> bool:
    """Whether the setting `theme` names a file and no theme of ours."""
    return theme.endswith((".yaml", ".yml"))


def read_theme(path: Path) -> Palette:
    """The theme in a file: `name`, `based_on` and colours by role. Raises `UsageError`, which names what is wrong."""
    import yaml

    from primitives.bundle.parse import load_yaml

    try:
        document: Any = load_yaml(read_regular(path, _MOST_BYTES, what="theme", see=_SEE).decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the theme can't be read ({getattr(error, 'strerror', None) or error})") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{path}: the theme is not YAML; {_SEE}") from error
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise UsageError(f"{path}: a theme has keys with colours, such as `bad: '#ff8080'`; {_SEE}")
    return _checked(path, document)


def _checked(path: Path, document: dict[str, Any]) -> Palette:
    name, based_on = document.pop("name", path.stem), document.pop("based_on", next(iter(PALETTES)))
    if not isinstance(name, str) or not name or name in PALETTES:
        raise UsageError(f"{path}: name: a theme needs a name that is none of {', '.join(PALETTES)}")
    if based_on not in PALETTES:
        raise UsageError(f"{path}: based_on: there is no theme {safe_line(based_on, limit=40)!r}; {_SEE}")
    for role, colour in document.items():
        if role not in _ROLES:
            known = ", ".join(sorted(_ROLES))
            raise UsageError(f"{path}: {safe_line(role, limit=40)}: there is no such role; there are {known}")
        if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
            raise UsageError(f"{path}: {role}: a colour is written as '#rrggbb', in quotes")
    palette = replace(PALETTES[based_on], name=safe_line(name, limit=40), **document)
    for role in TEXT_ROLES:
        for ground in _GROUNDS:
            ratio = contrast(getattr(palette, role), getattr(palette, ground))
            if ratio < LEAST_CONTRAST:
                raise UsageError(
                    f"{path}: {role} can hardly be read on {ground}: contrast {ratio:.1f}, at least {LEAST_CONTRAST:g}"
                )
    return palette


def contrast(text: str, ground: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(text), _luminance(ground)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
