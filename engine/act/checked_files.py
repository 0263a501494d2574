"""YAML files that a person writes, of one key, checked by a model: what is wrong is said with the file and the line."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from primitives.bundle.parse import parse_yaml
from primitives.errors import BundleError, UsageError
from primitives.text import safe_line

__all__ = ["CheckedFile"]

M = TypeVar("M", bound=BaseModel)


class CheckedFile:
    """The document that `data` holds under `key`. `where` is the file's name, `see` ends what is said of it.

    Raises `UsageError` with the file, the line, and what was expected.
    """

    def __init__(self, data: bytes, where: str, *, key: str, see: str) -> None:
        self._where, self._see = where, see
        try:
            self._document = parse_yaml(data, where)
        except BundleError as error:
            raise UsageError(f"{error}; {see}") from None
        if not isinstance(self._document.value, dict):
            raise UsageError(f"{where}:1: expected the key `{key}`; {see}")

    def validated(self, model: type[M]) -> M:
        """The document as `model`. Raises `UsageError`."""
        try:
            return model.model_validate(self._document.value)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise self.wrong(first["loc"], _problem(first)) from None

    def wrong(self, location: tuple[int | str, ...], problem: str) -> UsageError:
        """The error that says what is wrong at a place of the document."""
        words = safe_line(".".join(map(str, location)) or "the file", limit=120)
        return UsageError(f"{self._where}:{self._document.line_of(location)}: {words}: {problem}; {self._see}")


def _problem(error: Any) -> str:
    known = {"extra_forbidden": "there is no such key", "missing": "is required"}
    return known.get(error["type"]) or safe_line(str(error["msg"]).removeprefix("Value error, "), limit=200)
