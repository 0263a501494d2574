"""Writes docs/reference/ from the code: `make docs`. A test compares the pages with what this makes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from math import exp
from pathlib import Path
from typing import Any, Final, get_args

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from cockpit.cli import cloudops
from cockpit.keys import key_page
from engine import schemas as command_schemas
from engine.act import action_pages
from engine.act import roles as action_roles
from engine.events import Body, PlannedStep, SourceState, Who
from engine.hypotheses import Action, Classification, Evidence, Finding, Hypothesis
from engine.reason.catalogue import Cause, causes
from primitives import errors, facts
from primitives.actions.inverse import Inverse
from primitives.backends.registry import BackendKind, backends
from primitives.bundle import schema as bundle_schemas
from primitives.diagnostics.registry import Arguments, Diagnostic, diagnostics
from primitives.kubernetes.states import STATES, WEIGHTS
from primitives.records import Coverage, Symptom, Window
from primitives.remediations.registry import remediations
from primitives.telemetry import Question
from primitives.terms import IncidentClass

FOLDER: Final = Path(__file__).parent
_AT: Final = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
_WEIGHT_WORDS: Final = {
    "cause": "explains by itself",
    "symptom": "follows from something that may show elsewhere",
    "weakness": "a risk that need not hurt now",
    "note": "informs",
}
_CODE_WORDS: Final = {
    0: "done",
    1: "it ran and the answer is bad: the best cause is UNKNOWN, a chain is broken, an evaluation under its minimum",
    2: "wrong use or wrong input",
    3: "a source or the store is unavailable",
    4: "denied by policy, or not confirmed",
    130: "interrupted: Ctrl-C, SIGTERM, SIGHUP, or the reader of the pipe left",
}


def pages() -> dict[str, str]:
    """The text of every generated page, by its name below docs/reference/."""
    return {
        **{f"actions/{name}": text for name, text in action_pages.pages().items()},
        "actions.md": _actions(),
        "causes.md": _causes(),
        "commands.md": _commands(),
        "diagnostics.md": _diagnostics(),
        "events.md": _events(),
        "facts.md": _facts(),
        "sources.md": _sources(),
        "states.md": _states(),
    }


def write() -> None:
    """Write every generated page, docs/keys.md and the JSON Schemas."""
    folder = FOLDER / "reference"
    folder.mkdir(exist_ok=True)
    action_pages.write(folder / "actions")
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    (FOLDER / "keys.md").write_text(key_page(), encoding="utf-8")
    action_roles.write(FOLDER)
    bundle_schemas.write_schemas(FOLDER / "schemas")
    command_schemas.write(FOLDER / "schemas")


def _page(title: str, source: str, *parts: str) -> str:
    made = f"<!-- Made from {source} by `make docs`; change that, not this. -->"
    return "\n\n".join([f"# {title}", made, *(part.strip("\n") for part in parts)]) + "\n"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(header)
    lines = [titles, ["---"] * len(titles), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(names: Iterable[Any]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _prose(documented: Any) -> str:
    return inspect.getdoc(documented) or ""


# sources


def _sources() -> str:
    kinds = [kind for name, kind in backends().items() if _is_ours(kind)]
    questions = [*get_args(Question)]
    able = _table(
        ("question", *(f"`{kind.name}`" for kind in kinds), "recorded"),
        ((f"`{asked}`", *("yes" if asked in kind.questions else "" for kind in kinds), "yes") for asked in questions),
    )
    needed = _table(
        ("diagnostic", "asks for", "answered by"),
        (
            (
                f"`{name}`",
                _code(found.questions),
                _code(kind.name for kind in kinds if kind.questions.intersection(found.questions)),
            )
            for name, found in diagnostics().items()
            if found.questions
        ),
    )
    return _page(
        "Sources and questions",
        "the registries of backends and diagnostics",
        "Which kind of source answers which question. A bundle (`recorded`) answers what it holds.",
        able,
        "## What each diagnostic can be told by\n\nOne of the questions is enough; more of them tell more.",
        needed,
    )


def _is_ours(kind: BackendKind) -> bool:
    return kind.factory.__module__.startswith("primitives.backends.")


# commands


def _commands() -> str:
    codes = _table(("code", "means", "raised as"), ((str(n), words, _raised(n)) for n, words in _CODE_WORDS.items()))
    return _page(
        "Commands",
        "`cockpit/commands/` and `primitives/errors.py`",
        "`--store` and `--config` may stand before or after the command's name. Machine output goes to standard output "
        "alone, everything else to standard error.",
        "## Exit codes\n\n" + codes,
        *_command_parts(cloudops, click.Context(cloudops, info_name="cloudops", **cloudops.context_settings)),
    )


def _raised(code: int) -> str:
    found = [getattr(errors, name) for name in errors.__all__]
    return _code(one.__name__ for one in found if one.exit_code == code and one is not errors.CloudopsError)


def _command_parts(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    options = [one.get_help_record(context) for one in command.get_params(context) if isinstance(one, click.Option)]
    rows = [(f"`{name}`", words) for name, words in filter(None, options)]
    example = (command.epilog or "").replace("\b", "").replace("Example:", "").strip("\n")
    yield f"## {context.command_path}\n\n{inspect.cleandoc(command.help or '')}\n\n```\n{usage}\n```"
    yield _table(("option", "does"), rows)
    if example:
        yield "Example:\n\n```sh\n" + inspect.cleandoc("\n" + example) + "\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _command_parts(child, click.Context(child, info_name=name, parent=context))


# facts, events


def _facts() -> str:
    every = get_args(get_args(facts.Fact)[0])
    common = _fields(facts.FactBase, skip=("type",))
    inherited = tuple(facts.FactBase.model_fields)
    parts = [
        f"## {kind.model_fields['type'].default}\n\n{_prose(kind)}\n\n> {_example(kind).sentence()}\n\n"
        + _fields(kind, skip=inherited)
        for kind in every
    ]
    return _page(
        "Facts",
        "`primitives/facts/`",
        "A fact is data that a diagnostic found. Its sentence is made from the data by code. Reasoning takes facts and "
        "nothing else.",
        "## Every fact\n\n" + _prose(facts.FactBase) + "\n\n" + common,
        *parts,
    )


def _example(kind: type[facts.FactBase]) -> facts.FactBase:
    return kind.model_validate({"observed_at": _AT, "source": "recorded"} | kind.EXAMPLE)


def _events() -> str:
    envelope = _table(
        ("field", "type", "is"),
        (
            ("execution_id", "text", "the investigation"),
            ("incident_id", "text", "the incident"),
            ("seq", "whole number", "1, 2, 3, ... without gaps in an execution"),
            ("time", "time", "UTC; of a recorded incident the recorded time"),
            ("who", "`Who`", "who caused it"),
            ("body", "one of the bodies below", "what happened"),
            ("previous", "text", "the hash of the event before; 64 zeros for the first"),
            ("hash", "text", "SHA-256 (hex) over all of the above, each prefixed by its length"),
        ),
    )
    intro = (
        "An investigation is an append-only list of these. `cloudops investigate --events` and `cloudops attach "
        "--events` print one a line; `events.jsonl` in an exported bundle holds them."
    )
    parts = [intro, "## The envelope\n\n" + envelope]
    for kind in get_args(get_args(Body)[0]):
        version = kind.model_fields["version"].default
        name = kind.model_fields["type"].default
        parts.append(f"## {name}\n\nVersion {version}. {_prose(kind)}\n\n{_fields(kind, skip=('type', 'version'))}")
    shapes = (
        Who, SourceState, PlannedStep, Classification, Hypothesis, Evidence, Finding, Action, Window, Symptom, Coverage,
    )  # fmt: skip
    shapes_text = [f"### {kind.__name__}\n\n{_prose(kind)}\n\n{_fields(kind)}" for kind in shapes]
    return _page("Events", "`engine/events/`", *parts, "## Shapes in them", *shapes_text)


def _fields(kind: type[BaseModel], skip: Iterable[str] = ()) -> str:
    schema = kind.model_json_schema(by_alias=True)
    skipped = set(skip)
    rows = []
    for name, field in kind.model_fields.items():
        if name in skipped:
            continue
        alias = field.alias or name
        required = field.default is PydanticUndefined and field.default_factory is None
        rows.append(
            (f"`{alias}`", _type(schema["properties"][alias]), "required" if required else _value(field.default))
        )
    return _table(("field", "type", "default"), rows) if rows else "It has no fields of its own."


def _value(default: Any) -> str:
    if default is None:
        return "none"
    if default in ("", (), {}) or default is PydanticUndefined:
        return "empty"
    return f"`{default}`"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return "an incident class" if name == "IncidentClass" else f"`{name}`"
    if "enum" in schema or "const" in schema:
        return " | ".join(str(one) for one in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema or "oneOf" in schema:
        several = [_type(one) for one in schema.get("anyOf") or schema["oneOf"] if one.get("type") != "null"]
        return "one of the facts" if len(several) > 8 else " or ".join(dict.fromkeys(several))
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return "(" + ", ".join(_type(one) for one in schema["prefixItems"]) + ")"
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("format") == "date-time":
        return "time"
    words = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false"}
    return words.get(str(schema.get("type")), "object" if schema.get("type") == "object" else "anything")


# causes, actions, diagnostics, states


def _causes() -> str:
    intro = (
        "What CloudOps can blame. *Prior* is the probability before any fact. *Shows as* lists what speaks for it by "
        "itself: states of Kubernetes objects ([states](states.md)), families of log messages, and names of metrics "
        "(a pattern over the words of the name). Onset, topology, changes and limits weigh besides, for every cause."
    )
    parts = [intro]
    for incident_class in IncidentClass:
        found = [one for one in causes().values() if one.cause_class is incident_class]
        if found:
            header = ("cause_id", "reads", "prior", "shows as", "actions", "confirmed by", "source")
            parts.append(f"## {incident_class}\n\n" + _table(header, map(_cause, found)))
    return _page("Causes", "`engine/reason/causes/`", *parts)


def _cause(one: Cause) -> tuple[str, ...]:
    shows = [
        ("states: " + _code(sorted(one.states))) if one.states else "",
        ("logs: " + _code(sorted(one.families))) if one.families else "",
        f"metrics: `{one.metrics}`" if one.metrics else "",
    ]
    prior = 100 / (1 + exp(-one.prior))
    sentence = re.sub(r"\{(\w+)\}", lambda match: f"*{match[1]}*", one.sentence)
    shows_as = "; ".join(filter(None, shows)) or "–"
    answering = [action.name for action in remediations().values() if one.id in action.answers]
    actions = _code(dict.fromkeys((*one.remediations, *answering))) or "–"
    return f"`{one.id}`", sentence, f"{prior:.1f} %", shows_as, actions, f"`{one.diagnostic}`", one.source


def _actions() -> str:
    changing = [
        (
            f"[`{action.name}`](actions/{action.name}.md)",
            action.summary,
            action.effect,
            action.risk,
            f"{action.estimated_duration_s} s",
            "yes" if action.requires_approval else "no",
            f"by `{action.inverse.primitive}`" if isinstance(action.inverse, Inverse) else f"no: {action.inverse.why}",
            "yes" if action.executable else "shown only",
            f"`{action.alias}`" if action.alias else "–",
            _code(action.arguments.model_fields) or "–",
        )
        for action in remediations().values()
    ]
    looking = [
        (f"`{diagnostic.name}`", diagnostic.title, f"{diagnostic.cost_s:g} s", _code(look.arguments.model_fields))
        for diagnostic in diagnostics().values()
        if (look := diagnostic.look) is not None
    ]
    columns = ("effect", "risk", "shows after about", "needs approval", "can be undone", "runs", "alias", "arguments")
    return _page(
        "Actions",
        "`primitives/remediations/` and the looks of `primitives/diagnostics/`",
        _ACTIONS,
        "## Actions that change something\n\n" + _table(("action", "does", *columns), changing),
        "## Looks, which change nothing\n\n" + _table(("look", "does", "takes about", "arguments"), looking),
    )


_ACTIONS = """\
What may be proposed. CloudOps shows the command; [`cloudops remediate`](../remediation.md) executes what has
operations.

*Effect*: `read` changes nothing, `write` changes something that can be put back or replaced, `delete` removes data or a
resource for good (no action of this version does).

An action's id (`A-1f0c93ab`) is the digest of its name and arguments. It never changes: when the ranking does, an
action that is no longer recommended stays in the queue under its id, with the reason.

An *alias* is a name that several actions share: the same thing, done on each platform. It can be written wherever an
action is named: in the rules of a [policy](../policy.md), for `cloudops policy check --action`, in a
[playbook](../playbooks.md), for `cloudops remediate --action`.

A command is the exact equivalent of the action. Where something that it needs is not known, such as the namespace,
there is no command, and the action says what is missing. A recording doesn't say which cluster or AWS account it came
from, so its commands leave that to be chosen first; for a live incident no command that changes something leaves it
open."""


def _diagnostics() -> str:
    intro = (
        "What CloudOps can look into. The plan takes five to ten of them: those that answer the incident's classes and "
        "whose questions some source can answer. `cloudops doctor` lists those that are installed, third parties' too."
    )
    parts = [
        intro,
        "## What every diagnostic is given\n\n" + _prose(Arguments) + "\n\n" + _fields(Arguments),
        *map(_diagnostic, (one for one in diagnostics().values() if one.run.__module__.startswith("primitives."))),
    ]
    return _page("Diagnostics", "`primitives/diagnostics/`", *parts)


def _diagnostic(one: Diagnostic) -> str:
    own = [name for name in one.arguments.model_fields if name not in Arguments.model_fields]
    rows = [
        ("asks for at least one of", _code(one.questions)),
        ("answers", ", ".join(one.answers)),
        ("effect", one.effect),
        ("takes about", f"{one.cost_s:g} s on a live system"),
        ("arguments of its own", _code(own) or "none"),
        ("planned", "no: a person asks for it" if one.on_request else "where it fits"),
    ]
    return f"## {one.name}\n\n{one.title}. {_prose(one.run)}\n\n" + _table(("", ""), rows)


def _states() -> str:
    intro = (
        "What `inspect_workloads` can find about a Kubernetes object (the `state` of a `workload_state` fact). Names "
        "are Kubernetes' own reasons where it has one."
    )
    parts = [
        intro,
        _table(("weight", "means"), ((f"`{name}`", _WEIGHT_WORDS[name]) for name in WEIGHTS)),
    ]
    for family in dict.fromkeys(state.family for state in STATES.values()):
        rows = ((f"`{one.name}`", one.weight, one.meaning) for one in STATES.values() if one.family == family)
        parts.append(f"## {family}\n\n" + _table(("state", "weight", "means"), rows))
    return _page("Kubernetes states", "`primitives/kubernetes/states.py`", *parts)


if __name__ == "__main__":
    write()
