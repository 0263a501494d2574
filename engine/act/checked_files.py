"""YAML files that a person writes, of one key, checked by a model: what is wrong is said with the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from primitives.bundle.parse import parse_yaml
from primitives.errors import BundleError, UsageError
from primitives.text import safe_line

__all__ = ["CheckedFile", "read_regular"]

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


def read_regular(path: Path, most_bytes: int, *, what: str, see: str) -> bytes:
    """A file's bytes. Raises `UsageError`, and `FileNotFoundError` where there is none.

    `what` the file should be (a policy) and where to `see` more are for the message.
    """
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no regular file, so it can't be a {what}; {see}")
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); {see}") from None
    if len(data) > most_bytes:
        size = f"{most_bytes // 1_000_000} MB" if most_bytes >= 1_000_000 else f"{most_bytes // 1_000} kB"
        raise UsageError(f"{path}: is larger than {size}, which no {what} is; {see}")
    return data


def _problem(error: Any) -> str:
    known = {"extra_forbidden": "there is no such key", "missing": "is required"}
    return known.get(error["type"]) or safe_line(str(error["msg"]).removeprefix("Value error, "), limit=200)
