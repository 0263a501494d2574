"""What a person fills in to run a diagnostic on one target: its name, and the fields of what it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from engine.incident import IncidentState
from engine.naming import display_names
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Diagnostic, diagnostics
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["RequestField", "RequestForm", "chosen_form", "prefilled", "request_forms"]

_NAMING: Final = ("name", "instance", "function")
"""The fields that hold a target's own name."""


@dataclass(frozen=True, slots=True)
class RequestField:
    """A field: `choices` are the only values that it takes, where there are so few."""

    name: str
    required: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestForm:
    """A diagnostic by its name and title, with its fields, those that must be filled in first."""

    primitive: str
    title: str
    fields: tuple[RequestField, ...]


def request_forms() -> list[RequestForm]:
    """The form of every diagnostic that a person can run, by name."""
    return [
        RequestForm(known.name, known.title, tuple(sorted(_fields(known), key=lambda field: not field.required)))
        for known in diagnostics().values()
        if known.on_request
    ]


def _fields(known: Diagnostic) -> Iterator[RequestField]:
    target: Any = known.arguments.model_fields["target"].annotation
    for name, field in target.model_fields.items():
        choices = tuple(choice for choice in get_args(field.annotation) if isinstance(choice, str))
        yield RequestField(field.alias or name, field.is_required(), choices)


def chosen_form(typed: str) -> RequestForm:
    """The form that a number or the beginning of a name or title means. Raises `UsageError` where it means none."""
    forms, wanted = request_forms(), typed.strip().casefold()
    if wanted.isdecimal() and 1 <= int(wanted) <= len(forms):
        return forms[int(wanted) - 1]
    alike = [form for form in forms if wanted and (wanted in form.title.casefold() or wanted in form.primitive)]
    if len(alike) != 1:
        named = safe_line(typed, limit=40) or "nothing"
        raise UsageError(f"{named} names no look; type a number from 1 to {len(forms)}")
    return alike[0]


def prefilled(form: RequestForm, state: IncidentState, about: str | None) -> Mapping[str, str]:
    """The values that are known: the name of the resource that somebody asks about."""
    if about is None:
        return {}
    name = display_names(state)(about)
    return {field.name: name for field in form.fields if field.name in _NAMING}
