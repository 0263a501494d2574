"""A page of the reference for each action, made from what the catalogue says of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from pydantic import ValidationError

from primitives.actions.inverse import Inverse
from primitives.remediations.registry import Remediation, remediations

__all__ = ["pages", "write"]

_MADE = "<!-- Made from `primitives/remediations/` by `make docs`; change that, not this. -->"
_CHECK: Final = re.compile(r'\b(?:Check|guard)\(\s*(?:name=)?(?:"([^"]+)"|(_[A-Z_]+))')
"""A check's name, or the constant that holds it."""
_EXAMPLES: Final = {
    "context": "prod", "namespace": "shop", "kind": "deployment", "name": "api", "container": "app", "node": "node-1",
    "pod": "api-7d9c5-x2v4k", "account": "123456789012", "region": "eu-central-1", "image": "registry/api:v2.3.0",
    "replicas": 4, "least": 2, "most": 8, "limit": "512Mi", "instance": "orders-db", "machine": "i-0123456789abcdef0",
    "cluster": "shop", "service": "api", "task_definition": "api:41", "function": "resize", "alias": "live",
    "group": "web", "parameter": "max_connections", "value": "500", "table": "orders", "rule": "nightly",
    "application": "shop", "environment": "prod", "profile": "flags", "bus": "default", "version": "7",
    "instance_class": "db.r6g.large", "apply": "immediate",
}  # fmt: skip
_ALWAYS: Final = ("context", "account", "region")
_RISKS: Final = {
    "low": "`y` in the cockpit, or `y` on a terminal, approves it, where the policy wants no more",
    "medium": "in the cockpit the resource's name is typed",
    "high": "in the cockpit the resource's name is typed, and it is proposed after a look at what it would hurt",
}
_KUBERNETES: Final = "kubernetes"


def pages() -> dict[str, str]:
    """File name → the page's text."""
    return {f"{action.name}.md": _page(action) for action in remediations().values()}


def write(folder: Path) -> None:
    """Write every page into `folder`, and remove those of actions that no longer exist."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for path in folder.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def _page(action: Remediation) -> str:
    parts = [f"# {action.name}", _MADE, f"{action.summary}.", inspect.cleandoc(action.arguments.__doc__ or "")]
    if action.alias:
        parts.append(f"Also called `{action.alias}`, as what does the same on other platforms.")
    parts += [f"## {title}\n\n{text}" for title, text in _sections(action)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sections(action: Remediation) -> Iterator[tuple[str, str]]:
    yield "Arguments", _arguments(action)
    yield "Effect and risk", _effect(action)
    if action.operations is None:
        yield "How it runs", "It is shown only: nothing executes it. A person runs the command."
    else:
        yield "Before it is approved", _before(action.operations)
        yield "When it is sent", _sending(action.operations)
        yield (
            "How it is verified",
            (
                "By the metric that raised the alarm: it must be back near its baseline for the time that the "
                "[policy](../../policy.md) says (2 minutes unless it says otherwise). Without samples it is "
                "inconclusive, and nothing is undone by itself. See "
                "[remediation](../../remediation.md#the-life-of-an-action)."
            ),
        )
    yield "How it is undone", _undone(action)
    yield "The same by hand", _command(action)
    yield "Least permissions", _permissions(action)


def _arguments(action: Remediation) -> str:
    rows = ["| argument | type | default |", "| --- | --- | --- |"]
    for name, field in action.arguments.model_fields.items():
        kind = re.sub(r"(?:typing\.|builtins\.|<class '|'>)", "", str(field.annotation)).replace("|", "\\|")
        default = "required" if field.is_required() else f"`{field.default}`"
        rows.append(f"| `{name}` | {kind} | {default} |")
    return "\n".join(rows)


def _effect(action: Remediation) -> str:
    effects = {
        "write": "it changes something that can be put back or replaced",
        "delete": "it removes data or a resource for good",
        "read": "it changes nothing",
    }
    return (
        f"- Effect: `{action.effect}`, {effects[action.effect]}.\n- Risk: {action.risk}: {_RISKS[action.risk]}.\n"
        f"- It shows after about {action.estimated_duration_s} s.\n"
        "- Blast radius: how many parts feel it at a time, of how many, is read from the target and shown in the "
        "approval, with what depends on it."
    )


def _before(operations: Any) -> str:
    kind = type(operations)
    own = dict.fromkeys((*_checks(kind.preflight), *_checks(getattr(operations, "checks", None)),
                         *_checks(getattr(operations, "guards", None))))  # fmt: skip
    lines = [f"{_words(kind.preflight)} Each of these must hold, and what can't be found out stops it as well:", ""]
    if getattr(operations, "owned", True) is False:
        own = {name: None for name in own if name not in ("no controller owns it", "it is not applied from Git")}
    lines += [f"- {name}" for name in own] or ["- the target is there, and may be changed"]
    if operations.platform == _KUBERNETES:
        lines.append("- the identity that acts may do it (SelfSubjectAccessReview)")
    return "\n".join([*lines, "", f"Preview: {_words(kind.preview)}"])


def _sending(operations: Any) -> str:
    kind = type(operations)
    again = "The checks and the preview are repeated first; where anything differs, the approval is void."
    return "\n".join((
        f"- {_words(kind.dispatch)} {again}",
        f"- Where the answer was lost: {_lower(_words(kind.find_out))}",
        f"- Convergence: {_lower(_words(kind.converged))}",
    ))  # fmt: skip


def _undone(action: Remediation) -> str:
    inverse = action.inverse
    if isinstance(inverse, Inverse):
        return f"By [`{inverse.primitive}`]({inverse.primitive}.md), with the values that were read before it ran."
    return f"It can't be undone: {inverse.why}."


def _command(action: Remediation) -> str:
    wanted = {
        name: _example(name, field.annotation) for name, field in action.arguments.model_fields.items()
        if field.is_required() or name in _ALWAYS
    }  # fmt: skip
    for more in ({}, {"image": _EXAMPLES["image"]}):
        try:
            return f"```sh\n{action.command(action.arguments.model_validate({**wanted, **more}))}\n```"
        except (ValidationError, ValueError):
            continue
    return "The action's detail shows the command."


def _example(name: str, annotation: Any) -> Any:
    known: Any = _EXAMPLES.get(name, "4")
    return (known if isinstance(known, int) else 8) if annotation is int else known


def _permissions(action: Remediation) -> str:
    if not action.permissions:
        return "Those of whoever runs the command."
    listed = "\n".join(f"- `{permission}`" for permission in action.permissions)
    if action.operations is None or action.operations.platform != _KUBERNETES:
        return listed
    return f"{listed}\n\nThey are part of the ClusterRole in [rbac/cloudops-act.yaml](../../rbac/cloudops-act.yaml)."


def _checks(function: Callable[..., Any] | None, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of the checks that a function makes, itself or through functions that it calls."""
    if not isinstance(function, FunctionType) or function.__qualname__ in seen:
        return
    for text, constant in _CHECK.findall(inspect.getsource(function)):
        yield text or function.__globals__[constant]
    for name in function.__code__.co_names:
        called = function.__globals__.get(name)
        if isinstance(called, FunctionType) and called.__module__.startswith("primitives."):
            yield from _checks(called, seen | {function.__qualname__})


def _words(documented: Any) -> str:
    """The first paragraph of a docstring as one line."""
    return " ".join((inspect.getdoc(documented) or "").partition("\n\n")[0].split())


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
