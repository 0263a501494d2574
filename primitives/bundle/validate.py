"""Plain values into records, with one-line errors that say what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from primitives.bundle.parse import shown
from primitives.errors import BundleError
from primitives.quoting import quoted, safe_message

__all__ = ["MOST_WARNINGS", "Warnings", "known_keys", "validate", "warn_of_unknown_keys"]

M = TypeVar("M", bound=BaseModel)

MOST_WARNINGS: Final = 500
"""A bundle may have an odd key in each of a million lines."""

_EXPECTED = {
    "string_type": "text",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "mapping_type": "an object",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


class Warnings:
    """What is odd about a bundle that can be read all the same; each thing once, and not more than a person reads."""

    def __init__(self) -> None:
        self._messages: dict[str, None] = {}
        self._left_out = False

    def add(self, where: str, problem: str) -> None:
        """Add a warning: `problem` in the file `where`. Both may quote what outsiders wrote."""
        if len(self._messages) < MOST_WARNINGS:
            self._messages[f"{where}: {problem}"] = None
        elif f"{where}: {problem}" not in self._messages:
            self._left_out = True

    def __iter__(self) -> Iterator[str]:
        yield from tuple(map(safe_message, self._messages))
        if self._left_out:
            yield f"there are further warnings; the first {MOST_WARNINGS} are listed"


def validate(
    model: type[M],
    raw: dict[str, Any],
    where: str,
    line_of: Callable[[Sequence[str | int]], int] | None = None,
    prefix: tuple[str | int, ...] = (),
) -> M:
    """`raw` as `model`. Raises `BundleError` that names the first wrong field; `line_of` finds its line in YAML."""
    try:
        return model.model_validate(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        location = (*prefix, *detail["loc"])
        place = where if line_of is None else f"{where}:{line_of(location)}"
        raise BundleError(place, _problem(detail, location)) from error


def _problem(detail: ErrorDetails, location: tuple[str | int, ...]) -> str:
    field = quoted(".".join(map(str, location)), 200)
    kind = detail["type"]
    if kind == "missing":
        return f"field '{field}' is missing"
    if kind == "literal_error":
        choices = detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        leading = "one of " if ", " in choices else ""
        return f"field '{field}' is {shown(detail['input'])}; expected {leading}{choices}"
    if kind == "string_pattern_mismatch":
        return (
            f"field '{field}' is {shown(detail['input'])}; expected only characters of {detail['ctx']['pattern'][1:-2]}"
        )
    expected = _EXPECTED.get(kind)
    if expected is None:
        return f"field '{field}' is {shown(detail['input'])}: {quoted(detail['msg'], 500)}"
    return f"field '{field}' is {shown(detail['input'])}; expected {expected}"


def known_keys(model: type[BaseModel]) -> frozenset[str]:
    """The keys that `model` reads."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def warn_of_unknown_keys(model: type[BaseModel], raw: object, where: str, warnings: Warnings) -> None:
    """Warn of each key of `raw` that `model` doesn't read."""
    if isinstance(raw, dict):
        for key in raw.keys() - known_keys(model):
            warnings.add(where, f"unknown key '{quoted(key)}' (kept, not read)")
