"""Ablation: the same investigation in a world where some questions have no source that could answer them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from engine.world import World
from primitives.backends.recorded import PART_WORDS
from primitives.records import Coverage
from primitives.telemetry import Answer, Backend, BackendStatus, Query, Question

__all__ = ["withhold"]


def withhold(world: World, questions: Collection[Question]) -> World:
    """`world` as it would be had nobody configured a source for `questions`: they are not even routed."""
    if not questions:
        return world
    hidden = frozenset(questions)
    opened = world.opened.model_copy(
        update={
            "coverage": tuple(_coverage(world.opened.coverage, hidden)),
            "alert": None if "alerts" in hidden else world.opened.alert,
        }
    )
    return replace(world, opened=opened, backends=tuple(_Withholding(one, hidden) for one in world.backends))


@dataclass(frozen=True, slots=True)
class _Withholding:
    """A backend that can't be asked some of what it could."""

    backend: Backend
    hidden: frozenset[Question]

    @property
    def name(self) -> str:
        return self.backend.name

    @property
    def questions(self) -> frozenset[Question]:
        return self.backend.questions - self.hidden

    async def ask(self, query: Query) -> Answer[Any]:
        return await self.backend.ask(query)

    async def check(self) -> BackendStatus:
        status = await self.backend.check()
        return replace(status, questions=tuple(one for one in status.questions if one not in self.hidden))

    async def close(self) -> None:
        await self.backend.close()


def _coverage(entries: Iterable[Coverage], hidden: Collection[Question]) -> Iterable[Coverage]:
    """What the bundle says of its sources, without the kinds that only a hidden question asks for."""
    words = {word for question in hidden for word in PART_WORDS[question]}
    prefixes = tuple(f"{question}:" for question in hidden)
    for entry in entries:
        kept = tuple(kind for kind in entry.kinds if kind not in words and not kind.startswith(prefixes))
        if kept:
            yield entry.model_copy(update={"kinds": kept})
