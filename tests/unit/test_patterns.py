"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re

import pytest

import cockpit
import engine
import primitives
from primitives.patterns import _LazyPattern, lazy_pattern


def test_a_lazy_pattern_is_compiled_once_and_does_what_the_compiled_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_pattern = re.compile
    monkeypatch.setattr(re, "compile", lambda *given: compiled.append(given[0]) or compile_pattern(*given))
    pattern = lazy_pattern(r"(?P<word>a+)(b)?", re.IGNORECASE)
    assert compiled == []
    assert pattern.fullmatch("AAb")["word"] == "AA"
    assert (pattern.sub("-", "xaay"), pattern.findall("a b aab")) == ("x-y", [("a", ""), ("aa", "b")])
    assert [match[0] for match in pattern.finditer("a aa")] == ["a", "aa"]
    assert (pattern.pattern, pattern.groupindex["word"], pattern.split("1a2")[0]) == (r"(?P<word>a+)(b)?", 1, "1")
    assert pattern.search("none") is None or pattern.match("b") is None
    assert len(set(compiled)) == 1


def test_every_lazy_pattern_can_be_compiled() -> None:
    for package in (cockpit, engine, primitives):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    # A cockpit that ran in this process has set aside what was there: such objects are not listed.
    gc.unfreeze()
    patterns = [thing for thing in gc.get_objects() if isinstance(thing, _LazyPattern)]
    assert len(patterns) > 100
    assert all(pattern.pattern is not None for pattern in patterns)
