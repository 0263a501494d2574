"""Plain values into records, with one-line errors that say what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from primitives.bundle.parse import shown
from primitives.errors import BundleError
from primitives.text import safe_line

__all__ = ["Warnings", "known_keys", "validate", "warn_of_unknown_keys"]

M = TypeVar("M", bound=BaseModel)

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
    """What is odd about a bundle that can be read all the same; each thing once."""

    def __init__(self) -> None:
        self._messages: dict[str, None] = {}

    def add(self, where: str, problem: str) -> None:
        """Add a warning: `problem` in the file `where`."""
        self._messages[f"{where}: {problem}"] = None

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._messages))


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
    field = safe_line(".".join(map(str, location)), limit=200)
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
        return f"field '{field}' is {shown(detail['input'])}: {safe_line(detail['msg'])}"
    return f"field '{field}' is {shown(detail['input'])}; expected {expected}"


def known_keys(model: type[BaseModel]) -> frozenset[str]:
    """The keys that `model` reads."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def warn_of_unknown_keys(model: type[BaseModel], raw: object, where: str, warnings: Warnings) -> None:
    """Warn of each key of `raw` that `model` doesn't read."""
    if isinstance(raw, dict):
        for key in raw.keys() - known_keys(model):
            warnings.add(where, f"unknown key '{safe_line(str(key), limit=80)}' (kept, not read)")
