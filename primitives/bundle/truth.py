"""`truth.yaml`: the known answer of an incident. Only `engine.evaluate` may import this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import Field

from primitives.bundle.files import open_files
from primitives.bundle.parse import parse_yaml, type_name
from primitives.bundle.validate import validate
from primitives.errors import BundleError
from primitives.records import Record
from primitives.redact import Redactor
from primitives.sanitise import Cleaner
from primitives.terms import IncidentClass

__all__ = ["RootCause", "Truth", "read_truth"]

_TRUTH: Final = "truth.yaml"


class RootCause(Record):
    """One right answer. A hypothesis is right when it agrees with every key that the file gave (`model_fields_set`).

    `change` given as null says that no recorded change is to blame.
    """

    resource: str | None = None
    cause_id: str | None = None
    change: str | None = None


class Truth(Record):
    """The known answer: any of `root_causes`, or with `every` (`all` in the file) each of them.

    `decoys` are ids of innocent changes that look guilty.
    """

    root_causes: tuple[RootCause, ...] = Field(min_length=1)
    cause_class: IncidentClass | None = None
    every: bool = Field(default=False, alias="all")
    decoys: tuple[str, ...] = ()
    fix: str | None = None
    source: str


def read_truth(path: Path) -> Truth | None:
    """The known answer of the bundle at `path`, None where it has none. Raises `BundleError`. Blocking."""
    files = open_files(path)
    if _TRUTH not in files:
        return None
    document = parse_yaml(files.read(_TRUTH), _TRUTH)
    if not isinstance(document.value, dict):
        raise BundleError(_TRUTH, f"is {type_name(document.value)}; expected root_causes and source")
    raw: dict[str, Any] = Cleaner(Redactor()).mapping(document.value)
    truth = validate(Truth, raw, _TRUTH, document.line_of)
    for index, cause in enumerate(truth.root_causes):
        if not cause.model_fields_set:
            where = f"{_TRUTH}:{document.line_of(['root_causes', index])}"
            raise BundleError(where, "a root cause says nothing; expected a resource, a cause_id or a change")
    return truth
