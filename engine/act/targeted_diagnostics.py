"""Makes the plan step for a diagnostic that a person runs on one target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from engine.events import PlannedStep
from engine.hypotheses import Action
from engine.incident import IncidentState
from engine.reason.next_question import next_step_id
from primitives.diagnostics.registry import Arguments, Diagnostic, diagnostics
from primitives.errors import UsageError
from primitives.identity import kubernetes_id
from primitives.text import safe_line

__all__ = ["recommended_diagnostic", "targeted_step"]

_TARGET: Final = "target"


def recommended_diagnostic(state: IncidentState, name: str) -> Action:
    """The recommended look with the id `name`. Raises `UsageError` where there is none that can run."""
    looks = [action for action in state.actions if action.effect == "read"]
    action = next((action for action in looks if action.id.casefold() == name.strip().casefold()), None)
    if action is None:
        there = ", ".join(f"{action.id} ({action.action})" for action in looks) or "none is recommended"
        raise UsageError(safe_line(f"{name} is no look of this incident; there are: {there}", limit=600))
    if not action.command:
        raise UsageError(f"{action.id} can't run: {action.command_note.removeprefix('no command: ')}")
    return action


def targeted_step(state: IncidentState, primitive: str, target: Mapping[str, Any]) -> PlannedStep:
    """The step that runs the diagnostic `primitive` on `target`, over the time window of the plan.

    Raises `UsageError` where there is no such diagnostic, it can't take that target, or it is running on it already; in
    a recorded incident also where it has run, since it would answer the same.
    """
    diagnostic = _diagnostic(primitive)
    if not state.steps:
        raise UsageError("there is no plan yet; look again when it has been proposed")
    scope = Arguments.model_validate(state.scope_step.plan.arguments, extra="ignore")
    document = {**scope.model_dump(mode="json", by_alias=True, exclude_none=True), _TARGET: dict(target)}
    try:
        checked = diagnostic.arguments.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"][1:])) or _TARGET
        raise UsageError(safe_line(f"{primitive} can't look at that: {field}: {first['msg']}", limit=300)) from error
    arguments = checked.model_dump(mode="json", by_alias=True, exclude_none=True)
    _refuse_repetition(state, primitive, arguments)
    return PlannedStep(
        id=next_step_id(state),
        primitive=primitive,
        target=safe_line(_words(arguments[_TARGET]), limit=60),
        arguments=arguments,
        effect="read",
        reason="asked for by an engineer",
    )


def _diagnostic(primitive: str) -> Diagnostic:
    known = {name: diagnostic for name, diagnostic in diagnostics().items() if diagnostic.on_request}
    if primitive not in known:
        raise UsageError(f"{safe_line(primitive, limit=60)} is no look; there are {', '.join(known)}")
    return known[primitive]


def _refuse_repetition(state: IncidentState, primitive: str, arguments: Mapping[str, Any]) -> None:
    for name, step in state.steps.items():
        if step.plan.primitive != primitive or step.plan.arguments.get(_TARGET) != arguments[_TARGET]:
            continue
        if step.status in ("waiting", "running"):
            raise UsageError(f"{name} looks at that already")
        if not state.live and step.status == "completed":
            raise UsageError(f"{name} looked at that; a recorded incident answers the same again")


def _words(target: Mapping[str, Any]) -> str:
    """The target's identifier or name: `shop/deployment/api`, `orders-db`."""
    if target.get("kind"):
        return kubernetes_id(str(target["kind"]), str(target.get("namespace") or ""), str(target.get("name")))
    names = (target.get(field) for field in ("name", "instance", "function"))
    return str(next((name for name in names if name), next(iter(target.values()), "")))
