"""Every pattern that meets outsiders' text takes linear time.

All patterns of the code are found by walking its modules and sources, so that new ones are covered. A pattern that
takes quadratic time needs seconds to hours for a line of 100 kB; a linear one milliseconds.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import pytest
from linear_attacks import attacks

import cockpit
import engine
import primitives
from engine.reason import catalogue
from primitives.analysis import setting_values
from primitives.redact import people

LINE = 100_000
# Processor time of the process for one line of 100 kB. Linear patterns took up to 0.1 s, quadratic ones 2 s and more.
BUDGET_S = 0.6
_OURS = ("primitives.", "engine.", "cockpit.")
# Functions that compile what they are given: their patterns are in modules' values, or in the catalogue.
COVERED_ELSEWHERE = {
    "engine.reason.observations.observations",
    "engine.reason.mechanisms._probes",
    "primitives.patterns.__getattr__",
    "primitives.redact.known.alternation",  # of texts, each escaped
    "primitives.redact.rules.make_rule",
    "primitives.redact.vendors._taken_over",
}
# What only a bounded piece of a text is searched for, in characters.
WINDOWS = {"primitives.redact.people._PAIR": people._BEFORE}
ANCHORED = frozenset({"match", "fullmatch"})


class Known(NamedTuple):
    """A pattern of the code: where it is, and whether it is only used from the beginning of a text."""

    source: str
    flags: int
    where: str
    anchored: bool


class TooSlowError(Exception):
    """The pattern needs more than its budget."""


@cache
def known_patterns() -> tuple[Known, ...]:
    """Each pattern once."""
    patterns: dict[tuple[str, int, bool], Known] = {}
    for package in (primitives, engine, cockpit):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.endswith("__main__"):
                for known in _of_module(importlib.import_module(info.name)):
                    patterns.setdefault((known.source, known.flags, known.anchored), known)
    for known in (*_of_catalogue(), *_of_settings()):
        patterns.setdefault((known.source, known.flags, known.anchored), known)
    return tuple(sorted(patterns.values(), key=lambda known: known.where))


def _of_catalogue() -> Iterator[Known]:
    """The patterns that the causes have as texts, as the code builds them."""
    for cause in catalogue.causes().values():
        for name, value in _texts(cause, 0):
            if name in ("metrics", "services", "pattern"):
                source = rf"\b(?:{value})\b" if name == "metrics" else value
                yield Known(source, re.IGNORECASE, f"catalogue of causes: {cause.id}.{name}", anchored=False)


def _texts(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """The texts in the fields of a record and of those inside it."""
    if is_dataclass(value) and depth < 4:
        for field in fields(value):
            inside = getattr(value, field.name)
            if isinstance(inside, str) and inside:
                yield field.name, inside
            for item in inside if isinstance(inside, list | tuple | frozenset) else (inside,):
                yield from _texts(item, depth + 1)


def _of_settings() -> Iterator[Known]:
    """The names that rules for settings look for, as they are built into a pattern."""
    for path in sorted(Path(setting_values.__file__ or "").parent.glob("setting*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="all" | "number" | "value"), args=[ast.Constant(value=str(name)), *_]
                ):
                    source = rf"\b(?:{name}){setting_values._UNIT}"
                    yield Known(source, 0, f"{path.stem}:{node.lineno}", anchored=False)
                case _:
                    pass


def _of_module(module: ModuleType) -> Iterator[Known]:
    tree = ast.parse(Path(module.__file__ or "").read_text())
    uses: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            uses.setdefault(node.value.id, set()).add(node.attr)
    for name, value in vars(module).items():
        if not name.startswith("__"):
            methods = uses.get(name, set())
            anchored = bool(methods) and methods <= ANCHORED
            for source, flags in _compiled(value, 0):
                yield Known(source, flags, f"{module.__name__}.{name}", anchored)
    yield from _inline(tree, module.__name__)
    for where, built in _built(tree, module):
        if built is not None:
            yield Known(built, 0, where, anchored=False)


def _compiled(value: Any, depth: int) -> Iterator[tuple[str, int]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value.pattern, value.flags
    elif type(value).__name__ == "_LazyPattern":
        yield value._source, value._flags
    elif depth < 4 and not isinstance(value, type):
        inside: list[Any] = []
        if isinstance(value, dict):
            inside = [*value, *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            inside = list(value)
        elif is_dataclass(value):
            inside = [getattr(value, field.name, None) for field in fields(value)]
        elif type(value).__module__.startswith(_OURS):
            inside = list(getattr(value, "__dict__", {}).values())
        for item in inside:
            yield from _compiled(item, depth + 1)


def _inline(tree: ast.AST, module: str) -> Iterator[Known]:
    """Patterns in calls such as `re.search("...", text)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[ast.Constant(value=str(source)), *_]
            ):
                flags = re.IGNORECASE if "IGNORECASE" in ast.dump(node) else 0
                yield Known(source, flags, f"{module}:{node.lineno}", method in ANCHORED)
            case _:
                pass


def _built(tree: ast.AST, module: ModuleType) -> Iterator[tuple[str, str | None]]:
    """Where a function builds a pattern when it runs, and an example of it; None where there is none to be read off."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[source, *_]) if (
                        method not in ("escape", "error") and not isinstance(source, ast.Constant)
                    ):
                        yield f"{module.__name__}.{function.name}", _example(source, module)
                    case ast.Call(func=ast.Name(id="lazy_pattern"), args=[source, *_]) if not isinstance(
                        source, ast.Constant
                    ):
                        yield f"{module.__name__}.{function.name}", _example(source, module)
                    case _:
                        pass


def _example(source: ast.expr, module: ModuleType) -> str | None:
    """What a function may build: the module's own texts as they are, and a word for what it puts between them."""
    match source:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            known = getattr(module, name, None)
            return known if isinstance(known, str) else None
        case ast.JoinedStr(values=values):
            return "".join(_example(value, module) or "word" for value in values)
        case ast.FormattedValue(value=value):
            return _example(value, module)
        case _:
            return None


def _in_time(known: Known, text: str) -> bool:
    pattern = re.compile(known.source, known.flags)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, BUDGET_S)
        try:
            if known.anchored:
                pattern.match(text)
                pattern.fullmatch(text)
            else:
                for _ in pattern.finditer(text):
                    pass
        finally:
            # The signal may come as late as here.
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooSlowError:
        return False
    return True


def _too_slow(signum: int, frame: FrameType | None) -> None:
    raise TooSlowError


def slow(known: Known) -> str | None:
    """The beginning of a text on which the pattern is not linear, if there is one."""
    before = signal.signal(signal.SIGVTALRM, _too_slow)
    try:
        for text in attacks(known.source, known.flags & ~re.DEBUG, WINDOWS.get(known.where, LINE)):
            if not _in_time(known, text):
                return text[:60]
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return None


@pytest.mark.parametrize("known", known_patterns(), ids=lambda known: known.where)
def test_a_pattern_takes_linear_time(known: Known) -> None:
    assert slow(known) is None, f"{known.where}: {known.source!r} is slow on {slow(known)!r}"


def test_whatever_builds_a_pattern_when_it_runs_is_covered() -> None:
    """A new function that does may need an example of its own here, unless what it builds is found in its module."""
    unread = set()
    for package in (primitives, engine, cockpit):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.endswith("__main__"):
                module = importlib.import_module(info.name)
                tree = ast.parse(Path(module.__file__ or "").read_text())
                unread |= {where for where, source in _built(tree, module) if source is None}
    assert unread == COVERED_ELSEWHERE


def test_no_pattern_looks_for_a_backspace() -> None:
    r"""That is what `\b` is in a text that isn't raw, and no message has one."""
    backspace = (re._constants.LITERAL, ord("\b"))  # type: ignore[attr-defined]
    assert [
        known.where
        for known in known_patterns()
        if "\b" in known.source and backspace in _nodes(re._parser.parse(known.source, known.flags))  # type: ignore[attr-defined]
    ] == []


def test_no_possessive_repeat_is_of_more_than_a_character() -> None:
    """Python before 3.11.5 matches possessive repeats of groups wrongly (python/cpython#106052)."""
    known = (known for known in known_patterns() if _has_possessive_group(known.source, known.flags))
    assert [pattern.where for pattern in known] == []


@pytest.mark.parametrize(("source", "has_one"), [(r"a(?:(?:b|cd)++x)?", True), (r"a*+(?:[bc]++\d?+x)?", False)])
def test_the_test_finds_possessive_repeats_of_groups(source: str, has_one: bool) -> None:
    assert _has_possessive_group(source, 0) is has_one


def _has_possessive_group(source: str, flags: int) -> bool:
    return any(
        str(node[0]) == "POSSESSIVE_REPEAT" and str(node[1][2][0][0]) not in ("IN", "LITERAL", "NOT_LITERAL", "ANY")
        for node in _nodes(re._parser.parse(source, flags))  # type: ignore[attr-defined]
    )


def _nodes(part: Any) -> Iterator[tuple[Any, Any]]:
    """Every (operation, arguments) in a parsed pattern."""
    if isinstance(part, tuple) and len(part) == 2 and hasattr(part[0], "name"):
        yield part
    if isinstance(part, tuple | list | re._parser.SubPattern):  # type: ignore[attr-defined]
        for inner in part:
            yield from _nodes(inner)


@pytest.mark.parametrize(
    "source",
    [
        r"\w+exception", r"(\d+)*x", r"a.*b.*c$", r"\s*[+-]?\d+\s*$", r"(a|b|ab)*c",
        # Words that are repeated, and repeats behind a lookahead.
        r"\bstart\b[^;]*;", r"\b(?:one|start)\b[^;]*;", r"(?=x)[a-z]*;", r"(?=\S*1)\w+;", r"\bkey\b(?!=)[^=]*=",
    ],
)  # fmt: skip
def test_the_test_finds_patterns_that_backtrack(source: str) -> None:
    assert slow(Known(source, 0, "here", anchored=False)) is not None


@pytest.mark.parametrize("source", [r"\w{1,60}exception", r"(?<!\w)\w++x", r"needle", r"[^\n]{0,40}?x"])
def test_the_test_passes_linear_patterns(source: str) -> None:
    assert slow(Known(source, 0, "here", anchored=False)) is None
