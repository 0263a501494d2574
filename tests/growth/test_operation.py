"""A new operation of the engine: one declaration in `EnginePort` and one method of the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.host import ServedEngine, engine_in_thread
from engine.operations import operation, operations_of, typed
from engine.port import OPERATIONS
from engine.remote import RemoteEngine
from primitives.errors import UsageError


class Counting:
    @operation(typed(int))
    async def count(self, text: str, letter: str = "a") -> int:
        """How often `letter` stands in `text`."""
        raise NotImplementedError

    @operation(typed(tuple[str, ...]))
    def letters(self, text: str) -> AsyncIterator[tuple[str, ...]]:
        """Each letter."""
        raise NotImplementedError


async def test_a_new_operation_is_one_declaration_and_one_method(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def count(self: Engine, text: str, letter: str = "a") -> int:
        if not text:
            raise UsageError("nothing to count in")
        return text.count(letter)

    async def letters(self: Engine, text: str) -> AsyncIterator[tuple[str, ...]]:
        for letter in text:
            yield (letter,)

    for name, declared in operations_of(Counting).items():
        monkeypatch.setitem(OPERATIONS, name, declared)
    monkeypatch.setattr(Engine, "count", count, raising=False)
    monkeypatch.setattr(Engine, "letters", letters, raising=False)
    store = short_path / "store.db"
    served = await ServedEngine.serve(store)
    thread = engine_in_thread(store)
    await thread.open()
    try:
        assert thread.remote
        for port in (RemoteEngine(store), thread):
            assert await port.count("banana") == 3
            assert await port.count("banana", letter="n") == 2
            assert [letter async for letter in port.letters("abc")] == [("a",), ("b",), ("c",)]
            with pytest.raises(UsageError, match="nothing to count in"):
                await port.count("")
            with pytest.raises(AttributeError, match="no operation 'add'"):
                port.add(1, 2)
    finally:
        await thread.close()
        await served.close()
